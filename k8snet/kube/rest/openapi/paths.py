"""The paths of a kind, as OpenAPI documents have them: which kind is found there, and what a query may say.

Only what clients look for is told: kubectl finds a resource's kind by its path, and learns from the parameters of PATCH
whether the server can validate and rehearse. Source: the published documents of Kubernetes.
"""

from __future__ import annotations

from typing import Any

from k8snet.kube.objects import Kind

METHODS = {"get": "list", "post": "post", "delete": "deletecollection"}
ON_ONE = {"get": "get", "put": "put", "patch": "patch", "delete": "delete"}
QUERY = {
    "patch": ("dryRun", "fieldManager", "fieldValidation"), "put": ("dryRun", "fieldManager", "fieldValidation"),
    "post": ("dryRun", "fieldManager", "fieldValidation"), "delete": ("dryRun", "gracePeriodSeconds", "propagationPolicy"),
}  # fmt: skip
"""What a query may say, by method."""


def of(kind: Kind) -> dict[str, Any]:
    """The paths of a kind: its lists, and one of its objects.

    >>> from k8snet.kube.objects import KINDS
    >>> sorted(of(KINDS["Lease"]))[1]
    '/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases'
    """
    place = kind.path("{namespace}")
    everywhere = {kind.path(): _item(kind, {"get": "list"})} if kind.namespaced else {}
    return everywhere | {place: _item(kind, METHODS), f"{place}/{{name}}": _item(kind, ON_ONE)}


def _item(kind: Kind, methods: dict[str, str]) -> dict[str, Any]:
    return {method: _operation(kind, method, action) for method, action in methods.items()}


def _operation(kind: Kind, method: str, action: str) -> dict[str, Any]:
    group, _, version = kind.api_version.rpartition("/")
    schema = {"type": "string", "uniqueItems": True}
    parameters = [{"in": "query", "name": name, "schema": schema} for name in QUERY.get(method, ())]
    return {
        "parameters": parameters, "responses": {"200": {"description": "OK"}}, "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": group, "kind": kind.kind, "version": version},
    }  # fmt: skip
