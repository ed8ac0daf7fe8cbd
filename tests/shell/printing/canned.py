"""An API server that knows one namespaced kind, gizmos, and answers whatever it is told: for asking the real kubectl."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

VERBS = ["get", "list"]
RESOURCES = [
    {"name": "gizmos", "singularName": "gizmo", "namespaced": True, "kind": "Gizmo", "verbs": VERBS},
    {"name": "gadgets", "singularName": "gadget", "namespaced": True, "kind": "Gadget", "verbs": VERBS},
]
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": RESOURCES},
}


@contextmanager
def serving(answers: dict[str, Any]) -> Iterator[str]:
    """The address of a server that answers with these objects, by the last part of a request's path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = json.dumps(DISCOVERY.get(path) or answers[path.rpartition("/")[2]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base's own name
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def table(columns: list[Any], rows: list[Any]) -> dict[str, Any]:
    """A Table as a server sends it."""
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "1"}}
    return {**head, "columnDefinitions": columns, "rows": rows}


def listing(items: list[Any]) -> dict[str, Any]:
    """A list as a server sends it."""
    head = {"kind": "GizmoList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}}
    return {**head, "items": [{"kind": "Gizmo", "apiVersion": "v1", **each} for each in items]}
