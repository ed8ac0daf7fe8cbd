"""The scheduler: it takes one pod without a node at a time, chooses a node, and binds the pod to it.

How nodes are compared is in scan.py and ranking.py; here is whose turn it is. A pod that fits nowhere waits until
something changes that may help it. Sources: pkg/scheduler/schedule_one.go, eventhandlers.go, backend/queue.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.objects import Node, Pod, PodCondition, changed, known, meta
from k8snet.kube.scheduler import scan, spreading
from k8snet.kube.scheduler.door import MOST_KEPT, Door, node_facts, selector_of
from k8snet.kube.scheduler.facts import PodRequest, Selector
from k8snet.kube.scheduler.ledger import Ledger
from k8snet.kube.scheduler.ranking import Rankings, can_choose
from k8snet.kube.scheduler.scan import Decision
from k8snet.kube.scheduler.words import unschedulable
from k8snet.kube.store import Key

NAME = "default-scheduler"
"""The name by which pods ask for this scheduler, and by which its events are signed."""
FINISHED = ("Succeeded", "Failed")
FREED = frozenset({"NodeResourcesFit", "NodePorts", "InterPodAffinity", "PodTopologySpread"})
"""The plugins that may change their mind when a pod goes."""
PLACED = frozenset({"InterPodAffinity", "PodTopologySpread"})
"""… and when one comes."""


class Scheduler:
    """kube-scheduler, as an `Agent`. ``waiting``: the pods that fit nowhere, each with the plugins that rejected nodes."""

    name = "kube-scheduler"
    feeds: tuple[Feed, ...] = (("Pod", ""), ("Node", ""), ("Namespace", ""), ("Service", ""))

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waiting: dict[Key, frozenset[str]] = {}
        self._events = Client(client.api, NAME)
        self._door = Door()
        self._ledger = Ledger()
        self._rankings = Rankings()
        self._services: dict[str, dict[str, dict[str, str]]] = {}
        """Selectors of Services, by namespace and name."""
        self._selectors: dict[PodRequest, Selector] = {}
        """Whom pods are spread with by default, as far as somebody has asked."""
        self._refused: dict[PodRequest, Decision] = {}
        self._refused_at = 0

    # --- what is heard --------------------------------------------------------------------------------------------

    def concerns(self, write: Write) -> Iterable[Key]:
        """The pods to look at after a write: itself, if it is a pod that waits for a node, or whom it may help."""
        if write.kind == "Pod":
            return self._hear_of_pod(write.key, write.before, write.after)
        if write.kind == "Node":
            return self._all_waiting() if self._hear_of_node(write.name, write.after) else ()
        if write.kind == "Service":
            self._hear_of_service(write.key, write.after and write.after.spec.selector)
            return ()
        news = self._ledger.put_namespace(write.name, None if write.after is None else meta(write.after).labels or {})
        return self._woken_by(PLACED) if news else ()

    def _hear_of_pod(self, key: Key, before: Pod | None, after: Pod | None) -> Iterable[Key]:
        if after is None or _is_finished(after):
            self.waiting.pop(key, None)
            return self._woken_by(FREED) if self._ledger.remove_pod(key) else ()
        if before is not None and _is_the_same(before, after):
            return ()
        node = known(after.spec).nodeName
        if not node:
            return (key,) if _is_ours(after) else ()
        self.waiting.pop(key, None)
        self._ledger.put_pod(key, node, self._door.request(after))
        return self._woken_by(PLACED)

    def _hear_of_node(self, name: str, node: Node | None) -> bool:
        return self._ledger.remove_node(name) if node is None else self._ledger.put_node(node_facts(node))

    def _hear_of_service(self, key: Key, selector: dict[str, str] | None) -> None:
        services = self._services.setdefault(key[0], {})
        services.pop(key[1], None)
        if selector:
            services[key[1]] = selector
        self._selectors.clear()

    def _woken_by(self, plugins: frozenset[str]) -> Iterable[Key]:
        if not self.waiting:
            return ()
        return [key for key, rejecting in self.waiting.items() if rejecting & plugins]

    def _all_waiting(self) -> Iterable[Key]:
        return list(self.waiting)

    def everything(self) -> Iterable[Key]:
        """Read all anew; returns the pods that wait for a node, in the order in which they were made."""
        self._ledger, self._rankings = Ledger(), Rankings()
        self.waiting.clear()
        self._services.clear()
        self._selectors.clear()
        store = self.client.api.store
        for namespace in store.all("Namespace"):
            self._ledger.put_namespace(known(meta(namespace).name), meta(namespace).labels or {})
        for node in store.all("Node"):
            self._ledger.put_node(node_facts(node))
        for service in store.all("Service"):
            self._hear_of_service(_key(service), service.spec.selector)
        return [key for pod in store.all("Pod") for key in self._hear_of_pod(_key(pod), None, pod)]

    # --- what is done ---------------------------------------------------------------------------------------------

    def reconcile(self, key: Key) -> Again | None:
        """Choose a node for a pod and bind it; or say why there is none."""
        pod = self.client.find("Pod", key[1], key[0])
        if pod is None or pod.spec.nodeName or _is_finished(pod) or not _is_ours(pod):
            self.waiting.pop(key, None)
            return None
        request = self._door.request(pod)
        decision = self._decide(request)
        if decision.node is None:
            self.waiting[key] = frozenset(rejection.plugin for rejection, _ in decision.rejections)
            self._explain(pod, unschedulable(decision.rejections, preempts=request.preempts))
            return None
        self.waiting.pop(key, None)
        self._ledger.put_pod(key, decision.node, request)
        self.client.bind(pod, decision.node)
        self._events.event(pod, "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {decision.node}")
        return None

    def _decide(self, request: PodRequest) -> Decision:
        selector = () if request.constraints else self._spread_with(request)
        if not can_choose(request, self._ledger):
            return scan.decide(request, self._ledger, selector)
        node = self._rankings.choose(request, self._ledger, selector)
        return self._refuse(request) if node is None else Decision(node)

    def _refuse(self, request: PodRequest) -> Decision:
        """Why no node will do: the same for all pods that are alike, as long as nothing changes."""
        version = len(self._ledger.touched)
        if self._refused_at != version:
            self._refused_at = version
            self._refused.clear()
        return self._refused.get(request) or self._refused.setdefault(request, scan.decide(request, self._ledger))

    def _spread_with(self, request: PodRequest) -> Selector:
        """Whom a pod is spread with by default."""
        found = self._selectors.get(request)
        if found is None:
            if len(self._selectors) >= MOST_KEPT:
                self._selectors.clear()
            services = self._services.get(request.kind.namespace, {})
            found = spreading.default_selector(dict(request.kind.labels), services.values(), self._of_owner(request))
            self._selectors[request] = found
        return found

    def _of_owner(self, request: PodRequest) -> Selector:
        if request.owner is None or request.owner[0] != "ReplicaSet":
            return ()
        owner = self.client.find("ReplicaSet", request.owner[1], request.kind.namespace)
        return (selector_of(owner.spec.selector) or ()) if owner is not None else ()

    def _explain(self, pod: Pod, message: str) -> None:
        """Say why a pod fits nowhere, unless that has been said."""
        status, about = known(pod.status), meta(pod)
        before = next((each for each in status.conditions or () if each.type == "PodScheduled"), None)
        if before is not None and (before.status, before.reason, before.message) == ("False", "Unschedulable", message):
            return
        self._events.event(pod, "FailedScheduling", message, "Warning")
        since = before.lastTransitionTime if before is not None and before.status == "False" else self.client.time
        condition = PodCondition(
            type="PodScheduled", status="False", reason="Unschedulable", message=message, lastTransitionTime=since,
            observedGeneration=about.generation,
        )  # fmt: skip
        others = [each for each in status.conditions or () if each.type != "PodScheduled"]
        self.client.update_status(changed(pod, status=changed(status, conditions=[*others, condition])))


def _key(obj: Pod) -> Key:
    return meta(obj).namespace or "", known(meta(obj).name)


def _is_finished(pod: Pod) -> bool:
    return pod.status is not None and pod.status.phase in FINISHED


def _is_ours(pod: Pod) -> bool:
    """Whether a pod asks for this scheduler, and is not to be deleted."""
    return known(pod.spec).schedulerName in (None, NAME) and meta(pod).deletionTimestamp is None


def _is_the_same(before: Pod, after: Pod) -> bool:
    """Whether nothing has changed that the scheduler goes by."""
    old, new = meta(before), meta(after)
    if before.spec is not after.spec or (old.deletionTimestamp is None) != (new.deletionTimestamp is None):
        return False
    return old.labels is new.labels or old.labels == new.labels
