"""A cluster as it is now, as facts: nodes, pods, containers. Both pictures of a cluster, and their words, are made from these.

Facts only: reading.py reads them, and nothing is drawn here.
"""

from __future__ import annotations

from k8snet.linux.fact import Fact
from k8snet.show.chart import Place, Plug

SYSTEM = "kube-system"
ON, OFF, ASLEEP = "on", "off", "asleep"
RUNNING, WAITING, EXITED = "running", "waiting", "exited"


class ContainerNow(Fact, frozen=True):
    """A container. ``role``: app, init, sidecar or pause; ``state``: running, waiting (for its first start) or exited.

    ``listens`` are (address, port, protocol). ``word`` is its state as kubectl calls it, ``why`` what is said about it,
    ``holder`` who has the port that it wanted.
    """

    name: str
    image: str
    role: str = "app"
    state: str = WAITING
    process: str = ""
    pid: int = 0
    listens: tuple[tuple[str, int, str], ...] = ()
    exit_code: int = 0
    restarts: int = 0
    word: str = ""
    why: str = ""
    holder: str = ""


class Tie(Fact, frozen=True):
    """A pod's way out: its device, the ``peer`` at the other end of the wire, and the bridge whose port that is."""

    eth0: Plug
    peer: str = ""
    bridge: str = ""


class PodNow(Fact, frozen=True):
    """A pod. ``word`` is kubectl's STATUS. ``netns`` is empty while there is none, ``attempt`` counts its sandboxes from 0.

    ``alive``: its sandbox is there and pause runs in it. ``sleeps``: its machine does. ``why`` is said by the scheduler.
    """

    namespace: str
    name: str
    node: str = ""
    ip: str = ""
    word: str = "Pending"
    why: str = ""
    ready: bool = False
    alive: bool = False
    sleeps: bool = False
    on_host: bool = False
    on_host_ipc: bool = False
    shares_processes: bool = False
    netns: str = ""
    attempt: int = 0
    pause: ContainerNow | None = None
    containers: tuple[ContainerNow, ...] = ()
    lo: Plug | None = None
    tie: Tie | None = None
    program: str = ""
    """Which of the control plane's programs it runs."""

    @property
    def label(self) -> str:
        """Its name, with the namespace where that is not default."""
        return self.name if self.namespace == "default" else f"{self.namespace}/{self.name}"

    @property
    def all(self) -> tuple[ContainerNow, ...]:
        """Its containers, after pause, if that was started."""
        return (*((self.pause,) if self.pause is not None else ()), *self.containers)

    @property
    def fine(self) -> bool:
        """Whether nothing need be said about it."""
        return self.ready and self.alive and self.word == "Running"


class NodeNow(Fact, frozen=True):
    """A node: its machine is ``power`` on, off or asleep. ``uplink`` is its device on the nodes' network.

    ``notes`` say what is not as it should be; ``stopped`` are programs of the control plane, where they are at home here.
    """

    name: str
    ip: str
    public: str = ""
    power: str = ON
    notes: tuple[str, ...] = ()
    bridges: tuple[Plug, ...] = ()
    uplink: Plug | None = None
    pods: tuple[PodNow, ...] = ()


class PortNow(Fact, frozen=True):
    """A port of a Service: where it is asked, where its endpoints listen (a number or a name), and the nodes' port, if any."""

    port: int
    target: str
    node_port: int = 0
    proto: str = "tcp"


class EndpointNow(Fact, frozen=True):
    """Who is behind a Service: ``pod`` is its label, empty if it is none; ``word`` says what it is if it is not ready."""

    ip: str
    pod: str = ""
    word: str = ""


class ServiceNow(Fact, frozen=True):
    """A Service. ``ip`` is its ClusterIP, empty if it has none; ``alias`` is what an ExternalName stands for.

    ``selector`` are pairs as kubectl writes them.
    """

    namespace: str
    name: str
    kind: str = "ClusterIP"
    ip: str = ""
    ports: tuple[PortNow, ...] = ()
    selector: str = ""
    alias: str = ""
    endpoints: tuple[EndpointNow, ...] = ()

    @property
    def label(self) -> str:
        """Its name, with the namespace where that is not default."""
        return self.name if self.namespace == "default" else f"{self.namespace}/{self.name}"

    @property
    def ready(self) -> tuple[EndpointNow, ...]:
        """The endpoints to which new connections go."""
        return tuple(each for each in self.endpoints if not each.word)


class ClusterNow(Fact, frozen=True):
    """All of it: ``homeless`` are the pods that are bound to no node; ``stopped`` what does not run of the control plane.

    ``services`` are all but the API server's own, ``kubernetes``.
    """

    nodes: tuple[NodeNow, ...]
    homeless: tuple[PodNow, ...]
    router: Place | None
    outside: Place | None
    network: str
    stopped: tuple[str, ...] = ()
    services: tuple[ServiceNow, ...] = ()

    @property
    def pods(self) -> tuple[PodNow, ...]:
        """All pods."""
        return (*(pod for node in self.nodes for pod in node.pods), *self.homeless)
