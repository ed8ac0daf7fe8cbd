"""Turns and time: who acts when, what settling waits for, and what a stopped or slow component misses."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import pairwise

import pytest

from k8snet.errors import K8snetError
from k8snet.kube.client import Client
from k8snet.kube.component import Again, Feed
from k8snet.kube.history import Write
from k8snet.kube.objects import ConfigMap, Namespace, ObjectMeta, changed, meta
from k8snet.kube.plane import Plane
from k8snet.kube.store import Key
from k8snet.linux import World


class Copier:
    """Gives each ConfigMap named FIRST-x one named SECOND-x; a chain of them is a chain of reactions."""

    feeds: tuple[Feed, ...] = (("ConfigMap", ""),)

    def __init__(self, client: Client, first: str, second: str, wait: Again | None = None) -> None:
        self.name = f"{second}-copier"
        self.client, self.first, self.second, self.wait = client, first, second, wait
        self.since: dict[Key, float] = {}

    def concerns(self, write: Write) -> Iterable[Key]:
        return [write.key] if write.name.startswith(self.first) else []

    def everything(self) -> Iterable[Key]:
        return [(meta(each).namespace or "", meta(each).name or "") for each in self.client.list("ConfigMap")
                if (meta(each).name or "").startswith(self.first)]

    def reconcile(self, key: Key) -> Again | None:
        name = key[1].replace(self.first, self.second)
        if self.client.find("ConfigMap", key[1]) is None or self.client.find("ConfigMap", name) is not None:
            return None
        since = self.since.setdefault(key, self.client.now)
        if self.wait and self.client.now < since + self.wait.seconds:
            return self.wait
        self.client.create(ConfigMap(metadata=ObjectMeta(name=name)))
        return None


@pytest.fixture
def plane() -> Plane:
    made = Plane(World())
    made.client("kube-apiserver").create(Namespace(metadata=ObjectMeta(name="default")))
    return made


def put(plane: Plane, name: str) -> None:
    plane.client("kubectl").create(ConfigMap(metadata=ObjectMeta(name=name)))


def there(plane: Plane) -> list[str | None]:
    return [meta(each).name for each in plane.client("kubectl").list("ConfigMap")]


def chain(plane: Plane, *names: str) -> None:
    for first, second in pairwise(names):
        plane.add(Copier(plane.client(f"{second}-copier"), first, second))


def test_one_thing_leads_to_another(plane: Plane) -> None:
    chain(plane, "a", "b", "c", "d")
    put(plane, "a")
    plane.settle()
    assert there(plane) == ["a", "b", "c", "d"]
    assert [write.who for write in plane.api.history.of("ConfigMap")] == ["kubectl", "b-copier", "c-copier", "d-copier"]


def test_a_step_is_one_act_that_shows(plane: Plane) -> None:
    chain(plane, "a", "b", "c")
    put(plane, "a")
    assert [write.name for write in plane.step()] == ["b"]
    assert [write.name for write in plane.step()] == ["c"]
    assert plane.step() == []


def test_turns_go_round(plane: Plane) -> None:
    """Two who have three things each to do: neither waits until the other has done all."""
    plane.add(Copier(plane.client("b-copier"), "a", "b"))
    plane.add(Copier(plane.client("c-copier"), "a", "c"))
    for number in range(3):
        put(plane, f"a{number}")
    plane.settle()
    assert [write.name for write in plane.api.history.of("ConfigMap")[3:]] == ["b0", "c0", "b1", "c1", "b2", "c2"]


def test_a_stopped_one_does_nothing_and_catches_up(plane: Plane) -> None:
    chain(plane, "a", "b", "c")
    (copier,) = plane.find("b-copier")
    copier.stop()
    put(plane, "a")
    plane.settle()
    assert there(plane) == ["a"]
    plane.start(copier)
    plane.settle()
    assert there(plane) == ["a", "b", "c"]


def test_a_slow_one_hears_late(plane: Plane) -> None:
    chain(plane, "a", "b", "c")
    plane.find("b-copier")[0].lag = 2.0
    put(plane, "a")
    assert plane.world.now == 0
    plane.settle()
    assert there(plane) == ["a", "b", "c"]
    assert [write.now for write in plane.api.history.of("ConfigMap")] == [0, 2, 2]


@pytest.mark.parametrize(("idle", "settled"), [(False, ["a", "b"]), (True, ["a"])])
def test_settling_waits_for_the_busy_and_not_for_the_idle(plane: Plane, idle: bool, settled: list[str]) -> None:
    plane.add(Copier(plane.client("b-copier"), "a", "b", wait=Again(30.0, idle=idle)))
    put(plane, "a")
    plane.settle()
    assert there(plane) == settled
    assert plane.world.now == (0 if idle else 30)
    plane.sleep(40 - plane.world.now)
    assert there(plane) == ["a", "b"]
    assert plane.world.now == 40
    assert plane.api.history.of("ConfigMap", "b")[0].now == 30


def test_what_is_idle_happens_on_the_way_of_what_is_busy(plane: Plane) -> None:
    plane.add(Copier(plane.client("b-copier"), "a", "b", wait=Again(10.0, idle=True)))
    plane.add(Copier(plane.client("c-copier"), "a", "c", wait=Again(30.0)))
    put(plane, "a")
    plane.settle()
    assert [(write.name, write.now) for write in plane.api.history.of("ConfigMap")[1:]] == [("b", 10), ("c", 30)]


def test_while_paused_time_passes_and_nobody_acts(plane: Plane) -> None:
    chain(plane, "a", "b")
    plane.paused = True
    put(plane, "a")
    plane.settle_unless_paused()
    plane.sleep(5)
    assert (there(plane), plane.world.now) == (["a"], 5)
    plane.paused = False
    plane.settle_unless_paused()
    assert there(plane) == ["a", "b"]


def test_an_endless_quarrel_is_ended(plane: Plane) -> None:
    class Contrary(Copier):
        def reconcile(self, key: Key) -> Again | None:
            obj = self.client.get("ConfigMap", key[1])
            self.client.update(changed(obj, data={"a": self.second if (obj.data or {}).get("a") != self.second else self.first}))
            return None

    plane.add(Contrary(plane.client("one"), "a", "b"))
    put(plane, "a")
    with pytest.raises(K8snetError, match="does not come to rest"):
        plane.settle()


def test_a_copy_goes_its_own_way(plane: Plane) -> None:
    chain(plane, "a", "b", "c")
    put(plane, "a")
    plane.step()
    other = copy.deepcopy(plane)
    put(other, "a2")
    other.settle()
    other.sleep(10)
    assert there(other) == ["a", "a2", "b", "b2", "c", "c2"]
    assert (there(plane), plane.world.now) == (["a", "b"], 0)
    plane.settle()
    assert there(plane) == ["a", "b", "c"]
