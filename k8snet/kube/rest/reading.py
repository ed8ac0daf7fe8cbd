"""GET: one object or a list, as it is, as a table, or by metadata alone.

Source: k8s.io/apiserver, pkg/endpoints/handlers (get.go, response.go).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube import labels
from k8snet.kube.api import Api
from k8snet.kube.client import Client
from k8snet.kube.fields import compile_fields
from k8snet.kube.objects import Kind, Object, meta
from k8snet.kube.rest.http import OK, Request, Response
from k8snet.kube.rest.negotiation import METADATA, TABLE, Form, negotiated
from k8snet.kube.rest.resources import Target
from k8snet.kube.rest.tables import table
from k8snet.kube.rest.wire import document, listed, metadata_of

Fits = Callable[[Object], bool]


def fits(target: Target, request: Request) -> Fits:
    """A function that says whether an object is meant: by namespace, name, labels and fields. ApiError (BadRequest)."""
    by_labels = labels.compile(request.parameter("labelSelector"))
    by_fields = compile_fields(request.parameter("fieldSelector"), target.kind.kind)

    def fit(obj: Object) -> bool:
        about = meta(obj)
        is_there = target.namespace in (None, about.namespace) and target.name in ("", about.name)
        return is_there and by_labels(about.labels or {}) and by_fields(obj)

    return fit


def chosen(api: Api, target: Target, request: Request) -> list[Object]:
    """The objects of a list, by namespace and name."""
    fit = fits(target, request)
    return [obj for obj in Client(api, request.who).list(target.kind.kind, target.namespace) if fit(obj)]


def one(api: Api, target: Target, request: Request) -> Response:
    """GET an object. ApiError (NotFound)."""
    form = negotiated(request.accept)
    obj = Client(api, request.who).get(target.kind.kind, *reversed(target.key))
    return Response(OK, shown(target.kind, obj, form, request, api.time), form.media)


def shown(kind: Kind, obj: Object, form: Form, request: Request, now: datetime) -> dict[str, Any]:
    """An object in the form that was asked for."""
    if form.name == TABLE:
        return tabulated(kind, [obj], meta(obj).resourceVersion or "", request, now)
    return metadata_of(obj) if form.name == METADATA else document(obj)


def many(api: Api, target: Target, request: Request) -> Response:
    """GET a list. There is no paging: a ``limit`` is a wish, and ``continue`` never was handed out."""
    if request.parameter("continue"):
        raise ApiError("continue key is not valid: invalid character", reason="BadRequest")
    form = negotiated(request.accept)
    objects, version = chosen(api, target, request), str(api.store.version)
    if form.name == TABLE:
        body = tabulated(target.kind, objects, version, request, api.time)
    elif form.name.startswith(METADATA):
        body = {"kind": f"{METADATA}List", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version},
                "items": [metadata_of(obj) for obj in objects]}
    else:
        body = listed(target.kind, objects, version)
    return Response(OK, body, form.media)


def tabulated(kind: Kind, objects: Sequence[Object], version: str, request: Request, now: datetime) -> dict[str, Any]:
    """Objects as a table; a row carries its object's metadata, or as much of it as ``includeObject`` says."""
    made = table(kind, objects, now)
    include = request.parameter("includeObject", "Metadata")
    if include not in ("None", "Metadata", "Object"):
        raise ApiError(f'unrecognized includeObject value: "{include}"', reason="BadRequest")
    for row, obj in zip(made["rows"], objects, strict=True):
        if include != "None":
            row["object"] = metadata_of(obj) if include == "Metadata" else document(obj)
    return headed(made, version)


def headed(made: dict[str, Any], version: str) -> dict[str, Any]:
    """Columns and rows, with what else a Table has."""
    return {"kind": TABLE, "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version} if version else {}, **made}
