"""A cluster as it is now, read from the API server, the runtimes and the kernels into the facts of present.py.

Reading writes no object and wakes no machine: of one that sleeps there is only what the API server and its runtime know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from k8snet.linux.fact import changed
from k8snet.show.behind import services
from k8snet.show.chart import Plug, Point, read
from k8snet.show.present import ASLEEP, EXITED, OFF, ON, RUNNING, SYSTEM, ClusterNow, ContainerNow, NodeNow, PodNow, Tie
from k8snet.show.standing import standing

if TYPE_CHECKING:
    from k8snet.kube.assembly import Assembly
    from k8snet.kube.client import Client
    from k8snet.kube.sandbox import Container, Held, Sandbox
    from k8snet.linux.world import World

IN_USE = "ddress already in use"  # libc's, or Go's with a small a


class Cluster(Protocol):
    """What is needed of a cluster's handle."""

    @property
    def world(self) -> World:
        """The Linux network underneath."""

    @property
    def api(self) -> Client:
        """The API server."""

    @property
    def _assembly(self) -> Assembly: ...


class Reading:
    """One look at a cluster. `cluster` and `pod` give the facts."""

    def __init__(self, cluster: Cluster) -> None:
        self.assembly = cluster._assembly
        self.world, self.api = cluster.world, cluster.api
        chart = read(self.world)
        self.places = {place.name: place for place in chart.places}
        self.far = {wire.one: wire.other for wire in chart.wires} | {wire.other: wire.one for wire in chart.wires}

    def cluster(self) -> ClusterNow:
        """The whole cluster."""
        from k8snet.kube.site import OUTSIDE, ROUTER

        pods: dict[str, list[Any]] = {}
        for pod in sorted(self.api.list("Pod"), key=_age):
            pods.setdefault(pod.spec.nodeName or "", []).append(pod)
        nodes = {node.metadata.name: node for node in self.api.list("Node")}
        machines = [place.name for place in self.assembly.site.nodes]
        names = [*machines, *(name for name in (*nodes, *pods) if name and name not in machines)]
        made = [self._node(name, nodes.get(name), pods.get(name, [])) for name in dict.fromkeys(names)]
        homeless = tuple(self.pod(pod) for pod in pods.get("", []))
        return ClusterNow(tuple(made), homeless, self.places.get(ROUTER), self.places.get(OUTSIDE),
                          self.assembly.site.network, tuple(self._stopped()), services(self.api))

    # --- nodes ------------------------------------------------------------------------------------------------

    def node(self, name: str) -> NodeNow:
        """A node, without its pods."""
        return self._node(name, self.api.find("Node", name, ""), [])

    def _node(self, name: str, node: Any, pods: list[Any]) -> NodeNow:
        place, power = self.places.get(name), self._power(name)
        addresses = {} if node is None else {each.type: each.address for each in node.status.addresses or ()}
        wired = [plug for plug in place.plugs if plug.kind == "veth" and plug.master is None] if place is not None else []
        uplink = next((plug for plug in wired if plug.name == "eth0"), None)
        return NodeNow(
            name, addresses.get("InternalIP", "") or self._site_ip(name), addresses.get("ExternalIP", ""), power,
            tuple(self._notes(name, node, power)), tuple(place.bridges) if place is not None else (), uplink,
            tuple(self.pod(pod) for pod in pods),
        )  # fmt: skip

    def _site_ip(self, name: str) -> str:
        return next((place.ip for place in self.assembly.site.nodes if place.name == name), "")

    def _power(self, name: str) -> str:
        if name in self.world.sleepers:
            return ASLEEP
        return ON if name in self.places else OFF

    def _notes(self, name: str, node: Any, power: str) -> Iterator[str]:
        """What there is to say about a node, the worst first."""
        if power == OFF:
            yield "no power" if name in self.assembly.off else "no machine"
        elif power == ASLEEP:
            yield "sleeps until it is touched"
        if node is None:
            yield "not in the API server"
            return
        ready = next((each.status for each in node.status.conditions or () if each.type == "Ready"), "Unknown")
        if ready != "True":
            yield "NotReady"
        if node.spec.unschedulable:
            yield "SchedulingDisabled"
        if power != OFF:
            programs = (each for each in self.assembly.plane.components if each.node == name)
            yield from (f"{each.name} stopped" for each in programs if not each.running)

    def _stopped(self) -> Iterator[str]:
        """What does not run of the control plane: ``kube-scheduler``, or a controller."""
        return (each.name for each in self.assembly.plane.components if not each.node and not each.running)

    # --- pods -------------------------------------------------------------------------------------------------

    def pod(self, pod: Any) -> PodNow:
        """A pod, from its API object and from what the runtime of its node has of it."""
        about, spec, status = pod.metadata, pod.spec, pod.status
        labels = about.labels or {}
        is_program = about.namespace == SYSTEM and labels.get("tier") == "control-plane"
        ready, word, why = standing(pod)
        now = PodNow(
            about.namespace, about.name, spec.nodeName or "", status.podIP or "", word, why, ready,
            sleeps=(spec.nodeName or "") in self.world.sleepers, on_host=bool(spec.hostNetwork), on_host_ipc=bool(spec.hostIPC),
            shares_processes=bool(spec.shareProcessNamespace), program=labels.get("component", about.name) if is_program else "",
        )  # fmt: skip
        held = self._held(now)
        now = changed(now, containers=tuple(self._containers(pod, held, now)))
        return self._with_sandbox(now, held.sandboxes[-1]) if held is not None and held.sandboxes else now

    def _held(self, now: PodNow) -> Held | None:
        """What the runtime has of a pod, as the pod's handle has it too."""
        kubelet = self.assembly.kubelets.get(now.node)
        return kubelet.runtime.catch_up((now.namespace, now.name), self.world.now) if kubelet is not None else None

    def _with_sandbox(self, now: PodNow, sandbox: Sandbox) -> PodNow:
        place = self.places.get(sandbox.netns) if not now.on_host and sandbox.place is not None else None
        plugs = {plug.name: plug for plug in place.plugs} if place is not None else {}
        tie = self._tie(sandbox.netns, plugs["eth0"]) if "eth0" in plugs else None
        is_killed = not sandbox.ready and bool(sandbox.pause.exit_code)
        if is_killed and now.word == "Running":
            now = changed(now, word="pause has ended" if now.node in self.places else "lost with the machine")
        return changed(
            now, alive=sandbox.ready, attempt=sandbox.attempt, pause=_ran(sandbox.pause, "pause"),
            netns=sandbox.netns if sandbox.place is not None or now.on_host else "", lo=plugs.get("lo"), tie=tie,
        )  # fmt: skip

    def _tie(self, netns: str, eth0: Plug) -> Tie:
        peer = self.far.get(Point(netns, eth0.name))
        if peer is None:
            return Tie(eth0)
        return Tie(eth0, peer.device, self.places[peer.netns].plug(peer.device).master or "")

    # --- containers -------------------------------------------------------------------------------------------

    def _containers(self, pod: Any, held: Held | None, now: PodNow) -> Iterator[ContainerNow]:
        inits = pod.spec.initContainers or []
        told = (*(pod.status.initContainerStatuses or ()), *(pod.status.containerStatuses or ()))
        statuses = {each.name: each for each in told}
        for number, wish in enumerate((*inits, *pod.spec.containers)):
            role = "app" if number >= len(inits) else "sidecar" if wish.restartPolicy == "Always" else "init"
            status, last = statuses.get(wish.name), held.newest(wish.name) if held is not None else None
            waiting = status.state.waiting if status is not None and status.state is not None else None
            if last is None:
                word, why = (waiting.reason or "", waiting.message or "") if waiting is not None else ("", "")
                yield ContainerNow(wish.name, wish.image or "", role, word=word, why=why)
                continue
            made = changed(_ran(last, role), image=wish.image or "")
            if last.finished is not None:
                word = waiting.reason if waiting is not None and waiting.reason else last.reason
                made = changed(made, word=word, holder=self._holder(last, held, now))
            yield made

    def _holder(self, container: Container, held: Held | None, now: PodNow) -> str:
        """Who has the port that a container wanted in vain: a container of the pod, or of another one on the host's network."""
        if held is None or not any(IN_USE in line for line in container.log[-1:]):
            return ""
        wanted = set(container.does.listens)
        if now.on_host:
            others = [each for each in self.assembly.kubelets[now.node].runtime.pods.items() if _is_on_host(each[1])]
        else:
            others = [((now.namespace, now.name), held)]
        for key, other in others:
            for each in other.running:
                if each.id != container.id and wanted & set(each.ports):
                    return each.name if other is held else f"{each.name} of the pod {key[1]}"
        return ""


def _age(pod: Any) -> tuple[Any, ...]:
    """Older pods first, and of equal age those with the lower address: a new pod comes at the end."""
    octets = [int(octet) for octet in (pod.status.podIP or "999").split(".")]
    return (pod.metadata.creationTimestamp, octets, pod.metadata.namespace, pod.metadata.name)


def _is_on_host(held: Held) -> bool:
    return bool(held.sandboxes) and held.sandboxes[-1].place is None and held.sandboxes[-1].ready


def _ran(container: Container, role: str) -> ContainerNow:
    """A container that was started."""
    is_running = container.finished is None
    why = "" if is_running or not container.exit_code else container.message or next(iter(container.log[-1:]), "")
    return ContainerNow(
        container.name, container.image, role, RUNNING if is_running else EXITED, container.does.process, container.pid,
        tuple((container.does.ip, port, proto) for proto, port in container.ports), container.exit_code, container.attempt,
        container.reason, why,
    )  # fmt: skip
