"""Columns of the tables that the API server makes, and what some of them have in common.

A column tells its name, its type, whether it is only for ``-o wide`` (priority 1), and what it means: in a sentence of its
own, or in those of the API's documentation for the field that it shows. Source: pkg/printers/internalversion, printers.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from k8snet.kube.fielddocs import fields
from k8snet.kube.objects import Container, LabelSelector, LabelSelectorRequirement, Object, ObjectMeta, meta
from k8snet.kube.rest.durations import age
from k8snet.linux.fact import Fact

NONE = "<none>"
MOST = 3
"""So many addresses or ports are shown; of the others, the number."""

Cell = str | int
Field = tuple[type[msgspec.Struct], str]
"""A type of the API, and one of its fields."""


class Column(Fact, frozen=True):
    """One column. ``about`` is a sentence, or the field whose documentation says it."""

    name: str
    about: str | Field
    type: str = "string"
    priority: int = 0
    format: str = ""

    def definition(self) -> dict[str, Any]:
        """The column as a Table has it.

        >>> Column("Ready", "Is it?").definition()
        {'name': 'Ready', 'type': 'string', 'format': '', 'description': 'Is it?', 'priority': 0}
        """
        about = self.about if isinstance(self.about, str) else documentation(*self.about)
        return {"name": self.name, "type": self.type, "format": self.format, "description": about, "priority": self.priority}


def integer(name: str, about: str | Field) -> Column:
    """A column of numbers."""
    return Column(name, about, "integer")


def wide(name: str, about: str | Field) -> Column:
    """A column that only ``-o wide`` shows."""
    return Column(name, about, priority=1)


def documentation(owner: type[msgspec.Struct], field: str) -> str:
    """What the API's documentation says of a field; empty if it says nothing.

    >>> documentation(ObjectMeta, "uid")[:68]
    'UID is the unique in time and space value for this object. It is typ'
    """
    return next((" ".join(each.description.split()) for each in fields(owner) if each.name == field), "")


NAME = Column("Name", (ObjectMeta, "name"), format="name")
AGE = Column("Age", (ObjectMeta, "creationTimestamp"))
CONTAINERS = wide("Containers", "Names of each container in the template.")
IMAGES = wide("Images", "Images referenced by each container in the template.")


def age_of(obj: Object, now: datetime) -> str:
    """How long ago an object was created."""
    return age(meta(obj).creationTimestamp, now)


def names_and_images(containers: Sequence[Container]) -> tuple[str, str]:
    """The cells of `CONTAINERS` and `IMAGES`."""
    return ",".join(each.name for each in containers), ",".join(each.image or "" for each in containers)


def pairs(labels: Mapping[str, str] | None) -> str:
    """Labels in order, as ``--show-labels`` has them.

    >>> pairs({"b": "2", "a": "1"}), pairs(None)
    ('a=1,b=2', '<none>')
    """
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def selector(wanted: LabelSelector | None) -> str:
    """A selector as text: its conditions in order of their keys; empty if it selects everything or nothing.

    >>> selector(LabelSelector(matchLabels={"app": "web"}))
    'app=web'
    """
    if wanted is None:
        return ""
    equal = [(key, f"{key}={value}") for key, value in (wanted.matchLabels or {}).items()]
    more = [(each.key, _condition(each)) for each in wanted.matchExpressions or []]
    return ",".join(text for _, text in sorted(equal + more, key=lambda each: each[0]))


def _condition(each: LabelSelectorRequirement) -> str:
    values = ",".join(sorted(each.values or ()))
    words = {"In": f"{each.key} in ({values})", "NotIn": f"{each.key} notin ({values})", "Exists": each.key}
    return words.get(each.operator, f"!{each.key}")


def at_most(found: Sequence[str], *, without: str) -> str:
    """A few of a list, and how many more there are; ``without`` if there are none.

    >>> at_most(["a", "b", "c", "d"], without=NONE), at_most([], without=NONE)
    ('a,b,c + 1 more...', '<none>')
    """
    shown = ",".join(found[:MOST])
    return f"{shown} + {len(found) - MOST} more..." if len(found) > MOST else shown or without


Columns = tuple[Column, ...]
Row = Callable[[Any, datetime], tuple[Cell, ...]]
"""What stands in the cells of an object's row."""
