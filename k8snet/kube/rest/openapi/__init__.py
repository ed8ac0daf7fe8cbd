"""The schema that the API server publishes of its types and paths (OpenAPI), from which kubectl explains and validates.

Version 3 is an index and a document for each group and version, version 2 one document for all, which old clients want in
protobuf. All of it is made from the official types, once. Source: the documents of Kubernetes 1.37; k8s.io/kube-openapi.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from k8snet.kube.objects import KINDS
from k8snet.kube.rest.http import JSON, OK, Request, Response
from k8snet.kube.rest.openapi import binary, paths
from k8snet.kube.rest.openapi.schemas import Dialect, definitions

TITLE = {"title": "Kubernetes", "version": "v1.37.0"}
_SPEC = "application/com.github.proto-openapi.spec.v2"
PROTOBUF = (f"{_SPEC}@v1.0+protobuf", f"{_SPEC}.v1.0+protobuf")
"""The media type of version 2 in protobuf, as old and as newer clients ask for it; the first is no media type, so the answer
is of the second."""


def page(request: Request) -> Response | None:
    """The page at a path below /openapi; None: there is none."""
    place = request.place
    if place == "/openapi/v2":
        is_binary = any(each in request.accept for each in PROTOBUF)
        return Response(OK, _binary(), PROTOBUF[1]) if is_binary else Response(OK, version_2(), JSON)
    if place == "/openapi/v3":
        return Response(OK, {"paths": {_name(each): {"serverRelativeURL": _url(each)} for each in _versions()}})
    version = place.removeprefix("/openapi/v3/").removeprefix("apis/").removeprefix("api/")
    is_there = version in _versions() and place == f"/openapi/v3/{_name(version)}"
    return Response(OK, version_3(version)) if is_there else None


def _versions() -> list[str]:
    return list(dict.fromkeys(kind.api_version for kind in KINDS.values()))


def _name(version: str) -> str:
    """How the index calls a group version."""
    return f"apis/{version}" if "/" in version else f"api/{version}"


def _url(version: str) -> str:
    """Where a document is; the hash lets clients keep it."""
    text = json.dumps(version_3(version), sort_keys=True)
    return f"/openapi/v3/{_name(version)}?hash={hashlib.sha256(text.encode()).hexdigest().upper()}"


@cache
def version_3(version: str) -> dict[str, Any]:
    """The document of a group version.

    >>> sorted(version_3("coordination.k8s.io/v1")["components"]["schemas"])[0]
    'io.k8s.api.coordination.v1.Lease'
    """
    kinds = [kind for kind in KINDS.values() if kind.api_version == version]
    return {"openapi": "3.0.0", "info": TITLE, "paths": {place: item for kind in kinds for place, item in paths.of(kind).items()},
            "components": {"schemas": definitions(kinds, Dialect.V3)}}


@cache
def version_2() -> dict[str, Any]:
    """The document of all types and paths."""
    kinds = list(KINDS.values())
    return {"swagger": "2.0", "info": TITLE, "paths": {place: item for kind in kinds for place, item in paths.of(kind).items()},
            "definitions": definitions(kinds, Dialect.V2)}


@cache
def _binary() -> bytes:
    return binary.document(version_2())
