"""The course's data: what exercises/*.toml hold, as facts. Nothing here judges an answer.

A lesson's file has the tables ``predict`` and ``exercise``, by key, and may have ``say``, with what its judges say of a wrong
answer; words.toml has the sentences that all lessons share.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any

from msgspec import convert

from k8snet.linux.fact import Fact

FOLDER = "exercises"


class Choice(Fact, frozen=True):
    """One answer that can be chosen: the ``value`` that the model's result is compared with, and how it is put.

    ``why`` is what somebody who chose it, and is wrong, should look at.
    """

    value: str
    text: str
    why: str = ""


class Question(Fact, frozen=True):
    """What is asked before something is run; without ``choices`` there is a blank. ``because`` is the rule of the world."""

    question: str
    because: str
    choices: tuple[Choice, ...] = ()


class Goal(Fact, frozen=True):
    """A ping that must be answered, or must not if it is to be ``silent``; and a namespace that its request avoids.

    With a ``port`` it is a connection instead, and ``by`` is the app that must answer it.
    """

    netns: str
    dst: str
    avoids: str = ""
    silent: bool = False
    port: int = 0
    by: str = ""


class Exercise(Fact, frozen=True):
    """A task: what is ``broken`` before, which ``goals`` must hold after, hints from vague to plain, one ``solution``.

    An exercise without goals asks for a value, and judges/ knows how the model finds it; ``solution`` is then that of the
    exercise as shipped. Otherwise it is command lines. ``on_cluster``: it is about a Cluster, made for it, and ``broken`` and
    ``solution`` are lines as `checks.do` takes them; ``changes_cluster``: the answer is the cluster, changed.
    ``world``: which of `checks.WORLDS` it begins with otherwise.
    """

    done: str
    hints: tuple[str, ...]
    solution: tuple[str, ...]
    broken: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()
    on_cluster: bool = False
    changes_cluster: bool = False
    world: str = "figure"


def question(key: str) -> Question:
    """The prediction with this key. KeyError if there is none."""
    return convert(_find("predict", key), Question)


def task(key: str) -> Exercise:
    """The exercise with this key. KeyError if there is none."""
    return convert(_find("exercise", key), Exercise)


def say(key: str, **values: object) -> str:
    """A sentence of words.toml, with its blanks filled in."""
    return str(_tables()["say"][key]).format(**values)


def keys(kind: str) -> list[str]:
    """The keys of all predictions (``predict``) or exercises (``exercise``), in order.

    >>> "03-1" in keys("exercise")
    True
    """
    return sorted(_tables()[kind])


def _find(kind: str, key: str) -> Any:
    found = _tables()[kind]
    if key not in found:
        raise KeyError(f"there is no {key!r}; there are {', '.join(sorted(found))}")
    return found[key]


@functools.cache
def _tables() -> dict[str, dict[str, Any]]:
    """The tables of all files in one."""
    whole: dict[str, dict[str, Any]] = {}
    for file in sorted(resources.files(__package__).joinpath(FOLDER).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for table, rows in tomllib.loads(file.read_text(encoding="utf-8")).items():
                whole.setdefault(table, {}).update(rows)
    return whole
