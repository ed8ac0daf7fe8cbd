"""One who watches the API server and acts: its queue of keys, and what makes it slow or stops it.

What a component does is an `Agent`'s business: controllers, the scheduler and the kubelets are agents. An agent is told of
writes, says which keys they concern, and is then asked to look at one key at a time. It goes by what is there when it
looks, and by nothing that it was told: so it may miss writes, hear them late, or start anew. (In Kubernetes' words it is
level-triggered.)
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from k8snet.kube.history import Write
from k8snet.kube.store import Key

Feed = tuple[str, str]
"""What can be watched: a kind, and a node's name where only what belongs to that node is meant (else empty)."""


class Again(NamedTuple):
    """When a key wants to be looked at again. An ``idle`` wait is one that nobody waits for: settling does not reach it."""

    seconds: float
    idle: bool = False


class Agent(Protocol):
    """What a component does."""

    name: str
    feeds: tuple[Feed, ...]

    def concerns(self, write: Write) -> Iterable[Key]:
        """The keys that a write is reason to look at."""

    def everything(self) -> Iterable[Key]:
        """The keys to look at after a start."""

    def reconcile(self, key: Key) -> Again | None:
        """Look at a key and do what is needed next. None: nothing more, until something changes."""


class Component:
    """An agent at work. ``node`` is where it runs, empty for the control plane's; ``lag`` is how late it hears, in seconds."""

    def __init__(self, agent: Agent, node: str = "") -> None:
        self.agent = agent
        self.node = node
        self.number = 0
        """Its place in the round."""
        self.lag = 0.0
        self.is_waited_for = True
        """Whether the cluster comes to rest only after it has heard what it hears late."""
        self.running = True
        self._queue: OrderedDict[Key, None] = OrderedDict.fromkeys(agent.everything())
        """Ordered: taking the first of a dict again and again walks over all that was taken."""
        self._inbox: deque[tuple[float, Write]] = deque()

    @property
    def name(self) -> str:
        """What it is called: ``kubelet``, ``replicaset-controller``."""
        return self.agent.name

    def hear(self, write: Write) -> float:
        """Take note of a write; returns when it will be seen."""
        seen = write.now + self.lag
        self._inbox.append((seen, write))
        return seen

    def look_at(self, key: Key) -> None:
        """Put a key into the queue, if it is not there."""
        self._queue[key] = None

    def has_work(self, now: float) -> bool:
        """Whether there is something to look at."""
        return self.running and bool(self._queue or (self._inbox and self._inbox[0][0] <= now))

    def act(self, now: float) -> tuple[Key, Again | None] | None:
        """Look at the next key, and say when to look at it again; None if there is none."""
        while self._inbox and self._inbox[0][0] <= now:
            self._queue.update(dict.fromkeys(self.agent.concerns(self._inbox.popleft()[1])))
        if not self._queue:
            return None
        key, _ = self._queue.popitem(last=False)
        return key, self.agent.reconcile(key)

    def stop(self) -> None:
        """End the program: it hears nothing any more, and forgets what it has heard."""
        self.running = False
        self._inbox.clear()
        self._queue.clear()

    def start(self) -> None:
        """Start the program: it looks at everything."""
        self.running = True
        self._queue = OrderedDict.fromkeys(self.agent.everything())

    def __repr__(self) -> str:
        state = "" if self.running else ", stopped"
        return f"<Component {self.name}{f' on {self.node}' if self.node else ''}{state}>"
