"""ConfigMaps, Secrets, ServiceAccounts and Namespaces. Source: k8s.io/kubectl, pkg/describe."""

from __future__ import annotations

from base64 import b64decode

from k8snet.kube.objects import ConfigMap, Namespace, Object, Secret, ServiceAccount, meta
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.page import Page
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.times import stamp

TOKEN = ("kubernetes.io/service-account-token", "token")
"""The type of Secret, and the key in it, whose value is shown."""


def write_head(page: Page, obj: Object) -> None:
    """With what most descriptions begin."""
    page.field("Name", meta(obj).name)
    page.field("Namespace", meta(obj).namespace or "")
    page.labels("Labels", meta(obj).labels)
    page.annotations("Annotations", meta(obj).annotations)


def describe_configmap(page: Page, config: ConfigMap, source: Source, told: Told) -> None:
    """A ConfigMap: text as it is, and how many bytes there are of all else."""
    write_head(page, config)
    _write_title(page, "Data")
    for key, value in sorted((config.data or {}).items()):
        page.line(f"{key}:")
        page.line("----")
        page.line(value)
        page.line()
    _write_title(page, "BinaryData")
    for key, value in sorted((config.binaryData or {}).items()):
        page.line(f"{key}: {len(b64decode(value))} bytes")
    page.line()


def describe_secret(page: Page, secret: Secret, source: Source, told: Told) -> None:
    """A Secret, and how many bytes it keeps under each key."""
    write_head(page, secret)
    page.line()
    page.field("Type", secret.type or "")
    _write_title(page, "Data")
    for key, value in sorted((secret.data or {}).items()):
        content = b64decode(value)
        page.field(key, content.decode(errors="replace") if (secret.type, key) == TOKEN else f"{len(content)} bytes")


def _write_title(page: Page, title: str) -> None:
    page.line()
    page.line(title)
    page.line("====")


def describe_serviceaccount(page: Page, account: ServiceAccount, source: Source, told: Told) -> None:
    """A ServiceAccount."""
    write_head(page, account)
    page.several("Image pull secrets", (each.name or "" for each in account.imagePullSecrets or []))


def describe_namespace(page: Page, namespace: Namespace, source: Source, told: Told) -> None:
    """A Namespace. What could limit it, the model has not: so there is neither a quota nor a range."""
    about, status = meta(namespace), namespace.status
    page.field("Name", about.name)
    page.labels("Labels", about.labels)
    page.annotations("Annotations", about.annotations)
    page.field("Status", (status.phase if status else None) or "")
    if status is not None and status.conditions:
        page.line("Conditions:")
        page.row("Type", "Status", "LastTransitionTime", "Reason", "Message")
        page.row("----", "------", "------------------", "------", "-------")
        for each in status.conditions:
            page.row(each.type, each.status, stamp(each.lastTransitionTime), each.reason or "", each.message or "")
    page.line()
    page.line("No resource quota.")
    page.line()
    page.line("No LimitRange resource.")
