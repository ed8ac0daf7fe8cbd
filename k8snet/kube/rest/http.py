"""Requests and responses, as HTTP has them but for the connection.

Nothing here knows an API object. Header fields are those that the API server looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from k8snet.errors import ApiError
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.linux.fact import Fact

JSON = "application/json"
YAML = "application/yaml"
TEXT = "text/plain"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
OK, CREATED, NO_CONTENT = 200, 201, 204

Query = Mapping[str, str] | tuple[tuple[str, str], ...]


class Request(Fact, frozen=True):
    """One request. ``path`` may carry a query of its own; ``who`` is written into the history.

    >>> Request("GET", "/api/v1/pods?limit=500", query={"watch": "true"}).parameter("limit")
    '500'
    """

    method: str
    path: str
    query: Query = ()
    body: bytes | str = ""
    content_type: str = JSON
    accept: str = JSON
    who: str = "kubectl"

    @property
    def place(self) -> str:
        """The path without its query, and without a slash at its end."""
        return unquote(self.path.partition("?")[0]).rstrip("/") or "/"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's names and values."""
        own = self.query.items() if isinstance(self.query, Mapping) else self.query
        return [*own, *parse_qsl(self.path.partition("?")[2], keep_blank_values=True)]

    def parameter(self, name: str, otherwise: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self.parameters if key == name), otherwise)

    def asks(self, name: str) -> bool:
        """Whether a parameter is true, as Go's url conversion reads it: 1, true, or a name without a value."""
        found = next((value for key, value in self.parameters if key == name), None)
        return found is not None and found.lower() not in ("false", "0")

    def integer(self, name: str) -> int | None:
        """The whole number that a parameter is; None if it is not there. ApiError (BadRequest)."""
        if not (text := self.parameter(name)):
            return None
        try:
            return read_integer(text)
        except Unreadable as error:
            raise ApiError(str(error), reason="BadRequest") from None

    @property
    def media(self) -> str:
        """The media type of the body, without its parameters; empty if none is told."""
        return self.content_type.partition(";")[0].strip()

    @property
    def is_dry(self) -> bool:
        """Whether nothing is to be kept."""
        return self.parameter("dryRun") != ""

    @property
    def data(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else self.body.encode()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace") if isinstance(self.body, bytes) else self.body


class Response(Fact, frozen=True):
    """The answer: ``body`` is what JSON can write (for `TEXT`: a text), ``warnings`` go into header fields of that name.

    ``cause`` is the error behind a refusal, for who asks from within this process.
    """

    status: int
    body: Any
    content_type: str = JSON
    warnings: tuple[str, ...] = ()
    cause: Exception | None = None
