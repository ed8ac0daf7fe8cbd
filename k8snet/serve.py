"""The model's API server over HTTP, on this machine alone: for real clients, such as a real kubectl.

Requests go to the same function that the model's own kubectl asks (`k8snet.kube.rest`); here are only the sockets, one lock
around the cluster, and watches, which stay open. After a write the cluster settles, unless it is paused.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from k8snet.errors import K8snetError
from k8snet.kube.rest import Request, Response
from k8snet.kube.rest.http import JSON
from k8snet.kube.rest.status import refused
from k8snet.kube.rest.watching import Stream

if TYPE_CHECKING:
    from k8snet.cluster import Cluster

HOST = "127.0.0.1"
OWN_NAMES = (HOST, "localhost")
"""As what a client may address the server; whoever means another host was led here by a wrong name."""
LARGEST_BODY = 3 * 1024 * 1024
"""So many bytes may a request have, as with the real server."""
GLANCE = 1.0
"""So often, in seconds, does a watch look whether it is to end."""
PATIENCE = 0.02
"""So often, in seconds, does the server look whether it is to close."""
WRITES = ("POST", "PUT", "PATCH", "DELETE")

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {url}
users:
- name: {name}
  user: {{}}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
current-context: {name}
"""


class Served:
    """A cluster that is served at `url`, until `close` or the end of a ``with``."""

    def __init__(self, cluster: Cluster, port: int = 0) -> None:
        self.cluster = cluster
        self._changed = threading.Condition()
        """The lock around the cluster; watches wait for what is written."""
        self._server = _Server((HOST, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(PATIENCE,), name="k8snet serve", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where clients find the API server."""
        return f"http://{HOST}:{self._server.server_port}"

    def kubeconfig(self, path: str | Path | None = None, name: str = "") -> str:
        """A kubeconfig with one context, which is called ``name`` (as the cluster, if none is given); written to ``path`` too."""
        text = KUBECONFIG.format(name=name or self.cluster.name, url=self.url)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Inside, no client is served; whoever uses the cluster while it is served does it here. Watches are told at the end."""
        with self._changed:
            yield
            self._changed.notify_all()

    def close(self) -> None:
        """End all connections, and serve no more."""
        if not self._server.is_closing:
            self._server.is_closing = True
            with self._changed:
                self._changed.notify_all()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- requests -------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Response | Stream:
        """The API server's answer to a request; after a write, the cluster comes to rest first."""
        with self._changed:
            assembly = self.cluster._assembly
            found = assembly.rest.answer(request)
            if request.method in WRITES:
                try:
                    assembly.plane.settle_unless_paused()
                except K8snetError as error:
                    found = refused(error)
                self._changed.notify_all()
            return found

    def events(self, stream: Stream) -> Iterator[list[dict[str, Any]]]:
        """What a watch has to tell, time and again, until its time is up or the server closes."""
        end = time.monotonic() + stream.seconds
        with self._changed:
            found = stream.poll()
        while not self._server.is_closing:
            yield found
            with self._changed:
                found = stream.poll()
                left = end - time.monotonic()
                if not found and left > 0:
                    self._changed.wait(min(left, GLANCE))
                    found = stream.poll()
            if left <= 0:
                return


def serve(cluster: Cluster, port: int = 0) -> Served:
    """Serve a cluster's API on this machine (a free port, if none is given), for as long as it is not closed.

    >>> from k8snet import Cluster
    >>> with serve(Cluster(nodes=1)) as served:
    ...     print(served.kubeconfig().splitlines()[3])
    - name: k8snet
    """
    return Served(cluster, port)


class _Server(ThreadingHTTPServer):
    """The sockets. Connections that are open are closed with the server."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], served: Served) -> None:
        self.served = served
        self.is_closing = False
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for each in list(self._open):
            self.shutdown_request(each)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of errors, but not of connections that ended while the server did."""
        if not self.is_closing:
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Any request."""
        size = self.headers.get("Content-Length") or "0"
        if (refusal := self._refusal(size)) is not None:
            self.close_connection = True
            return self.send_error(refusal)
        found = self.server.served.answer(Request(
            self.command, self.path, body=self.rfile.read(int(size)), content_type=self.headers.get("Content-Type") or JSON,
            accept=self.headers.get("Accept") or "", who=self._who(),
        ))  # fmt: skip
        return self._stream(found) if isinstance(found, Stream) else self._send(found)

    def _refusal(self, size: str) -> int | None:
        """The HTTP status with which a request is refused before it is read; None: it is not."""
        if self.headers.get("Host", "").partition(":")[0] not in OWN_NAMES:
            return 403
        if not size.isdecimal():
            return 400
        too_large = len(size) > len(str(LARGEST_BODY)) or int(size) > LARGEST_BODY
        return 413 if too_large or self.headers.get("Transfer-Encoding") else None

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 the library's names

    def _who(self) -> str:
        """By which name a client goes: the program that its User-Agent names."""
        return (self.headers.get("User-Agent") or "client").partition("/")[0].strip() or "client"

    def _send(self, answer: Response) -> None:
        body = answer.body
        data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else _line(body)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-cache, private")
        self._warn(answer.warnings)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, stream: Stream) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Transfer-Encoding", "chunked")
        self._warn(stream.warnings)
        self.end_headers()
        try:
            for events in self.server.served.events(stream):
                self._chunk(b"".join(map(_line, events)))
                if self._client_is_gone():
                    self.close_connection = True
                    return
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):  # the client has seen enough
            self.close_connection = True

    def _client_is_gone(self) -> bool:
        """Whether the other end has hung up: then there is nothing to read, and yet one can."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _warn(self, warnings: tuple[str, ...]) -> None:
        for warning in warnings:
            text = warning.replace("\\", "\\\\").replace('"', '\\"')
            self.send_header("Warning", f'299 - "{text}"')

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the library's name
        """Say nothing: the history tells who wrote what."""


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
