"""The API server's refusals, in the words that kubectl makes of them.

Source: k8s.io/kubectl, pkg/cmd/util/helpers.go (StandardErrorMessage, checkErr); words as kubectl 1.37 prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.objects import Kind


class Refused(ApiError):
    """A request that the server has answered with a ``status`` (an object of the kind Status) of failure."""

    def __init__(self, status: dict[str, Any]) -> None:
        details = status.get("details") or {}
        causes = [_cause(each) for each in details.get("causes") or ()]
        text = _told(status, details, list(dict.fromkeys(causes)))
        super().__init__(text, reason=status.get("reason", ""), causes=tuple(causes))
        self.status = status

    @property
    def on_one_line(self) -> str:
        """The same where it is one of several, or part of a longer sentence: the server's message as it is."""
        reason = self.status.get("reason", "")
        return f"Error from server{f' ({reason})' if reason else ''}: {self.status.get('message', '')}"

    def when(self, doing: str, origin: str) -> Refused:
        """The same, with what kubectl was doing, and with which file."""
        return self.told(f'error when {doing} "{origin}": ')

    def told(self, beginning: str) -> Refused:
        """The same, with this before the server's words."""
        return Refused(self.status | {"message": f"{beginning}{self.status.get('message', '')}"})

    def failed_to_create(self, kind: Kind) -> ApiError:
        """The same, as kubectl tells it of an object that it made up."""
        if kind.kind == "Namespace":
            return self
        what = "secret" if kind.kind == "Secret" else f"{kind.kind.lower()}:"
        return ApiError(f"error: failed to create {what} {self.status.get('message', '')}", reason=self.reason)


def _told(status: dict[str, Any], details: dict[str, Any], causes: list[str]) -> str:
    message, reason = status.get("message", ""), status.get("reason", "")
    if reason == "Invalid" and not details:
        return f"The request is invalid: {message}"
    if reason == "Invalid":
        subject = "The request is invalid"
        if details.get("kind") or details.get("name"):
            subject = f'The {details.get("kind", "")} "{details.get("name", "")}" is invalid'
        elif message and not causes:
            subject = message
        return several(f"{subject}: ", causes) if causes else subject
    return f"Error from server ({reason}): {message}" if reason else f"Error from server: {message}"


def _cause(cause: dict[str, Any]) -> str:
    return f"{cause['field']}: {cause.get('message', '')}" if cause.get("field") else str(cause.get("message", ""))


def several(beginning: str, errors: Sequence[str]) -> str:
    """One error behind the beginning, or several below it."""
    return f"{beginning}{errors[0]}" if len(errors) == 1 else "\n".join([beginning, *(f"* {each}" for each in errors)])
