"""How fields are filled in without changing anything: what lacks nothing comes back as the very same object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from k8snet.kube.objects import changed
from k8snet.kube.quantity import DECIMAL, canonical

S = TypeVar("S", bound=msgspec.Struct)


def fill(obj: S, **wanted: Any) -> S:
    """Set the fields that are absent; an empty text is absent too, as in Go.

    >>> from k8snet.kube.objects import ContainerPort
    >>> port = ContainerPort(containerPort=80, protocol="TCP")
    >>> fill(port, protocol="TCP") is port, fill(port, name="http").name
    (True, 'http')
    """
    lacking = {name: value for name, value in wanted.items() if (there := getattr(obj, name)) is None or there == ""}
    return changed(obj, **lacking) if lacking else obj


def fill_absent(obj: S, **wanted: Any) -> S:
    """Set the fields that are absent; an empty text is a wrong value (an int-or-string)."""
    lacking = {name: value for name, value in wanted.items() if getattr(obj, name) is None}
    return changed(obj, **lacking) if lacking else obj


def fill_counts(obj: S, **wanted: int) -> S:
    """Set the numbers that are absent or 0: in Go these fields are no pointers, so the two are one."""
    lacking = {name: value for name, value in wanted.items() if value and not getattr(obj, name)}
    return changed(obj, **lacking) if lacking else obj


def each(items: list[Any] | None, filled: Callable[[Any], Any]) -> list[Any] | None:
    """The filled items; the same list, if none lacks anything."""
    if not items:
        return items
    after = [filled(item) for item in items]
    return items if all(a is b for a, b in zip(items, after, strict=True)) else after


def within(obj: S, name: str, filled: Callable[[Any], Any]) -> S:
    """Fill what a field holds, if it holds anything."""
    before = getattr(obj, name)
    after = before if before is None else filled(before)
    return obj if after is before else changed(obj, **{name: after})


def within_each(obj: S, name: str, filled: Callable[[Any], Any]) -> S:
    """Fill all items of a field that holds a list."""
    before = getattr(obj, name)
    after = each(before, filled)
    return obj if after is before else changed(obj, **{name: after})


def amounts(resources: dict[str, str]) -> dict[str, str]:
    """Quantities as the API server writes them, rounded up to thousandths (SetDefaults_ResourceList)."""
    written = {name: _amount(text) for name, text in resources.items()}
    return resources if written == resources else written


def _amount(text: str) -> str:
    try:
        return canonical(text, DECIMAL["m"])
    except ValueError:  # validation says so
        return text
