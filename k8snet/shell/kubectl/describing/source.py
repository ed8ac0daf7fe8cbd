"""What describers need to know of a cluster: objects, and the time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from k8snet.kube.objects import Object


class Source(Protocol):
    """Where objects are read from. Kinds are given by name, as in `KINDS`."""

    @property
    def now(self) -> datetime:
        """The time of day, for ages."""

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """An object; ApiError (NotFound)."""

    def list(self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Object]:
        """Objects of a kind: of all namespaces or one, by labels and by fields."""
