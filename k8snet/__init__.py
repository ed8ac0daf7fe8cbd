"""k8snet: learn Kubernetes networking, packet by packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8snet.cluster import Cluster

__version__ = "0.1.0"
__all__ = ["Cluster"]


def __getattr__(name: str) -> Any:
    """`Cluster` is loaded when it is first used, since the types of Kubernetes take a while to load."""
    if name == "Cluster":
        from k8snet.cluster import Cluster

        return Cluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
