"""The arithmetic of Deployments: bounds, the next step of a rollout, proportional scaling; by rows.

The numbers of the rows named ``upstream`` are those of Kubernetes' own tests (rolling_test.go, sync_test.go), or of the
comment in rolling.go.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.api import EPOCH
from k8snet.kube.controllers import rollout as plans
from k8snet.kube.controllers.revision import DESIRED, MAXIMUM
from k8snet.kube.controllers.rollout import Rollout
from k8snet.kube.objects import (
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    LabelSelector,
    ObjectMeta,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    RollingUpdateDeployment,
    known,
)  # fmt: skip


def deployment(replicas: int, surge: Any = 0, unavailable: Any = 0, type_: str = "RollingUpdate") -> Deployment:
    rolling = RollingUpdateDeployment(maxSurge=surge, maxUnavailable=unavailable) if type_ == "RollingUpdate" else None
    strategy = DeploymentStrategy(type=type_, rollingUpdate=rolling)
    spec = DeploymentSpec(selector=LabelSelector(), template=PodTemplateSpec(), replicas=replicas, strategy=strategy)
    return Deployment(metadata=ObjectMeta(name="web"), spec=spec, status=DeploymentStatus())


def replica_set(name: str, size: int, available: int = 0, *, age: int = 0, notes: dict[str, str] | None = None) -> ReplicaSet:
    about = ObjectMeta(name=name, creationTimestamp=EPOCH - timedelta(hours=age), annotations=notes)
    spec = ReplicaSetSpec(selector=LabelSelector(), replicas=size)
    return ReplicaSet(metadata=about, spec=spec, status=ReplicaSetStatus(replicas=size, availableReplicas=available))


def rollout(of: Deployment, new: tuple[int, int] | None, *olds: tuple[int, int], **annotations: str) -> Rollout:
    """Sizes and how many are available; the sets are called ``new``, ``old0``, ``old1`` …, the newest first."""
    replicas = known(known(of.spec).replicas)
    newest = replica_set("new", *new, notes=annotations) if new is not None else None
    older = [replica_set(f"old{number}", *old, age=number + 1, notes=annotations) for number, old in enumerate(olds)]
    return Rollout(of, newest, older[::-1], replicas, *plans.limits(of, replicas))


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "limits"),
    [
        pytest.param(10, "25%", "25%", (3, 2), id="up for more, down for fewer"),
        pytest.param(1, "25%", "25%", (1, 0), id="one pod"),
        pytest.param(4, "25%", "25%", (1, 1), id="even"),
        pytest.param(10, 0, 0, (0, 1), id="both nothing: one may be missing"),
        pytest.param(10, "0%", "5%", (0, 1), id="both rounded to nothing"),
        pytest.param(3, 0, "100%", (0, 3), id="all may be missing"),
        pytest.param(3, 2, 7, (2, 3), id="no more than there are"),
        pytest.param(0, "25%", "25%", (0, 0), id="no pods"),
    ],
)
def test_limits(replicas: int, surge: Any, unavailable: Any, limits: tuple[int, int]) -> None:
    assert plans.limits(deployment(replicas, surge, unavailable), replicas) == limits


def test_recreating_has_no_limits() -> None:
    assert plans.limits(deployment(10, type_="Recreate"), 10) == (0, 0)


@pytest.mark.parametrize(
    ("of", "new", "olds", "sizes"),
    [
        # scale up of the new one
        pytest.param(deployment(10, 0, 0), (0, 0), [(10, 10)], {"old0": 9}, id="upstream: no surge, the first one down"),
        pytest.param(deployment(10, 2, 0), (0, 0), [(10, 10)], {"new": 2}, id="upstream: as many as may come"),
        pytest.param(deployment(10, 2, 0), (0, 0), [(5, 5)], {"new": 7}, id="upstream: as many as there is room for"),
        pytest.param(deployment(10, 2, 0), (2, 0), [(10, 10)], {}, id="upstream: no room"),
        pytest.param(deployment(10, 2, 0), (11, 11), [(2, 2)], {"new": 10}, id="upstream: too many new ones"),
        pytest.param(deployment(10, 0, 2), (10, 10), [], {}, id="nothing to do"),
        pytest.param(deployment(2, 1, 0), None, [(2, 2)], None, id="no new set yet"),
        # scale down of the old ones
        pytest.param(deployment(10, 0, 2), (0, 0), [(10, 10)], {"old0": 8}, id="upstream: as many as may be missing"),
        pytest.param(deployment(10, 0, 2), (0, 0), [(10, 8)], {"old0": 8}, id="upstream: two that are not well"),
        pytest.param(deployment(10, 0, 2), (0, 0), [(10, 9)], {"old0": 8}, id="upstream: one that is not well, one that is"),
        pytest.param(deployment(10, 0, 2), (2, 0), [(8, 8)], {}, id="upstream: new ones that are not there yet"),
        pytest.param(deployment(10, 0, 0), (1, 1), [(9, 9)], {"old0": 8}, id="as new ones come, old ones go"),
        pytest.param(deployment(10, 2, 0), (2, 2), [(10, 10)], {"old0": 8}, id="when new ones are available"),
        pytest.param(deployment(10, 3, 2), (5, 0), [(8, 8)], {}, id="upstream: new ones crash, the old ones stay"),
        pytest.param(deployment(10, 3, 2), (5, 0), [(8, 7)], {}, id="upstream: even if one of them is not well"),
        pytest.param(deployment(10, 3, 2), (8, 7), [(5, 0)], {"old0": 1}, id="upstream: undone, four of the crashing ones go"),
        pytest.param(deployment(10, 3, 2), (0, 0), [(5, 0), (8, 8)], {"old0": 0}, id="upstream: rolled over"),
        pytest.param(deployment(3, 1, 0), (1, 0), [(2, 2), (1, 0)], {}, id="a useless one has to wait, too"),
        pytest.param(deployment(4, 0, 2), (2, 2), [(1, 1), (1, 1)], {"old0": 0, "old1": 0}, id="from several sets"),
        pytest.param(deployment(4, 0, 1), (3, 2), [(1, 1), (1, 1)], {"old1": 0}, id="from several sets, the oldest first"),
        pytest.param(deployment(4, 1, 1), (3, 3), [(2, 5)], {"old0": 0}, id="a set that has not told yet that it shrank"),
        pytest.param(deployment(3, 1, 0), (2, 3), [(2, 2)], {"old0": 1}, id="a new set that has not told yet that it shrank"),
    ],
)
def test_the_next_step(of: Deployment, new: Any, olds: list[Any], sizes: dict[str, int] | None) -> None:
    found = rollout(of, new, *olds)
    if sizes is None:
        assert plans.size_of_new(found) == 1
    else:
        assert plans.roll(found) == sizes


@given(
    replicas=st.integers(0, 20), surge=st.integers(0, 5), unavailable=st.integers(0, 5),
    new=st.integers(0, 20), olds=st.lists(st.integers(0, 20), max_size=3), data=st.data(),
)
def test_no_step_leaves_the_bounds(
    replicas: int, surge: int, unavailable: int, new: int, olds: list[int], data: st.DataObject
) -> None:
    """Whatever the sets have: no step makes too many, and none takes away pods that have to be there."""

    def some(size: int) -> tuple[int, int]:
        return size, data.draw(st.integers(0, size))

    found = rollout(deployment(replicas, surge, unavailable), some(new), *map(some, olds))
    before = {plans.name(rs): plans.size(rs) for rs in found.all}
    after = before | dict(plans.roll(found))
    assert sum(after.values()) <= max(found.most, sum(before.values()))
    assert all(size >= 0 for size in after.values())
    if after["new"] == before["new"] and after != before:
        left = sum(min(plans.available(rs), after[plans.name(rs)]) for rs in found.all)
        assert left >= min(found.least, sum(map(plans.available, found.all)))


@pytest.mark.parametrize(
    ("before", "of", "new", "olds", "sizes"),
    [
        pytest.param(10, deployment(12), (10, 10), [], {"new": 12}, id="one set, up"),
        pytest.param(10, deployment(5), (10, 10), [], {"new": 5}, id="one set, down"),
        pytest.param(5, deployment(10), 2, [3], {"new": 4, "old0": 6}, id="5 to 10"),
        pytest.param(5, deployment(3), 2, [3], {"new": 1, "old0": 2}, id="5 to 3"),
        pytest.param(9, deployment(4), 8, [1], {"new": 4, "old0": 0}, id="9 to 4"),
        pytest.param(7, deployment(10), 2, [3, 2], {"new": 3, "old0": 4, "old1": 3}, id="7 to 10"),
        pytest.param(13, deployment(8), 2, [8, 3], {"new": 1, "old0": 5, "old1": 2}, id="13 to 8"),
        pytest.param(3, deployment(4), 1, [1, 1], {"new": 2, "old0": 1, "old1": 1}, id="the newest one gets what is over"),
        pytest.param(3, deployment(2), 1, [1, 1], {"new": 1, "old0": 1, "old1": 0}, id="the oldest one gives what is missing"),
        pytest.param(4, deployment(5), None, [2, 2], {"old0": 3, "old1": 2}, id="no new set"),
        pytest.param(6, deployment(0), 3, [2, 1], {"new": 0, "old0": 0, "old1": 0}, id="to nothing"),
        pytest.param(12, deployment(20, 2), 6, [6], {"new": 11, "old0": 11}, id="with a surge"),
        pytest.param(13, deployment(50, 6), 5, [8], {"new": 22, "old0": 34}, id="with a surge that is changed too"),
        pytest.param(10, deployment(14), None, [7, 3], {"old0": 10, "old1": 4}, id="and the template"),
    ],
)
def test_scaling(before: int, of: Deployment, new: Any, olds: list[Any], sizes: dict[str, int]) -> None:
    """``before`` is how many there were allowed to be. The numbers are those of Kubernetes' own TestScale."""

    def some(each: Any) -> Any:
        return each if each is None or isinstance(each, tuple) else (each, 0)

    notes = {DESIRED: str(before), MAXIMUM: str(before)}
    assert plans.scale(rollout(of, some(new), *map(some, olds), **notes)) == sizes


def test_scaling_from_nothing() -> None:
    found = rollout(deployment(6), (0, 0), (0, 0), **{DESIRED: "0", MAXIMUM: "0"})
    assert plans.scale(found) == {"new": 6}


def test_a_set_that_missed_the_last_change_of_size() -> None:
    found = rollout(deployment(5), (2, 2), (1, 1), (1, 1), **{DESIRED: "5", MAXIMUM: "5"})
    behind = replica_set("old0", 1, 1, age=1, notes={DESIRED: "3", MAXIMUM: "3"})
    found = found._replace(older=[found.older[0], behind])
    assert plans.is_being_scaled(found)
    assert plans.scale(found) == {"new": 2, "old0": 2, "old1": 1}


def test_a_saturated_but_broken_set_leaves_the_old_pods_alone() -> None:
    found = rollout(deployment(2, 1, 1), (2, 0), (1, 0), **{DESIRED: "2", MAXIMUM: "3"})
    assert not plans.is_being_scaled(found)
    assert plans.scale(found) == {"new": 2, "old0": 1}


def test_a_rollout_that_is_through_gives_the_old_pods_up() -> None:
    notes = {DESIRED: "5", MAXIMUM: "5"}
    assert plans.scale(rollout(deployment(5, 0, 1), (5, 5), (2, 2), **notes)) == {"old0": 0}


@given(replicas=st.integers(0, 30), before=st.integers(1, 30), sizes=st.lists(st.integers(1, 15), min_size=2, max_size=5))
def test_scaling_gives_out_just_what_is_asked_for(replicas: int, before: int, sizes: list[int]) -> None:
    notes = {DESIRED: str(before), MAXIMUM: str(sum(sizes))}
    found = rollout(deployment(replicas, 1, 0), (sizes[0], 0), *((size, 0) for size in sizes[1:]), **notes)
    scaled = plans.scale(found).values()
    assert sum(scaled) == (replicas + 1 if replicas else 0) or 0 in scaled, "no set has less than nothing"
    assert min(scaled) >= 0
