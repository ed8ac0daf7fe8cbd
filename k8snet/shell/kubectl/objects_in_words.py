"""Labels and annotations on a command line: ``app=web``, ``app-``."""

from __future__ import annotations

from k8snet.errors import CommandError


def pairs(text: str, fault: str) -> dict[str, str]:
    """``a=b,c=d`` as a dict. CommandError ``error: FAULT: PART`` if a part has no ``=``.

    >>> pairs("app=web,tier=front", "unexpected label spec")
    {'app': 'web', 'tier': 'front'}
    """
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise CommandError(f"error: {fault}: {part}")
        found[key] = value
    return found
