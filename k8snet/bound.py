"""Which cluster is meant where none is named: the clusters that are bound to a notebook's names, and the choice among them.

They are kubectl's contexts together, so that ``kubectl config use-context NAME`` chooses one, and ``--context`` names one.
"""

from __future__ import annotations

from collections.abc import Mapping

from k8snet.cluster import Cluster
from k8snet.errors import CommandError
from k8snet.kubeconfig import Kubeconfig
from k8snet.linux.tools import Output
from k8snet.shell.kubectl import kubeconfig
from k8snet.shell.kubectl.program import kubectl

NAMES = ("cluster", "c")
"""Of several clusters, the one with such a name is meant."""


class Bound:
    """The clusters among ``names``, such as a notebook's; names that begin with _ are the notebook's own."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self.names = names
        self.chosen = ""

    def clusters(self) -> dict[str, Cluster]:
        """The clusters that have a name, each under its first one; and those that only a `Kubeconfig` has, under their own."""
        named = [(name, value) for name, value in self.names.items() if isinstance(value, Cluster) and name[0] != "_"]
        found: dict[str, Cluster] = {}
        for name, cluster in (*named, *(pair for each in self._kubeconfigs() for pair in each.clusters.items())):
            if all(cluster is not other for other in found.values()):
                found.setdefault(name, cluster)
        return found

    def _kubeconfigs(self) -> list[Kubeconfig]:
        return [value for name, value in self.names.items() if isinstance(value, Kubeconfig) and name[0] != "_"]

    def cluster(self) -> Cluster:
        """The cluster that is meant; CommandError if it cannot be told.

        The chosen one; else the current one of a `Kubeconfig`; else the one called ``cluster`` or ``c``; else the only one.
        """
        found = self.clusters()
        current = [name for each in self._kubeconfigs() for name, cluster in found.items() if _leads_to(each._contexts, cluster)]
        wanted = [self.chosen, *current, *NAMES, *(found if len(found) == 1 else ())]
        name = next((name for name in wanted if name in found), None)
        if name is not None:
            return found[name]
        if found:
            raise CommandError(f"k8snet: which cluster? Here are {', '.join(found)}; `%cluster NAME` chooses one of them")
        raise CommandError("k8snet: there is no cluster yet; these two lines make one:\n"
                           "from k8snet import Cluster\ncluster = Cluster(nodes=2)")

    def meant(self) -> Cluster | None:
        """The cluster that is meant, or None."""
        try:
            return self.cluster()
        except CommandError:
            return None

    def mean(self, cluster: Cluster) -> None:
        """Choose a cluster. Where a `Kubeconfig` has it, it is that one's current context which says so from now on."""
        self.chosen = ""
        for each in self._kubeconfigs():
            if each.clusters.get(cluster.name) is cluster and not _leads_to(each._contexts, cluster):
                each._contexts.use(cluster.name)
        if self.meant() is not cluster:
            self.chosen = next(name for name, other in self.clusters().items() if other is cluster)

    def contexts(self, cluster: Cluster) -> kubeconfig.Kubeconfig:
        """What kubectl knows where this cluster is meant: a `Kubeconfig`'s contexts, or those of all clusters together."""
        for each in self._kubeconfigs():
            if _leads_to(each._contexts, cluster):
                return each._contexts
        known: dict[str, kubeconfig.Context] = {}
        for other in (cluster, *self.clusters().values()):
            known = {**other._kubeconfig.contexts, **known}
        together = kubeconfig.Kubeconfig(known.values())
        together.use(cluster._kubeconfig.current)
        return together

    def kubectl(self, line: str, stdin: str = "") -> Output:
        """Run kubectl on the cluster that is meant, as `Cluster.kubectl` does; ``config use-context`` chooses another."""
        cluster, words = self.meant(), line.split()
        if cluster is None and (words[:1] == ["config"] or any(each.startswith("--context") for each in words)):
            cluster = next(iter(self.clusters().values()), None)  # the line itself says which one
        known = self.contexts(cluster or self.cluster())
        output = kubectl(known, line, stdin)
        if words[:1] == ["config"]:
            self._keep(known, chosen="use-context" in words)
        return output

    def _keep(self, known: kubeconfig.Kubeconfig, *, chosen: bool) -> None:
        """Let each cluster have the contexts that lead to it, and mean the one of the current context if it was ``chosen``."""
        for cluster in self.clusters().values():
            own = cluster._kubeconfig
            for context in known.contexts.values():
                if context.assembly is cluster._assembly:
                    own.contexts.setdefault(context.name, context)
            if chosen and _leads_to(known, cluster):
                own.use(known.current)
                self.mean(cluster)


def _leads_to(known: kubeconfig.Kubeconfig, cluster: Cluster) -> bool:
    return known.context().assembly is cluster._assembly
