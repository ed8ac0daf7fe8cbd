"""Several clusters under one kubectl: a kubeconfig with a context for each."""

from __future__ import annotations

from k8snet.cluster import Cluster
from k8snet.linux.tools import Output
from k8snet.shell.kubectl import kubeconfig as contexts
from k8snet.shell.kubectl.program import kubectl


class Kubeconfig:
    """The clusters that one kubectl knows; each is a context of the cluster's name, the first is the current one.

    >>> both = Kubeconfig(Cluster(nodes=1, name="east"), Cluster(nodes=1, name="west"))
    >>> both.kubectl("config use-context west")
    Switched to context "west".
    """

    def __init__(self, *clusters: Cluster) -> None:
        self.clusters = {cluster.name: cluster for cluster in clusters}
        self._contexts = contexts.Kubeconfig(cluster._context for cluster in clusters)

    @property
    def current(self) -> Cluster:
        """The cluster of the current context."""
        return self.clusters[self._contexts.context().cluster]

    def kubectl(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run a kubectl command, as `Cluster.kubectl` does, in the current context or the one of ``--context``."""
        return kubectl(self._contexts, line, stdin, check=check)
