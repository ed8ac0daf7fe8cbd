"""One look of the kubelet at one pod: what it looks at, what it remembers of earlier looks, and when it wants to look again.

What it remembers (`Memory`) is lost when the kubelet restarts; what the runtime has is not. Most pods need no memory.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Self

from k8snet.kube.component import Again
from k8snet.kube.objects import Pod, PodSpec, known
from k8snet.kube.sandbox import Held
from k8snet.kube.store import Key
from k8snet.linux.fact import Fact

if TYPE_CHECKING:
    from k8snet.kube.kubelet.agent import Kubelet
    from k8snet.kube.kubelet.backoff import BackOff

SOON = 0.001
"""What is due within a millisecond is due: clocks are compared after arithmetic."""


class Probing(Fact, frozen=True):
    """How a probe of one container stands: when it is asked ``next``, answers of one kind in a row, and what they come to."""

    next: float
    successes: int = 0
    failures: int = 0
    passed: bool | None = None


class Memory:
    """What a kubelet remembers of one pod. All keys are names of containers but for those of ``probes`` and ``stopping``."""

    __slots__ = ("crashes", "probes", "pull_errors", "pulls", "retry_sandbox", "stopping", "timer", "told", "waiting")

    def __init__(self) -> None:
        self.crashes: dict[str, BackOff] = {}
        self.pulls: dict[str, BackOff] = {}
        self.pull_errors: dict[str, str] = {}
        self.waiting: dict[str, tuple[str, str]] = {}
        """Why a container does not run: reason and message."""
        self.probes: dict[tuple[str, str], Probing] = {}
        """By the container's id and the kind of probe."""
        self.stopping: dict[str, float] = {}
        """When a container is killed that has got SIGTERM, by its id."""
        self.told: set[str] = set()
        """What has been told in an event and need not be told again."""
        self.retry_sandbox = 0.0
        self.timer: Again | None = None
        """The timer that is set: its time (not how long), and whether anybody waits for it."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        other = copy(self)
        for name in ("crashes", "pulls", "pull_errors", "waiting", "probes", "stopping", "told"):
            setattr(other, name, copy(getattr(self, name)))
        return other


class Turn:
    """One look at one pod. ``uid`` is the runtime's name for it; a static pod's is not that of its API object.

    ``more``: there is more to do at once. ``written``: the pod's status was, so that it will be looked at once more anyway.
    """

    __slots__ = (
        "_waits", "busy", "client", "is_static", "key", "kubelet", "more", "now", "pod", "runtime", "spec", "uid", "written",
    )  # fmt: skip

    def __init__(self, kubelet: Kubelet, key: Key, pod: Pod, uid: str, *, is_static: bool = False) -> None:
        self.kubelet = kubelet
        self.client = kubelet.client
        self.runtime = kubelet.runtime
        self.key = key
        self.pod = pod
        self.spec: PodSpec = known(pod.spec)
        self.uid = uid
        self.now = kubelet.client.now
        self.is_static = is_static
        self.more = False
        self.written = False
        self.busy = False
        self._waits: float | None = None

    @property
    def held(self) -> Held | None:
        """What the runtime has of the pod."""
        return self.runtime.pods.get(self.key)

    @property
    def memory(self) -> Memory:
        """What is remembered of the pod; made when it is first written to."""
        return self.kubelet.memories.get(self.key) or self.kubelet.memories.setdefault(self.key, Memory())

    @property
    def remembered(self) -> Memory:
        """The same for reading: a pod of which nothing is remembered shares one that is empty."""
        return self.kubelet.memories.get(self.key, NOTHING)

    def event(self, reason: str, message: str, type_: str = "Normal") -> None:
        """Tell of something that has happened to the pod."""
        self.client.event(self.pod, reason, message, type_)

    def due(self, when: float) -> bool:
        """Whether it is time."""
        return when <= self.now + SOON

    def wait(self, until: float, *, idle: bool) -> None:
        """Look again at that time, if not earlier."""
        self._waits = until if self._waits is None else min(self._waits, until)
        self.busy = self.busy or not idle

    def again(self) -> Again | None:
        """When to look again; None where a timer is set that will do."""
        if self._waits is None:
            return None
        memory, until, idle = self.memory, self._waits, not self.busy
        there = memory.timer
        if there is not None and self.now + SOON < there.seconds <= until and (idle or not there.idle):
            return None
        memory.timer = Again(until, idle)
        return Again(max(0.0, until - self.now), idle)


NOTHING = Memory()
"""The memory of a pod of which nothing is remembered. Nobody writes to it."""
