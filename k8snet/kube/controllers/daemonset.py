"""The DaemonSet controller: one pod on each node where there should be one.

As in replicaset.py an account is kept, here of nodes: only those are looked at on which something has changed. The pods
are bound by the scheduler, which they ask for their node (eligible.py). Source: pkg/controller/daemon. Not here:
ControllerRevision objects (so no undo), maxSurge.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import claim, eligible
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.controller import NOTHING, Controller, controller_of, key_of, reference_to
from k8snet.kube.controllers.revision import template_hash
from k8snet.kube.controllers.rollout import part
from k8snet.kube.controllers.tally import Tally
from k8snet.kube.history import Write
from k8snet.kube.objects import DaemonSet, DaemonSetStatus, ObjectMeta, Pod, changed, known, meta
from k8snet.kube.store import Key

NAME = "daemonset-controller"
HASH = "controller-revision-hash"
DESIRED, CURRENT, MISPLACED, READY, AVAILABLE, UPDATED, UNHURT = range(7)
"""What a node's share is made of; unhurt is a node whose only pod is available."""
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 900.0
"""A pod that has failed is replaced, each time later on the same node, in seconds."""


class Account:
    """What is known of one DaemonSet's pods, by node."""

    def __init__(self, ds: DaemonSet) -> None:
        spec = known(ds.spec)
        self.uid = known(meta(ds).uid)
        self.fits = claim.by(spec.selector)
        self.tally: Tally[str] = Tally(7)
        self.pods: dict[str, dict[Key, None]] = {}
        self.home: dict[Key, str] = {}
        self.stale_pods: dict[Key, None] = {}
        self.outdated: dict[str, None] = {}
        """Nodes whose only pod is of an older template, and available."""
        self.useless: dict[str, None] = {}
        """Nodes whose only pod is of an older template, and not available."""
        self.ripening: list[tuple[datetime, str]] = []
        self.failed: dict[str, tuple[float, float]] = {}
        """By node: until when a failed pod is left alone, and for how long that is."""
        self.refused: dict[str, tuple[float, float]] = {}
        """The same for a pod that could not be made."""
        self.waiting: list[tuple[float, str]] = []
        """When which of these nodes is to be looked at again: a heap."""
        self.read(ds)

    def read(self, ds: DaemonSet) -> None:
        """Take note of the template."""
        self.template = known(ds.spec).template
        self.hash = template_hash(self.template, (ds.status.collisionCount if ds.status else 0) or 0)
        self.spec = eligible.spec_with_tolerations(known(self.template.spec))

    def place(self, key: Key, node: str | None) -> None:
        """A pod is on this node, or for it; None: it is no more."""
        before = self.home.pop(key, None)
        if before is not None:
            self.pods[before].pop(key)
            self.tally.mark(before)
        if node is not None:
            self.home[key] = node
            self.pods.setdefault(node, {})[key] = None
            self.tally.mark(node)

    def is_new(self, pod: Pod) -> bool:
        """Whether a pod is made from the present template."""
        return (meta(pod).labels or {}).get(HASH) == self.hash

    def __deepcopy__(self, memo: dict[int, Any]) -> Account:
        """A copy for another cluster; what came from the API server is shared."""
        memo |= {id(each): each for each in (self.template, self.spec)}
        other = copy.copy(self)
        other.__dict__ = copy.deepcopy(self.__dict__, memo)
        return other


class DaemonSets(Controller):
    """The controller, and its accounts."""

    def __init__(self, client: Client) -> None:
        watches = {"DaemonSet": self.set_written, "Pod": self.pod_written, "Node": self.node_written}
        super().__init__(NAME, client, "DaemonSet", self.look_at, watches)
        self.accounts: dict[Key, Account] = {}
        self.selectors = claim.Selectors()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one DaemonSet."""
        ds = client.find("DaemonSet", key[1], key[0])
        if ds is None:
            self.accounts.pop(key, None)
            self.selectors.drop(key)
            return None
        account = self._account(key, ds)
        acts = meta(ds).deletionTimestamp is None
        self._go_round(account, ds, acts=acts)
        if acts:
            self._roll(account, ds)
            self._go_round(account, ds, acts=acts)
        self._tell(account, ds)
        return self._later(account)

    # --- hearing ----------------------------------------------------------------------------------------------------

    def set_written(self, write: Write) -> Iterable[Key]:
        """A DaemonSet was written: look at it, if this was not our own report."""
        if write.after is not None:
            self.selectors.file(write.after)
        return NOTHING if write.who == self.name and write.subresource else (write.key,)

    def pod_written(self, write: Write) -> Iterable[Key]:
        """A pod was written: look at the DaemonSet that has it or had it, or that may want it."""
        owners: dict[Key, None] = {}
        for pod in (write.before, write.after):
            reference = controller_of(pod) if pod is not None else None
            if reference is not None and reference.kind == "DaemonSet":
                owners[write.namespace, reference.name] = None
        if write.after is not None and controller_of(write.after) is None:
            owners |= dict.fromkeys(self.selectors.asking(write.after))
        if not owners or (write.before and write.after and _sketch(write.before) == _sketch(write.after)):
            return NOTHING
        for key in owners:
            if key in self.accounts:
                self.accounts[key].stale_pods[write.key] = None
        return owners

    def node_written(self, write: Write) -> Iterable[Key]:
        """A node was written: look at all DaemonSets, if other pods may belong there now."""
        sketches = [(meta(node).labels, node.spec.taints if node.spec else None) for node in (write.before, write.after) if node]
        if len(sketches) == 2 and sketches[0] == sketches[1]:
            return NOTHING
        for account in self.accounts.values():
            account.tally.mark(write.name)
        return list(self.accounts)

    def forget(self) -> None:
        """Begin anew."""
        self.accounts.clear()
        for ds in self.client.api.store.all("DaemonSet"):
            self.selectors.file(ds)

    # --- counting ---------------------------------------------------------------------------------------------------

    def _account(self, key: Key, ds: DaemonSet) -> Account:
        account = self.accounts.get(key)
        if account is not None and account.uid == meta(ds).uid:
            if account.template is not known(ds.spec).template and account.template != known(ds.spec).template:
                account.read(ds)
                self._mark_all_nodes(account)
            return account
        account = self.accounts[key] = Account(ds)
        for pod in (*self.client.owned(account.uid, "Pod"), *self.client.orphans("Pod", key[0])):
            account.stale_pods[key_of(pod)] = None
        self._mark_all_nodes(account)
        return account

    def _mark_all_nodes(self, account: Account) -> None:
        for node in self.client.api.store.all("Node"):
            account.tally.mark(known(meta(node).name))

    def _go_round(self, account: Account, ds: DaemonSet, *, acts: bool) -> None:
        """Look at the pods and the nodes that may have changed, and (if it ``acts``) make them right."""
        while account.ripening and account.ripening[0][0] <= self.client.time:
            account.tally.mark(heappop(account.ripening)[1])
        while account.waiting and account.waiting[0][0] <= self.client.now:
            account.tally.mark(heappop(account.waiting)[1])
        while account.stale_pods or account.tally.stale:
            for key in list(account.stale_pods):
                del account.stale_pods[key]
                account.place(key, self._node_of(account, ds, key))
            for node in account.tally.take_stale():
                if acts and self._tend(account, ds, node):
                    break
                self._count(account, ds, node)

    def _node_of(self, account: Account, ds: DaemonSet, key: Key) -> str | None:
        pod = self.client.find("Pod", key[1], key[0])
        if pod is not None and not about_pods.is_terminating(pod):
            pod = claim.claim(self.client, ds, pod, account.fits)
        reference = controller_of(pod) if pod is not None else None
        return eligible.node_of(pod) if pod is not None and reference and reference.uid == account.uid else None

    def _pods(self, account: Account, node: str) -> list[Pod]:
        """The pods for a node, the oldest first (and those that are bound first)."""
        found = [self.client.find("Pod", key[1], key[0]) for key in account.pods.get(node, ())]
        there = [pod for pod in found if pod is not None]
        return sorted(there, key=lambda pod: (not known(pod.spec).nodeName, known(meta(pod).creationTimestamp)))

    def _count(self, account: Account, ds: DaemonSet, name: str) -> None:
        """Note what a node comes to."""
        account.outdated.pop(name, None)
        account.useless.pop(name, None)
        node = self.client.find("Node", name, "")
        if node is None:
            account.tally.drop(name)
            return
        pods, wanted = self._pods(account, name), eligible.verdict(account.spec, node).runs
        if not wanted or not pods:
            account.tally.put(name, (int(wanted), 0, int(bool(pods)), 0, 0, 0, 0))
            return
        first = pods[0]
        ready = about_pods.is_ready(first)
        available = ready and self._is_available(account, ds, name, first)
        alone = [pod for pod in pods if not about_pods.is_terminating(pod)]
        unhurt = available and alone == [first]
        account.tally.put(name, (1, 1, 0, int(ready), int(available), int(account.is_new(first)), int(unhurt)))
        if len(alone) == 1 and not account.is_new(alone[0]):
            (account.outdated if unhurt else account.useless)[name] = None

    def _is_available(self, account: Account, ds: DaemonSet, node: str, pod: Pod) -> bool:
        ripe = about_pods.available_from(pod, known(ds.spec).minReadySeconds or 0)
        if ripe is None or ripe <= self.client.time:
            return ripe is not None
        heappush(account.ripening, (ripe, node))
        return False

    # --- acting -----------------------------------------------------------------------------------------------------

    def _tend(self, account: Account, ds: DaemonSet, name: str) -> bool:
        """Make the pods of one node right; True if something was done (then the node is looked at again)."""
        node = self.client.find("Node", name, "")
        pods = self._pods(account, name)
        wanted = eligible.verdict(account.spec, node) if node is not None else None
        if wanted is not None and wanted.runs and not pods:
            return not self._backs_off(account.refused, name) and self._make(account, ds, name)
        there = [pod for pod in pods if not about_pods.is_terminating(pod)]
        if wanted is None:
            unwanted = [pod for pod in there if not known(pod.spec).nodeName]
        elif wanted.stays:
            ended = [pod for pod in there if about_pods.is_finished(pod)]
            doubled = [pod for pod in there if not about_pods.is_finished(pod)][1:]
            unwanted = [*doubled, *(pod for pod in ended if self._may_replace(account, ds, name, pod))]
        else:
            unwanted = there
        for pod in unwanted:
            self._remove(account, ds, pod)
        return bool(unwanted)

    def _may_replace(self, account: Account, ds: DaemonSet, node: str, pod: Pod) -> bool:
        """A pod that has ended is replaced; one that has failed not at once, if one before it has failed too."""
        told = f"daemon pod {meta(pod).namespace}/{meta(pod).name} on node {node}, will try to"
        if known(pod.status).phase == "Succeeded":
            self.client.event(ds, "SucceededDaemonPod", f"Found succeeded {told} delete it")
            return True
        if self._backs_off(account.failed, node):
            return False
        self._back_off(account, account.failed, node)
        self.client.event(ds, "FailedDaemonPod", f"Found failed {told} kill it", "Warning")
        return True

    def _backs_off(self, failures: dict[str, tuple[float, float]], node: str) -> bool:
        return self.client.now < failures.get(node, (0.0, 0.0))[0]

    def _back_off(self, account: Account, failures: dict[str, tuple[float, float]], node: str) -> None:
        """Note a failure: after the next one on this node it is waited for twice as long, if that comes soon."""
        now = self.client.now
        until, delay = failures.get(node, (0.0, 0.0))
        delay = min(max(FIRST_BACKOFF, 2 * delay), LONGEST_BACKOFF) if now < until + 2 * delay else FIRST_BACKOFF
        failures[node] = (now + delay, delay)
        heappush(account.waiting, (now + delay, node))

    def _make(self, account: Account, ds: DaemonSet, node: str) -> bool:
        about = account.template.metadata or ObjectMeta()
        model = Pod(
            metadata=ObjectMeta(
                generateName=f"{meta(ds).name}-", namespace=meta(ds).namespace, annotations=about.annotations,
                labels={**(about.labels or {}), HASH: account.hash}, ownerReferences=[reference_to(ds)],
            ),
            spec=eligible.spec_for(account.spec, node),
        )  # fmt: skip
        try:
            pod = self.client.create(model)
        except ApiError as error:
            if "because it is being terminated" not in str(error):
                self._back_off(account, account.refused, node)
                self.client.event(ds, "FailedCreate", f"Error creating: {error}", "Warning")
            return False
        account.place(key_of(pod), node)
        self.client.event(ds, "SuccessfulCreate", f"Created pod: {meta(pod).name}")
        return True

    def _remove(self, account: Account, ds: DaemonSet, pod: Pod) -> None:
        self.client.delete(pod)
        account.stale_pods[key_of(pod)] = None
        self.client.event(ds, "SuccessfulDelete", f"Deleted pod: {meta(pod).name}")

    def _roll(self, account: Account, ds: DaemonSet) -> None:
        """Replace pods of an older template: the useless ones, and so many others that not too many are missing."""
        strategy = known(ds.spec).updateStrategy
        if strategy is not None and strategy.type == "OnDelete":
            return
        rolling = strategy.rollingUpdate if strategy is not None else None
        if rolling is not None and rolling.maxSurge not in (None, 0, "0%"):
            raise NotModelled("maxSurge of a DaemonSet", known="maxUnavailable")
        desired = account.tally.sums[DESIRED]
        most = part(rolling.maxUnavailable if rolling is not None and rolling.maxUnavailable is not None else 1, desired, up=True)
        room = max(0, most - (desired - account.tally.sums[UNHURT]))
        for name in [*account.useless, *list(account.outdated)[:room]]:
            for pod in self._pods(account, name):
                if not about_pods.is_terminating(pod):
                    self._remove(account, ds, pod)

    # --- telling ----------------------------------------------------------------------------------------------------

    def _tell(self, account: Account, ds: DaemonSet) -> None:
        sums = account.tally.sums
        new = DaemonSetStatus(
            currentNumberScheduled=sums[CURRENT], desiredNumberScheduled=sums[DESIRED], numberMisscheduled=sums[MISPLACED],
            numberReady=sums[READY], numberAvailable=sums[AVAILABLE] or None, updatedNumberScheduled=sums[UPDATED] or None,
            numberUnavailable=sums[DESIRED] - sums[AVAILABLE] or None, observedGeneration=meta(ds).generation,
            collisionCount=ds.status.collisionCount if ds.status else None,
            conditions=ds.status.conditions if ds.status else None,
        )  # fmt: skip
        if new != ds.status:
            self.client.update_status(changed(ds, status=new))

    def _later(self, account: Account) -> Again | None:
        """When to look again: when a pod becomes available, or a failed one may be replaced."""
        waits = [(account.ripening[0][0] - self.client.time).total_seconds()] if account.ripening else []
        waits += [account.waiting[0][0] - self.client.now] if account.waiting else []
        return Again(min(waits), idle=not account.ripening) if waits else None


def _sketch(pod: Pod) -> tuple[object, ...]:
    """What of a pod counts for its DaemonSet."""
    about, status = meta(pod), known(pod.status)
    ready = about_pods.available_from(pod, 0)
    return (known(pod.spec).nodeName, about.deletionTimestamp, status.phase, ready, about.labels, about.ownerReferences)
