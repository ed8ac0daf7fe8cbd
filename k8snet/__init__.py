"""k8snet: learn Kubernetes networking, packet by packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8snet.cluster import Cluster
    from k8snet.kubeconfig import Kubeconfig

__version__ = "0.1.0"
__all__ = ["Cluster", "Kubeconfig"]


def __getattr__(name: str) -> Any:
    """What a notebook holds is loaded when it is first used, since the types of Kubernetes take a while to load."""
    if name == "Cluster":
        from k8snet.cluster import Cluster

        return Cluster
    if name == "Kubeconfig":
        from k8snet.kubeconfig import Kubeconfig

        return Kubeconfig
    if name in ("load_ipython_extension", "unload_ipython_extension"):  # what `%load_ext k8snet` asks for
        from k8snet import magics

        return getattr(magics, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
