"""An API server that has a shelf of fixed objects and hands them out, to put the same objects before kubectl and the model.

With it kubectl can be asked about objects that no cluster of the model comes to. It knows discovery, GET of one object, and lists
by labels and fields; all else is not found. Only kubectl's describers are asked, so nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from k8snet.errors import ApiError
from k8snet.kube import labels as selecting
from k8snet.kube.fields import matches_fields
from k8snet.kube.manifest import parse
from k8snet.kube.objects import KINDS, Kind, Object, meta

Document = dict[str, Any]
HERE = Path(__file__).parent
BARREN = ("resourcequotas", "limitranges")
"""Kinds that describers list, and of which there is nothing."""


class Shelf:
    """Objects as JSON has them. It is also a `Source` of the model's describers, at the time ``now``."""

    def __init__(self, documents: list[Document], now: datetime) -> None:
        self.documents = documents
        self.now = now

    @classmethod
    def of(cls, *names: str, now: datetime) -> Shelf:
        """The objects of some files in `shelf/`."""
        return cls([each for name in names for each in parse(HERE / "shelf" / name)], now)

    def of_kind(self, kind: Kind, namespace: str | None) -> list[Document]:
        """All of one kind, in one namespace or all."""
        return [each for each in self.documents
                if each["kind"] == kind.kind and namespace in (None, each["metadata"].get("namespace"))]

    def find(self, kind: Kind, name: str, namespace: str) -> Document:
        """One object; ApiError (NotFound)."""
        for each in self.of_kind(kind, namespace if kind.namespaced else None):
            if each["metadata"]["name"] == name:
                return each
        raise ApiError(f'{kind.resource} "{name}" not found', reason="NotFound")

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """As `Source`."""
        return typed(self.find(KINDS[kind], name, namespace))

    def chosen(self, kind: Kind, namespace: str | None, labels: str, fields: str) -> list[Document]:
        """The same as JSON."""
        return [each for each in self.of_kind(kind, namespace)
                if selecting.matches(labels, meta(typed(each)).labels) and (not fields or matches_fields(fields, typed(each)))]

    def list(self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Object]:
        """As `Source`."""
        return [typed(each) for each in self.chosen(KINDS[kind], namespace, labels, fields)]


def typed(document: Document) -> Object:
    """A document as the official type."""
    return msgspec.convert(document, KINDS[document["kind"]].type)


# --- over HTTP ----------------------------------------------------------------------------------------------------


@contextmanager
def served(shelf: Shelf) -> Iterator[str]:
    """Inside, the shelf is an API server at the address that is handed out."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            try:
                self._send(200, answer(shelf, asked.path, query))
            except ApiError as error:
                status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": str(error), "reason": "NotFound"}
                self._send(404, {**status, "code": 404})

        def _send(self, status: int, body: Document) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def answer(shelf: Shelf, path: str, query: dict[str, str]) -> Document:
    """What is said to a GET; ApiError if there is no such thing."""
    versions = {kind.api_version for kind in KINDS.values()}
    match path.strip("/").split("/"):
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            groups = [a_group(version) for version in sorted(versions) if "/" in version]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["api", version] if version in versions:
            return resources(version)
        case ["apis", group, version] if f"{group}/{version}" in versions:
            return resources(f"{group}/{version}")
        case ["api", version, *rest] if version in versions:
            return held(shelf, version, rest, query)
        case ["apis", group, version, *rest]:
            return held(shelf, f"{group}/{version}", rest, query)
    raise ApiError("the server could not find the requested resource")


def a_group(version: str) -> Document:
    """An API group, which has one version."""
    only = {"groupVersion": version, "version": version.partition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [only], "preferredVersion": only}


def resources(version: str) -> Document:
    """The kinds of one version, as discovery tells them."""
    kinds = [{"name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind,
              "verbs": ["get", "list"], "shortNames": list(kind.short)} for kind in KINDS.values() if kind.api_version == version]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": kinds}


def held(shelf: Shelf, version: str, rest: list[str], query: dict[str, str]) -> Document:
    """One object, or a list."""
    namespace, rest = (rest[1], rest[2:]) if rest[0] == "namespaces" and len(rest) > 2 else (None, rest)
    if rest[0] in BARREN:
        return {"kind": "List", "apiVersion": version, "metadata": {}, "items": []}
    kind = next((each for each in KINDS.values() if (each.api_version, each.plural) == (version, rest[0])), None)
    if kind is None:
        raise ApiError("the server could not find the requested resource")
    if len(rest) > 1:
        return shelf.find(kind, rest[1], namespace or "")
    items = shelf.chosen(kind, namespace, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    return {"kind": f"{kind.kind}List", "apiVersion": version, "metadata": {}, "items": items}
