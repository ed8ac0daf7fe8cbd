"""The contexts that kubectl can talk to: each a cluster, under a name, with a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.errors import CommandError
from k8snet.kube.assembly import Assembly

ADMIN = "kubernetes-admin"
"""The user, as kubeadm calls it."""


class Context:
    """A cluster by the name that the learner gives it, and the namespace that is meant there if none is named.

    ``cluster`` is the cluster's own name, where the context has another one.
    """

    def __init__(self, name: str, assembly: Assembly, namespace: str = "", cluster: str = "") -> None:
        self.name = name
        self.assembly = assembly
        self.cluster = cluster or name
        self.set_namespace = namespace
        """As the kubeconfig has it: empty unless it was set."""

    @property
    def namespace(self) -> str:
        """The namespace that is meant."""
        return self.set_namespace or "default"


class Kubeconfig:
    """Contexts by name, and which of them is the current one: the first, until another is chosen."""

    def __init__(self, contexts: Iterable[Context]) -> None:
        self.contexts = {each.name: each for each in contexts}
        self.current = next(iter(self.contexts))

    def context(self, name: str = "") -> Context:
        """The context of that name, or the current one. CommandError in kubectl's words."""
        found = self.contexts.get(name or self.current)
        if found is None:
            raise CommandError(f"Error in configuration: context was not found for specified context: {name}")
        return found

    def use(self, name: str) -> None:
        """Make a context the current one. CommandError in kubectl's words."""
        if name not in self.contexts:
            raise CommandError(f'error: no context exists with the name: "{name}"')
        self.current = name
