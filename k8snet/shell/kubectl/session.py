"""kubectl's end of the connection: it sends requests, tells of them if asked to (``-v``), and lets the cluster react.

All that kubectl knows of a cluster it has from here, as the real one has it from HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.kube.gowords import quoted
from k8snet.kube.objects import KINDS, Kind, Object
from k8snet.kube.rest import Request
from k8snet.shell.kubectl.command import Terminal
from k8snet.shell.kubectl.kubeconfig import Context, Kubeconfig
from k8snet.shell.kubectl.refusals import Refused

JSON = "application/json"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io,{JSON};as=Table;v=v1beta1;g=meta.k8s.io,{JSON}"
"""What kubectl accepts where it wants the server's own table."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
TYPED = frozenset(["run", "set", "rollout", "cordon", "uncordon", "drain", "taint", "exec", "port-forward"])
"""The verbs that read what they get into Go's types, where an object's kind is lost."""
FIRST_LEVEL = 6
"""From this -v on kubectl tells of each request."""


class Session:
    """One run of kubectl in a ``context``. ``verbosity`` is what ``-v`` says."""

    def __init__(self, kubeconfig: Kubeconfig, context: Context, terminal: Terminal, verbosity: int = 0) -> None:
        self.kubeconfig = kubeconfig
        self.context = context
        self.terminal = terminal
        self.verbosity = verbosity
        self.assembly = context.assembly
        self._warned = set[str]()

    @property
    def server(self) -> str:
        """The API server's address, as the kubeconfig has it."""
        return server(self.context)

    @property
    def now(self) -> datetime:
        """The time of day."""
        return self.assembly.plane.api.time

    @property
    def paused(self) -> bool:
        """Whether nobody reacts to what is written, so that waiting for it would never end."""
        return self.assembly.plane.paused

    # --- requests -------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, *,
                content_type: str = JSON, accept: str = JSON) -> Any:
        """Send a request and return the answer's body. ApiError if the server refuses it, NotModelled if the model does."""
        sent = {key: value for key, value in (query or {}).items() if value != ""}
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        answer = self.assembly.rest.handle(Request(
            method=method, path=path, query=tuple(sent.items()), body=text, content_type=content_type, accept=accept,
            who="kubectl",
        ))  # fmt: skip
        self._tell(method, path, sent, answer.status)
        for warning in answer.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.terminal.line(f"Warning: {warning}")
        if method in WRITES and "dryRun" not in sent:
            self.assembly.plane.settle_unless_paused()
        if isinstance(answer.cause, NotModelled):
            raise answer.cause
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Refused(answer.body)
        return answer.body

    def _tell(self, method: str, path: str, query: Mapping[str, str], status: int) -> None:
        if self.verbosity >= FIRST_LEVEL:
            url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
            words = f'verb="{method}" url="{url}" status="{status} {HTTPStatus(status).phrase}" milliseconds=0'
            self.terminal.line(f'{self.stamp("round_trippers.go:632")} "Response" {words}')

    def tell_of_refusal(self, error: Refused, verb: str) -> None:
        """The whole of what the server has answered, for who asks for it; kubectl leaves it out where it lists causes."""
        if self.verbosity >= FIRST_LEVEL and error.reason != "Invalid":
            status = {key: value for key, value in error.status.items() if verb not in TYPED or key not in ("kind", "apiVersion")}
            self.terminal.line(f'{self.stamp("helpers.go:247")} server response object: {json.dumps(status, indent=2)}')

    def stamp(self, place: str, level: str = "I") -> str:
        """How a line of kubectl's own log begins: the level, the time, the process, and the place in the source."""
        return f"{level}{self.now:%m%d %H:%M:%S}.000000       1 {place}]"

    # --- objects --------------------------------------------------------------------------------------------------

    def fetch(self, kind: Kind, name: str, namespace: str) -> dict[str, Any]:
        """An object as JSON has it. ApiError (NotFound)."""
        found: dict[str, Any] = self.request("GET", place(kind, namespace, name))
        return found

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """An object of the official type. ApiError (NotFound)."""
        return typed(self.fetch(KINDS[kind], name, namespace), KINDS[kind])

    def list(self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = "") -> list[Object]:
        """Objects of the official type: of one namespace or all."""
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": "500"}
        answer = self.request("GET", place(KINDS[kind], namespace), query)
        return [typed(each, KINDS[kind]) for each in answer["items"]]


def place(kind: Kind, namespace: str | None, name: str | None = None, part: str = "") -> str:
    """Where the API server has an object; without a name, all of a kind. CommandError for what cannot stand in a path.

    Source: k8s.io/client-go, rest/request.go (Name, Namespace); k8s.io/apimachinery, pkg/api/validate/content.

    >>> place(KINDS["Pod"], "default", "a b"), place(KINDS["Node"], "default")
    ('/api/v1/namespaces/default/pods/a%20b', '/api/v1/nodes')
    """
    if name == "":
        raise CommandError("error: resource name may not be empty")
    return kind.path(_segment("namespace", namespace or ""), _segment("resource name", name or ""), part)


def _segment(what: str, text: str) -> str:
    """A part of a path, with the letters that cannot stand in a URL by number."""
    faults = [f"may not be '{text}'"] if text in (".", "..") else [f"may not contain '{each}'" for each in "/%" if each in text]
    if faults:
        raise CommandError(f"error: invalid {what} {quoted(text)}: [{' '.join(faults)}]")
    return quote(text, safe="$&+,:;=@")


def typed(document: dict[str, Any], kind: Kind) -> Object:
    """What the server has sent, as the official type."""
    try:
        return msgspec.convert({"apiVersion": kind.api_version, "kind": kind.kind, **document}, kind.type)
    except msgspec.ValidationError as error:
        raise ApiError(f"error: {error}") from error


def server(context: Context) -> str:
    """The address of a context's API server."""
    place = next(place for place in context.assembly.site.nodes if place.control_plane)
    return f"https://{place.ip}:6443"

