"""The kubelet of one node, as an agent: what it is told of, which pod it looks at, and what befalls its machine.

What runs is the runtime's to know (runtime.py), so a kubelet may stop and start: it finds everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.kubelet import node as about_node
from k8snet.kube.kubelet import worker
from k8snet.kube.kubelet.admission import Admitted
from k8snet.kube.kubelet.node import Capacity
from k8snet.kube.kubelet.static import StaticPod
from k8snet.kube.kubelet.status import FINISHED
from k8snet.kube.kubelet.turn import SOON, Memory, Turn
from k8snet.kube.machine import Machine
from k8snet.kube.objects import Node, Pod, changed, known, meta
from k8snet.kube.runtime import KILLED, Runtime
from k8snet.kube.sandbox import Names
from k8snet.kube.site import Place
from k8snet.kube.store import Key


def nobody(key: Key) -> None:
    """Who listens when a container ends, where nobody has said."""


class Kubelet:
    """The kubelet of a machine. Its keys are those of pods, and ("", node) for the node itself.

    ``notice`` is called with a key that it should look at for a reason that the API server does not know: a process has
    been killed. ``static_pods`` are manifests of its own.
    """

    name = "kubelet"

    def __init__(self, machine: Machine, client: Client, place: Place, names: Names | None = None, *,
                 capacity: Capacity = Capacity(), static_pods: Iterable[Pod] = ()) -> None:  # noqa: B008 a fact
        self.machine = machine
        self.client = client
        self.place = place
        self.capacity = capacity
        self.runtime = Runtime(machine, names or Names([machine.name]))
        self.notice: Callable[[Key], None] = nobody
        self.feeds: tuple[Feed, ...] = (("Pod", machine.name), ("Node", machine.name))
        self.static = {each.key: each for each in (StaticPod(pod, machine.name) for pod in static_pods)}
        self.memories: dict[Key, Memory] = {}
        self.admitted = Admitted(capacity.pods)
        self.without_network: dict[Key, None] = {}
        """The pods that wait for the network plugin."""
        self._at_rest: dict[Key, str | None] = {}
        """The version of a pod that it has written itself, after which there was nothing left to do."""
        self._registered = False
        self._renew_at = 0.0

    # --- the agent ------------------------------------------------------------------------------------------------

    def concerns(self, write: Write) -> Iterable[Key]:
        """The pod that has changed, unless the kubelet wrote that itself and was done; or the node."""
        if write.kind != "Pod":
            return (("", self.machine.name),)
        if write.after is not None and write.after.metadata.resourceVersion == self._at_rest.get(write.key):
            return ()
        return (write.key,)

    def everything(self) -> Iterable[Key]:
        """The node, the pods that are bound to it, its own, and all that the runtime still has."""
        self._at_rest.clear()
        bound = [(known(meta(pod).namespace), known(meta(pod).name)) for pod in self.client.pods_on(self.machine.name)]
        for key in bound:
            self._count_in(key)
        return dict.fromkeys([("", self.machine.name), *bound, *self.static, *self.runtime.pods])

    def _count_in(self, key: Key) -> None:
        """A pod that was let in before a restart has its place."""
        pod = self.client.find("Pod", key[1], key[0])
        if pod is not None and pod.status.startTime and pod.status.phase not in FINISHED:
            self.admitted.let_in(key, pod.spec)

    def reconcile(self, key: Key) -> Again | None:
        """Do the next thing for the node or for a pod."""
        if not key[0]:
            return self._look_at_node()
        pod, uid = self._find(key)
        held = self.runtime.pods.get(key)
        if held is not None and held.uid != uid:
            self.forget(key, self.client.now)
            return Again(0.0) if pod is not None else None
        if pod is None:
            self.forget(key, self.client.now)
            return None
        turn = Turn(self, key, pod, uid, is_static=key in self.static)
        worker.look_at(turn)
        return self._next(turn)

    def _find(self, key: Key) -> tuple[Pod | None, str]:
        """A pod that is to run here, and the runtime's name for it."""
        if key in self.static:
            node: Node | None = self.client.find("Node", self.machine.name, "")
            static = self.static[key]
            return (static.mirror(self.client, node) if node is not None else None), static.uid
        pod: Pod | None = self.client.find("Pod", key[1], key[0])
        if pod is None or known(pod.spec).nodeName != self.machine.name:
            return None, ""
        return pod, known(meta(pod).uid)

    def _next(self, turn: Turn) -> Again | None:
        if turn.more:
            return None if turn.written else Again(0.0)
        if turn.written:
            self._at_rest[turn.key] = meta(turn.pod).resourceVersion
        return turn.again()

    def forget(self, key: Key, now: float) -> None:
        """A pod is no longer here: all that is left of it goes."""
        if key in self.runtime.pods:
            self.runtime.remove_pod(key, now)
        self.memories.pop(key, None)
        self.without_network.pop(key, None)
        self._at_rest.pop(key, None)
        self.admitted.let_go(key)

    # --- the node -------------------------------------------------------------------------------------------------

    def _look_at_node(self) -> Again | None:
        client, network = self.client, self.runtime.conflist is not None
        node: Node | None = client.find("Node", self.machine.name, "")
        if node is None:
            if self._registered:  # somebody has deleted it: the kubelet makes it anew only when it starts
                return None
            node = client.create(
                about_node.new_node(self.place, self.capacity, self.runtime.boots, client.time, network=network)
            )
            client.event(node, "Starting", "Starting kubelet.")
            for key in self.static:
                self.notice(key)
        else:
            node = self._report_node(node, network=network)
        self._registered = True
        return self._renew(node)

    def _report_node(self, node: Node, *, network: bool) -> Node:
        """Report the node's status, if it is another one than before; and tell of what has become of it."""
        status = about_node.status_of(node, self.place, self.capacity, self.runtime.boots, self.client.time, network=network)
        if status == node.status:
            return node
        rebooted = known(node.status).nodeInfo != status.nodeInfo
        after: Node = self.client.update_status(changed(node, status=status))
        if rebooted:
            text = f"Node {self.machine.name} has been rebooted, boot id: {known(status.nodeInfo).bootID}"
            self.client.event(after, "Rebooted", text, "Warning")
        if about_node.is_ready(after) and not about_node.is_ready(node):
            self.client.event(after, "NodeReady", f"Node {self.machine.name} status is now: NodeReady")
            waiting, self.without_network = self.without_network, {}
            for key in waiting:
                self.notice(key)
        return after

    def _renew(self, node: Node) -> Again | None:
        """Renew the Lease when it is time; between that a timer is set already."""
        now = self.client.now
        if now + SOON < self._renew_at:
            return None
        self._renew_at = now + about_node.RENEWED_EVERY
        about_node.renew_lease(self.client, node)
        return Again(about_node.RENEWED_EVERY, idle=True)

    # --- faults ---------------------------------------------------------------------------------------------------

    def kill_container(self, key: Key, name: str, exit_code: int = KILLED) -> None:
        """A signal ends a container's process: SIGKILL, if it is not said otherwise. ApiError if it does not run."""
        held = self.runtime.catch_up(key, self.client.now)
        container = held.newest(name) if held is not None else None
        if container is None or container.finished is not None:
            raise ApiError(f'unable to upgrade connection: container not found ("{name}")', reason="NotFound")
        self.runtime.end(key, container, exit_code, self.client.now)
        self._tell(key)

    def kill_pause(self, key: Key) -> None:
        """Kill the process that holds a pod's sandbox. ApiError if there is none."""
        self.runtime.netns_of(key)
        self.runtime.kill_pause(key, self.client.now)
        self._tell(key)

    def _tell(self, key: Key) -> None:
        self._at_rest.pop(key, None)
        self.notice(key)

    def lose_everything(self) -> None:
        """The machine's power fails: nothing runs any more, and the kernel holds nothing; the disk stays."""
        self.runtime.lose_everything(self.client.now)
        self.memories.clear()
        self._at_rest.clear()
        self._renew_at = 0.0
