"""The cluster at work: a world, an API server, and components that take turns.

There are no threads. Whoever has something to look at comes in a fixed round, and acts on one thing; so each run is the
same run. `step` lets one act, `settle` all until nobody has anything to do. Time stands still but where the cluster waits
for it: `settle` lets pass what somebody is busy with (a grace period, a probe's delay), `sleep` as much as is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

from k8snet.errors import K8snetError
from k8snet.kube.allocation.pool import STANDARD, Ranges
from k8snet.kube.api import Api
from k8snet.kube.author import node_of
from k8snet.kube.client import Client
from k8snet.kube.component import Agent, Component, Feed
from k8snet.kube.history import History, Write
from k8snet.kube.store import Key
from k8snet.linux import World

TURNS_WITHOUT_END = 200
"""So often per object and component may somebody act before it is taken for an endless quarrel."""


class Plane:
    """One cluster's API server and all who act on it, above one world."""

    def __init__(self, world: World, seed: int = 0, ranges: Ranges = STANDARD) -> None:
        self.world = world
        self.api = Api(self._clock, self._note, seed, ranges)
        self.components: list[Component] = []
        self.paused = False
        self._audience: dict[Feed, list[Component]] = defaultdict(list)
        self._round: list[tuple[int, int]] = []
        """Whose turn it is: (number of the round, place in it), the next one first."""
        self._waiting: set[int] = set()
        """Who is in `_round`, by place."""
        self._at = (0, -1)
        """The turn that was last."""
        self._timers: list[tuple[float, int, int, Key | None, bool]] = []
        """When to look at what: time, an order among equals, component, key (None: its inbox), whether it is idle waiting."""
        self._order = 0

    # --- who is there ---------------------------------------------------------------------------------------------

    def client(self, who: str, *, apart: bool = False) -> Client:
        """The API server in somebody's name."""
        return Client(self.api, who, apart=apart)

    def add(self, agent: Agent, node: str = "") -> Component:
        """Let an agent take part; it begins with looking at everything."""
        component = Component(agent, node)
        component.number = len(self.components)
        self.components.append(component)
        for feed in agent.feeds:
            self.watch(component, feed)
        self._wake(component)
        return component

    def watch(self, component: Component, feed: Feed) -> None:
        """Tell a component of these writes too, from now on."""
        if component not in self._audience[feed]:
            self._audience[feed].append(component)

    def find(self, name: str, node: str = "") -> list[Component]:
        """The components of a name: on one node, or all."""
        return [each for each in self.components if each.name == name and node in ("", each.node)]

    def nudge(self, component: Component, key: Key) -> None:
        """Let a component look at a key for a reason that the API server does not know."""
        if component.running:
            component.look_at(key)
            self._wake(component)

    def start(self, component: Component) -> None:
        """Start a program that was stopped."""
        if not component.running:
            component.start()
            self._wake(component)

    # --- turns ----------------------------------------------------------------------------------------------------

    def step(self) -> History:
        """Let the next one act who has something to do, and return what it wrote; empty if nobody has.

        Who looks and finds nothing to do has not acted. Where all wait for the clock, it moves on to what is due next.
        """
        before = self._traces_left()
        written = len(self.api.history)
        while self._turn() or self._pass_time():
            if self._traces_left() != before:
                break
        return self.api.history[written:]

    def settle(self) -> None:
        """Let all act, in turns, until nobody has anything to do."""
        turns, limit = 0, 0
        while self._turn() or self._pass_time():
            turns += 1
            if turns > limit:  # there may be more objects than when it began
                limit = TURNS_WITHOUT_END * (len(self.components) + self.api.store.count() + 100)
            if turns > limit:
                raise K8snetError(f"the cluster does not come to rest; the last writes:\n{self.api.history[-8:]}")

    def settle_unless_paused(self) -> None:
        """What a handle does after it has changed something."""
        if not self.paused:
            self.settle()

    def sleep(self, seconds: float) -> None:
        """Let time pass, and all act whose time comes; while paused nobody does."""
        end = self.world.now + seconds
        while not self.paused:
            while self._turn():
                pass
            if not self._timers or self._timers[0][0] > end:
                break
            self._ring()
        self._sleep_until(end)
        while not self.paused and (self._turn() or self._due(end)):
            pass

    def _turn(self) -> bool:
        """One component looks at one thing; False if nobody has any."""
        now = self.world.now
        while self._round:
            self._at = heappop(self._round)
            component = self.components[self._at[1]]
            self._waiting.discard(component.number)
            done = component.act(now) if component.running else None
            if done is None:
                continue
            key, again = done
            if again is not None:
                self._set_timer(now + again.seconds, component, key, idle=again.idle)
            if component.has_work(now):
                self._wake(component)
            return True
        return False

    def _wake(self, component: Component) -> None:
        if component.number not in self._waiting and component.has_work(self.world.now):
            self._waiting.add(component.number)
            number, place = self._at
            heappush(self._round, (number + (component.number <= place), component.number))

    def _note(self, write: Write) -> None:
        """Tell of a write all who watch its kind, or its node."""
        for component in self._listeners(write):
            if component.running:
                seen = component.hear(write)
                if seen > write.now:
                    self._set_timer(seen, component, None, idle=not component.is_waited_for)
                else:
                    self._wake(component)

    def _listeners(self, write: Write) -> Iterable[Component]:
        audience = self._audience
        yield from audience.get((write.kind, ""), ())
        node = node_of(write)
        if node:
            yield from audience.get((write.kind, node), ())

    # --- time -----------------------------------------------------------------------------------------------------

    def _clock(self) -> float:
        return self.world.now

    def _set_timer(self, when: float, component: Component, key: Key | None, *, idle: bool) -> None:
        self._order += 1
        heappush(self._timers, (when, self._order, component.number, key, idle))

    def _pass_time(self) -> bool:
        """Let time pass until the next thing that somebody is busy with; what is due before it happens on the way."""
        if all(idle for *_, idle in self._timers):
            return False
        self._ring()
        return True

    def _ring(self) -> None:
        """Move the clock to the next timer, and hand over what it is about."""
        when, _, number, key, _ = heappop(self._timers)
        self._sleep_until(when)
        component = self.components[number]
        if key is not None and component.running:
            component.look_at(key)
        self._wake(component)

    def _due(self, end: float) -> bool:
        if not self._timers or self._timers[0][0] > end:
            return False
        self._ring()
        return True

    def _sleep_until(self, when: float) -> None:
        if when > self.world.now:
            self.world.sleep(when - self.world.now)

    def _traces_left(self) -> tuple[int, int, int]:
        """What shows that somebody has acted: writes, events, commands."""
        api = self.api
        return len(api.history), api.told, len(self.world.log)

