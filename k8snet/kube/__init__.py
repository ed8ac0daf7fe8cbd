"""Kubernetes: objects, the API server that holds them, and those who act on them, on top of k8snet.linux."""
