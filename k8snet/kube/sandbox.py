"""What the runtime knows of pods: sandboxes and containers, as facts; and the names of their network namespaces.

A fact is replaced when something has happened, never changed, so a copy of a cluster shares them all.
Source: the Container Runtime Interface (cri-api, api.proto: PodSandboxStatus, ContainerStatus).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType

from k8snet.kube import cni
from k8snet.kube.images import Behaviour
from k8snet.kube.objects import Service
from k8snet.kube.store import Key
from k8snet.linux.fact import Fact

NOTHING: Mapping[str, str] = MappingProxyType({})
"""No labels, no variables: one for all that have none."""

class Names:
    """The names of network namespaces in use, in the whole world: those of the machines, and of the pods on them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, key: Key) -> str:
        """A name for a new sandbox's namespace: the pod's own in the namespace default, else NAMESPACE_NAME.

        Where a machine has that name, or an old sandbox of the pod elsewhere, the namespace stands before it too, and then a
        number behind it. No Kubernetes name contains ``_``, so no two pods meet. (containerd says cni- and a random uid.)

        >>> names = Names(["node1"])
        >>> names.take(("default", "web")), names.take(("shop", "web")), names.take(("default", "node1"))
        ('web', 'shop_web', 'default_node1')
        """
        namespace, name = key
        whole, number = f"{namespace}_{name}", 2
        chosen = name if namespace == "default" and name not in self._taken else whole
        while chosen in self._taken:
            chosen, number = f"{whole}_{number}", number + 1
        self._taken.add(chosen)
        return chosen

    def give_back(self, name: str) -> None:
        """Nobody uses it any more."""
        self._taken.discard(name)


class Container(Fact, frozen=True):
    """A container, or what is left of it. ``sandbox`` is the id of the one it is in, ``attempt`` counts restarts.

    Times are in seconds of the cluster's clock; ``finished`` is None while it runs. ``message`` is why it could not start.
    ``env``: its own variables; ``links``: the Services that there were, of which other variables tell (kubelet/links.py).
    """

    id: str
    name: str
    image: str
    sandbox: str
    pid: int
    started: float
    does: Behaviour
    attempt: int = 0
    ports: tuple[tuple[str, int], ...] = ()
    log: tuple[str, ...] = ()
    finished: float | None = None
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    env: Mapping[str, str] = NOTHING
    links: tuple[Service, ...] = ()

    @property
    def state(self) -> str:
        """``running`` or ``exited``."""
        return "running" if self.finished is None else "exited"

    @property
    def ends(self) -> float | None:
        """When its process ends by itself; None: it does not, or has ended."""
        return None if self.finished is not None or self.does.exit_code is None else self.started + self.does.after

    @property
    def opens(self) -> float | None:
        """When it will begin to listen; None: it does already, or never will."""
        is_waiting = self.finished is None and self.does.listens and not self.ports
        return self.started + self.does.listens_after if is_waiting else None


class Sandbox(Fact, frozen=True):
    """What holds a pod's namespaces. ``ip`` is empty on the host's network, whose namespace it uses then.

    ``place`` and ``conflist`` are what the CNI was called with; no place: it has no network (any more).
    ``shares_processes``: pause is process 1 for all containers; else each has processes of its own. ``labels`` and
    ``annotations`` are the pod's, as they were when the sandbox was made; nobody changes them.
    """

    id: str
    attempt: int
    netns: str
    pause: Container
    created: float
    ip: str = ""
    shares_processes: bool = False
    place: cni.Sandbox | None = None
    conflist: str = ""
    ready: bool = True
    labels: Mapping[str, str] = NOTHING
    annotations: Mapping[str, str] = NOTHING

    @property
    def shim(self) -> int:
        """The pid of the shim, which is the parent of all processes in here."""
        return self.pause.pid - 1


class Held(Fact, frozen=True):
    """All that the runtime has of one pod, oldest first: the last two sandboxes, and of each container the last two."""

    uid: str
    sandboxes: tuple[Sandbox, ...] = ()
    containers: tuple[Container, ...] = ()

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest sandbox, if it is ready."""
        newest = self.sandboxes[-1] if self.sandboxes else None
        return newest if newest is not None and newest.ready else None

    def newest(self, name: str) -> Container | None:
        """The last container of that name."""
        return next((each for each in reversed(self.containers) if each.name == name), None)

    def before(self, container: Container) -> Container | None:
        """The container of the same name before this one."""
        earlier = (each for each in self.containers if each.name == container.name and each.attempt < container.attempt)
        return next(earlier, None)

    @property
    def running(self) -> list[Container]:
        """The containers that run."""
        return [each for each in self.containers if each.finished is None]


class Wanted(Fact, frozen=True):
    """Who a sandbox is for, and what it is to be like; ``ports`` are ports of the host that lead to it."""

    key: Key
    uid: str
    on_host: bool = False
    shares_processes: bool = False
    ports: tuple[cni.PortMapping, ...] = ()
    labels: Mapping[str, str] = NOTHING
    annotations: Mapping[str, str] = NOTHING


def identity(uid: str, name: str, attempt: int) -> str:
    """The id of a container, or of a sandbox (which has no name): 64 hexadecimal digits, the same in every run."""
    return sha256(f"{uid} {name} {attempt}".encode()).hexdigest()
