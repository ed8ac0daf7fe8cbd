"""The three kinds of no.

    K8snetError
     ├ CommandError   the kernel's or the tool's no, in the tool's own words
     ├ ApiError       the API server's no, in its own words
     └ NotModelled    our no: what was asked, and what is known instead

A packet that does not arrive is none of these: it is a result, and its trace says why.
"""

from __future__ import annotations

import traceback
from pathlib import Path

PACKAGE = str(Path(__file__).resolve().parent)


class K8snetError(Exception):
    """The root of all errors that k8snet raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows (IPython asks for it): the caller's own line and the text, no way through our source."""
        own = [frame for frame in traceback.extract_tb(self.__traceback__) if not frame.filename.startswith(PACKAGE)]
        where = [f"line {own[-1].lineno}: {own[-1].line}"] if own else []
        return [*where, f"{type(self).__name__}: {self}", *getattr(self, "__notes__", [])]


class CommandError(K8snetError):
    """A tool refused a command, or the kernel refused the tool.

    ``str(error)`` is what the tool prints, ``code`` its exit status, and ``errno`` the name of the kernel's
    error number where the kernel was asked:

    >>> error = CommandError("RTNETLINK answers: File exists", code=2, errno="EEXIST")
    >>> print(error, error.code, error.errno)
    RTNETLINK answers: File exists 2 EEXIST
    """

    def __init__(self, text: str, *, code: int = 1, errno: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.errno = errno


class ApiError(K8snetError):
    """The API server refused a request. ``reason`` is its machine-readable word, such as ``NotFound``.

    ``causes`` are the field errors of an object that is refused as a whole, each once; kubectl lists them.
    """

    def __init__(self, text: str, *, reason: str = "", code: int = 1, causes: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.reason = reason
        self.code = code
        self.causes = causes


class NotModelled(K8snetError):
    """Real Linux or real Kubernetes knows this and the model does not; ``docs/not-modelled.md`` lists what.

    ``asked`` is what was asked for, ``known`` what there is instead:

    >>> print(NotModelled("ip link add type vlan", known="veth, bridge"))
    not modelled: ip link add type vlan (known: veth, bridge)
    """

    code = 1

    def __init__(self, asked: str, *, known: str = "") -> None:
        super().__init__(f"not modelled: {asked}" + (f" (known: {known})" if known else ""))
        self.asked = asked
        self.known = known
