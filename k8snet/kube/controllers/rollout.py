"""How many pods of which revision: the arithmetic of a Deployment, which writes nothing.

A `Rollout` is a Deployment with its ReplicaSets; the functions say to which sizes they are to be brought.
Source: pkg/controller/deployment: rolling.go, recreate.go, sync.go (scale), util/deployment_util.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from k8snet.kube.controllers.revision import DESIRED, MAXIMUM, is_same, number_of, number_said
from k8snet.kube.objects import Deployment, ReplicaSet, ReplicaSetStatus, known, meta

Sizes = Mapping[str, int]
"""ReplicaSets that are to be brought to a size, by name."""


class Rollout(NamedTuple):
    """A Deployment, the ReplicaSet of its present template (if there is one yet), and the others, the oldest first.

    ``replicas`` pods are asked for; ``surge`` more may be there during a rollout, ``unavailable`` may be missing.
    """

    deployment: Deployment
    newest: ReplicaSet | None
    older: list[ReplicaSet]
    replicas: int
    surge: int
    unavailable: int

    @property
    def all(self) -> list[ReplicaSet]:
        """All ReplicaSets."""
        return self.older if self.newest is None else [*self.older, self.newest]

    @property
    def most(self) -> int:
        """How many pods there may be in all."""
        return self.replicas + self.surge

    @property
    def least(self) -> int:
        """How many pods have to be available."""
        return self.replicas - self.unavailable

    @property
    def rolls(self) -> bool:
        """Whether new pods come while old ones still run."""
        return _rolls(self.deployment)


def rollout_of(deployment: Deployment, sets: Iterable[ReplicaSet]) -> Rollout:
    """Sort a Deployment's ReplicaSets; should two have its template, the older one counts."""
    template, replicas = known(deployment.spec).template, known(known(deployment.spec).replicas)
    by_age = sorted(sets, key=lambda rs: (known(meta(rs).creationTimestamp), known(meta(rs).name)))
    newest = next((rs for rs in by_age if is_same(template, known(known(rs.spec).template))), None)
    return Rollout(deployment, newest, [rs for rs in by_age if rs is not newest], replicas, *limits(deployment, replicas))


def _rolls(deployment: Deployment) -> bool:
    strategy = known(deployment.spec).strategy
    return strategy is None or strategy.type != "Recreate"


# --- what is there --------------------------------------------------------------------------------------------------


def size(rs: ReplicaSet | None) -> int:
    """How many pods a ReplicaSet is to have."""
    return known(known(rs.spec).replicas) if rs is not None else 0


def status(rs: ReplicaSet) -> ReplicaSetStatus:
    """What a ReplicaSet tells of its pods."""
    return rs.status or ReplicaSetStatus(replicas=0)


def available(rs: ReplicaSet | None) -> int:
    """How many of its pods are available and will stay: it may not have told yet that it gives some up."""
    return min(status(rs).availableReplicas or 0, size(rs)) if rs is not None else 0


def active(sets: Iterable[ReplicaSet | None]) -> list[ReplicaSet]:
    """Those that are to have pods."""
    return [rs for rs in sets if rs is not None and size(rs) > 0]


# --- the limits -----------------------------------------------------------------------------------------------------


def limits(deployment: Deployment, replicas: int) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) as numbers: shares are rounded up and down, and one of the two has to be more than 0."""
    strategy = known(deployment.spec).strategy
    rolling = strategy.rollingUpdate if strategy is not None and _rolls(deployment) else None
    if rolling is None or replicas == 0:
        return 0, 0
    surge = part(rolling.maxSurge, replicas, up=True)
    unavailable = part(rolling.maxUnavailable, replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, replicas)


def part(value: int | str | None, whole: int, *, up: bool) -> int:
    """A number, or a share of the whole (util/intstr, GetScaledValueFromIntOrPercent).

    >>> part("25%", 10, up=True), part("25%", 10, up=False), part(4, 10, up=True)
    (3, 2, 4)
    """
    if isinstance(value, str) and value.endswith("%"):
        return (int(value[:-1]) * whole + (99 if up else 0)) // 100
    return int(value or 0)


def size_of_new(rollout: Rollout) -> int:
    """To which size the newest ReplicaSet may be brought now."""
    if not rollout.rolls:
        return rollout.replicas
    room = rollout.most - sum(map(size, rollout.all))
    now = size(rollout.newest)
    return now + max(0, min(room, rollout.replicas - now))


# --- rolling and recreating -----------------------------------------------------------------------------------------


def roll(rollout: Rollout) -> Sizes:
    """The next thing to do in a rolling update: first up with the new pods, then down with the old ones."""
    newest = known(rollout.newest)
    if size(newest) > rollout.replicas:
        return {name(newest): rollout.replicas}
    allowed = size_of_new(rollout) if size(newest) < rollout.replicas else size(newest)
    if allowed != size(newest):
        return {name(newest): allowed}
    return _down(rollout, newest)


def _down(rollout: Rollout, newest: ReplicaSet) -> Sizes:
    """Give up old pods: those that are of no use anyway first, then as many as may be missing."""
    olds = active(rollout.older)
    if not olds:
        return {}
    spare = sum(map(size, olds)) + available(newest) - rollout.least
    sizes = {name(rs): size(rs) for rs in olds}
    for rs in olds:
        useless = min(max(spare, 0), size(rs) - available(rs))
        sizes[name(rs)] -= useless
        spare -= useless
    surplus = available(newest) + sum(min(available(rs), sizes[name(rs)]) for rs in olds) - rollout.least
    if spare > 0:
        for rs in olds:
            given = max(0, min(sizes[name(rs)], surplus))
            sizes[name(rs)] -= given
            surplus -= given
    return {name(rs): sizes[name(rs)] for rs in olds if sizes[name(rs)] != size(rs)}


def to_nothing(sets: Sequence[ReplicaSet]) -> Sizes:
    """All of these down to no pod."""
    return {name(rs): 0 for rs in active(sets)}


def name(rs: ReplicaSet) -> str:
    """A ReplicaSet's name."""
    return known(meta(rs).name)


# --- scaling --------------------------------------------------------------------------------------------------------


def is_being_scaled(rollout: Rollout) -> bool:
    """Whether the Deployment asks for another number of pods than its ReplicaSets were made for."""
    return any(number_said(rs, DESIRED) not in (None, rollout.replicas) for rs in active(rollout.all))


def scale(rollout: Rollout) -> Sizes:
    """The sizes after a change of the number of pods: where several sets have pods, each gets its share."""
    actives = active(rollout.all)
    if len(actives) <= 1:
        one = actives[0] if actives else rollout.newest or (rollout.older[-1] if rollout.older else None)
        return {name(one): rollout.replicas} if one is not None else {}
    if is_saturated(rollout):
        return to_nothing(rollout.older)
    return _in_proportion(rollout, actives) if rollout.rolls else {}


def is_saturated(rollout: Rollout) -> bool:
    """Whether the newest ReplicaSet alone is all that is asked for."""
    newest = rollout.newest
    if newest is None or (meta(newest).annotations or {}).get(DESIRED) != str(rollout.replicas):
        return False
    return size(newest) == rollout.replicas == (status(newest).availableReplicas or 0)


def _in_proportion(rollout: Rollout, actives: list[ReplicaSet]) -> Sizes:
    """Spread what is to come or to go over the sets by their sizes; what rounding leaves goes to the largest."""
    allowed = rollout.most if rollout.replicas else 0
    to_add = allowed - sum(map(size, actives))
    order = sorted(actives, key=lambda rs: (-size(rs), _age(rs, newer_first=to_add > 0)))
    sizes, added = {name(rs): size(rs) for rs in order}, 0
    for rs in order:
        wish, left = _fraction(rollout, rs), to_add - added
        share = min(wish, left) if to_add > 0 else max(wish, left)
        share = share if left else 0
        sizes[name(rs)] += share
        added += share
    if order and to_add:
        sizes[name(order[0])] = max(0, sizes[name(order[0])] + to_add - added)
    return sizes


def _age(rs: ReplicaSet, *, newer_first: bool) -> tuple[float, int]:
    when = (known(meta(rs).creationTimestamp).timestamp(), number_of(rs))
    return (-when[0], -when[1]) if newer_first else when


def _fraction(rollout: Rollout, rs: ReplicaSet) -> int:
    """By how much a set would grow or shrink if all kept their proportion."""
    if rollout.replicas == 0:
        return -size(rs)
    before = number_said(rs, MAXIMUM) or (rollout.deployment.status.replicas if rollout.deployment.status else 0) or 0
    return _rounded(size(rs) * rollout.most, before) - size(rs) if before else 0


def _rounded(number: int, by: int) -> int:
    """A quotient, rounded to the nearest; a half goes up.

    >>> [_rounded(number, 4) for number in (5, 6, 7)]
    [1, 2, 2]
    """
    return (2 * number + by) // (2 * by)
