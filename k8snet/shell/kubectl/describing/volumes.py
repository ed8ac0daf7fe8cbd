"""The volumes of a pod, or of a template: those kinds that the model lets one declare.

Source: k8s.io/kubectl, pkg/describe (describeVolumes and what it calls).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from k8snet.errors import NotModelled
from k8snet.kube.objects import Volume
from k8snet.kube.quantity import amount, canonical
from k8snet.shell.kubectl.describing.page import NONE, UNSET, Page


def write(page: Page, volumes: Sequence[Volume] | None, indent: str = "") -> None:
    """All volumes. NotModelled for a kind that the model's API server does not keep either."""
    if not volumes:
        page.field(f"{indent}Volumes", NONE)
        return
    page.line(f"{indent}Volumes:")
    for volume in volumes:
        page.line(f"{indent[:1]}{volume.name}:", 1)
        kind = next((name for name in volume.__struct_fields__ if name != "name" and getattr(volume, name) is not None), "")
        if kind not in _WRITERS:
            raise NotModelled(f"describing a volume of the kind {kind}", known=", ".join(_WRITERS))
        _WRITERS[kind](page, getattr(volume, kind))


def _host_path(page: Page, source: Any) -> None:
    page.field("Type", "HostPath (bare host directory volume)", 2)
    page.field("Path", source.path, 2)
    page.field("HostPathType", NONE if source.type is None else source.type, 2)


def _empty_dir(page: Page, source: Any) -> None:
    limited = source.sizeLimit is not None and amount(source.sizeLimit) > 0
    page.field("Type", "EmptyDir (a temporary directory that shares a pod's lifetime)", 2)
    page.field("Medium", source.medium or "", 2)
    page.field("SizeLimit", canonical(source.sizeLimit) if limited else UNSET, 2)


def _secret(page: Page, source: Any) -> None:
    page.field("Type", "Secret (a volume populated by a Secret)", 2)
    _named(page, "SecretName", source.secretName, source.optional)


def _config_map(page: Page, source: Any) -> None:
    page.field("Type", "ConfigMap (a volume populated by a ConfigMap)", 2)
    _named(page, "Name", source.name, source.optional)


def _named(page: Page, title: str, name: str | None, optional: bool | None) -> None:
    page.field(title, name or "", 2)
    page.field("Optional", str(bool(optional)).lower(), 2)


def _projected(page: Page, projected: Any) -> None:
    page.field("Type", "Projected (a volume that contains injected data from multiple sources)", 2)
    for source in projected.sources or []:
        if source.secret is not None:
            _named(page, "SecretName", source.secret.name, source.secret.optional)
        elif source.downwardAPI is not None:
            page.field("DownwardAPI", "true", 2)
        elif source.configMap is not None:
            _named(page, "ConfigMapName", source.configMap.name, source.configMap.optional)
        elif source.serviceAccountToken is not None:
            page.field("TokenExpirationSeconds", source.serviceAccountToken.expirationSeconds, 2)


def _downward_api(page: Page, source: Any) -> None:
    page.field("Type", "DownwardAPI (a volume populated by information about the pod)", 2)
    page.line("Items:", 2)
    for item in source.items or []:
        if item.fieldRef is not None:
            page.line(f"{item.fieldRef.fieldPath} -> {item.path}", 3)
        if item.resourceFieldRef is not None:
            page.line(f"{item.resourceFieldRef.resource} -> {item.path}", 3)


_WRITERS: dict[str, Callable[[Page, Any], None]] = {
    "hostPath": _host_path,
    "emptyDir": _empty_dir,
    "secret": _secret,
    "configMap": _config_map,
    "projected": _projected,
    "downwardAPI": _downward_api,
}
