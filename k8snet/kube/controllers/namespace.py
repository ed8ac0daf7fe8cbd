"""The namespace controller, which empties a namespace that is to be deleted, and the service account controller.

First the pods go, each with its time to end, then all else, and at last the namespace itself.
Source: pkg/controller/namespace/deletion (and KEP-5080 for the order), pkg/controller/serviceaccount.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of
from k8snet.kube.history import Write
from k8snet.kube.objects import KINDS, Namespace, Object, ObjectMeta, ServiceAccount, changed, known, meta
from k8snet.kube.store import Key

NAME = "namespace-controller"
OURS = "kubernetes"
"""The finalizer that keeps a namespace until it is empty."""
CONTENT = tuple(kind.kind for kind in KINDS.values() if kind.namespaced and kind.kind != "Event")


class Namespaces(Controller):
    """The controller, and what it waits for, by namespace: the objects that still have to go."""

    def __init__(self, client: Client) -> None:
        watches = {"Namespace": self.namespace_written} | dict.fromkeys(CONTENT, self.content_written)
        super().__init__(NAME, client, "Namespace", self.look_at, watches)
        self.left: dict[str, dict[tuple[str, Key], None]] = {}

    def namespace_written(self, write: Write) -> Iterable[Key]:
        """A namespace was written: look at it, if it is to be deleted."""
        gone = write.after is None
        return (write.key,) if gone or meta(write.after).deletionTimestamp is not None else NOTHING

    def content_written(self, write: Write) -> Iterable[Key]:
        """An object was written: look at its namespace, if that was the last one that was waited for."""
        left = self.left.get(write.namespace)
        if left is None or write.after is not None:
            return NOTHING
        left.pop((write.kind, write.key), None)
        return NOTHING if left else (("", write.namespace),)

    def forget(self) -> None:
        """Begin anew."""
        self.left.clear()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one namespace."""
        namespace = client.find("Namespace", key[1], "")
        if namespace is None or meta(namespace).deletionTimestamp is None:
            self.left.pop(key[1], None)
            return None
        if OURS not in ((namespace.spec.finalizers if namespace.spec else None) or ()):
            return None
        for kinds in (("Pod",), CONTENT):
            left = self.left[key[1]] = self._delete(client, kinds, key[1])
            if left:
                return None
        self._finalize(client, namespace)
        return None

    def _delete(self, client: Client, kinds: Iterable[str], name: str) -> dict[tuple[str, Key], None]:
        """Delete all objects of these kinds; returns what is still there."""
        for kind in kinds:
            for obj in client.list(kind, name):
                if meta(obj).deletionTimestamp is None:
                    client.delete(obj)
        return {(kind, key_of(obj)): None for kind in kinds for obj in client.list(kind, name)}

    def _finalize(self, client: Client, namespace: Namespace) -> None:
        self.left.pop(known(meta(namespace).name), None)
        others = [each for each in known(namespace.spec).finalizers or () if each != OURS]
        client.finalize(changed(namespace, spec=changed(known(namespace.spec), finalizers=others or None)))


# --- service accounts -----------------------------------------------------------------------------------------------

SERVICE_ACCOUNTS, DEFAULT = "serviceaccount-controller", "default"


def service_accounts(client: Client) -> Controller:
    """The controller that sees to it that each namespace has the service account ``default``."""
    return Controller(SERVICE_ACCOUNTS, client, "Namespace", _make_default, {"ServiceAccount": _of_account})


def _of_account(write: Write) -> Iterable[Key]:
    return (("", write.namespace),) if write.after is None and write.name == DEFAULT else NOTHING


def _make_default(client: Client, key: Key) -> Again | None:
    namespace: Object = client.find("Namespace", key[1], "")
    if namespace is None or meta(namespace).deletionTimestamp is not None:
        return None
    if client.find("ServiceAccount", DEFAULT, key[1]) is None:
        client.create(ServiceAccount(metadata=ObjectMeta(name=DEFAULT, namespace=key[1])))
    return None
