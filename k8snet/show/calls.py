"""A history as calls and news: who asked the API server for what, and who was told and acted; runs of like calls as one.

What is drawn of them is in sequence.py. Who acted on which news is what reactions.py can tell, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from k8snet.kube.api import SERVER
from k8snet.kube.author import Author, author
from k8snet.kube.evidence import evidence, owner_of
from k8snet.kube.history import Write
from k8snet.kube.narrate import brief
from k8snet.kube.reactions import HEEDS, reactions
from k8snet.linux.fact import Fact, changed

MANAGER = "kube-controller-manager"
"""The program that all controllers are in."""
CONTROLLER = re.compile(".*-(controller|collector)")
AGENTS = ("cni-agent", "kube-proxy", "route-controller")
"""Who works on the nodes' network."""
LONGEST_LIST = 44
"""So many letters may the names of a run of objects take."""


class Call(Fact, frozen=True):
    """One call, or a run of like calls: by whom, when the first was, how many, and what it says.

    ``told`` are those who acted on it. ``news`` is what the watch tells: the kind of object, and the API's word for it (ADDED,
    MODIFIED, DELETED).
    """

    who: Author
    now: float
    count: int
    label: str
    news: str
    told: tuple[Author, ...]


def calls(writes: Sequence[Write], *, fold: bool = True) -> list[Call]:
    """The calls of a history; with ``fold``, runs of like ones are one."""
    runs = list(_runs(writes)) if fold else [[place] for place in range(len(writes))]
    run_of = {place: number for number, run in enumerate(runs) for place in run}
    told: list[dict[Author, None]] = [{} for _ in runs]
    for news, effect in reactions(writes):
        told[run_of[news]][author(writes[effect])] = None
    return [_call([writes[place] for place in run], tuple(told[number])) for number, run in enumerate(runs)]


def _runs(writes: Sequence[Write]) -> Iterator[list[int]]:
    """Places of writes that follow one another, by one author, of one kind, about one object or objects of one owner."""
    for _, run in groupby(range(len(writes)), key=lambda place: _likeness(writes[place])):
        yield list(run)


def _likeness(write: Write) -> tuple[object, ...]:
    what, owner = evidence(write).key, owner_of(write.object)
    one = () if what.startswith(f"{write.kind}.made") or owner else (write.name,)
    return (author(write), write.now, what, write.namespace, owner, *one)


def _call(run: Sequence[Write], told: tuple[Author, ...]) -> Call:
    first, last = run[0], run[-1]
    word = "ADDED" if first.before is None else "DELETED" if last.after is None else "MODIFIED"
    return Call(author(first), first.now, len(run), _label(run), f"{first.kind} {word}", told)


def _label(run: Sequence[Write]) -> str:
    """What a run says: of one object, what all the calls changed; of several, what all have in common."""
    first, names = run[0], list(dict.fromkeys(write.name for write in run))
    if len(names) == 1:
        return brief(changed(first, after=run[-1].after))
    name = _common(names)
    labels = {brief(changed(write, name=name)) for write in run}
    return labels.pop() if len(labels) == 1 else f"{first.verb} {first.kind} {name}"


def _common(names: Sequence[str]) -> str:
    """Several names in short: what they begin with, or a list.

    >>> _common(["web-5b54-a1", "web-5b54-b2"]), _common(["default", "kube-system"])
    ('web-5b54-…', 'default, kube-system')
    """
    beginnings = {name.rpartition("-")[0] for name in names}
    if len(beginnings) == 1 and (beginning := beginnings.pop()):
        return f"{beginning}-…"
    listed = ", ".join(names)
    return listed if len(listed) <= LONGEST_LIST else f"{names[0]}, …"


# --- who takes part ---------------------------------------------------------------------------------------------------


class Cast(Fact, frozen=True):
    """Who takes part, from left to right: people before the API server, programs after it."""

    people: tuple[Author, ...]
    controllers: tuple[Author, ...]
    others: tuple[Author, ...]

    @property
    def programs(self) -> tuple[Author, ...]:
        """All to the right of the API server."""
        return self.controllers + self.others


def cast(authors: Sequence[Author]) -> Cast:
    """Who takes part: controllers as they first act, then the scheduler, each node's kubelet, and who works on networks."""
    there = [who for who in dict.fromkeys(authors) if who.program != SERVER]
    programs = [who for who in there if who.program in HEEDS or who.program in AGENTS or CONTROLLER.fullmatch(who.program)]
    controllers = tuple(who for who in programs if CONTROLLER.fullmatch(who.program) and who.program not in AGENTS)
    others = tuple(sorted((who for who in programs if who not in controllers), key=_from_left))
    return Cast(tuple(who for who in there if who not in programs), controllers, others)


def _from_left(who: Author) -> tuple[object, ...]:
    return (who.program in AGENTS, who.program == "kubelet", who.program, *natural(who.node))


def natural(name: str) -> tuple[object, ...]:
    """An order in which node10 comes after node2, and names with no number first.

    >>> sorted(["node10", "node2", "control-plane"], key=natural)
    ['control-plane', 'node2', 'node10']
    """
    letters = name.rstrip("0123456789")
    return (letters, int(name[len(letters) :] or -1))
