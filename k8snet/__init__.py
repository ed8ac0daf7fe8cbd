"""k8snet: learn Kubernetes networking, packet by packet."""

__version__ = "0.1.0"
