"""How the plugins' programming language says no, as it shows through in their errors: JSON that is none, values of a wrong
type, the kernel's error numbers.

Source: Go's encoding/json (scanner.go, decode.go) and its package syscall; a field is found whatever its case.
"""

from __future__ import annotations

import re
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.gojson import UNEXPECTED_END, check_depth, read_value
from k8snet.kube.gowords import named
from k8snet.linux.tools.libc import MEANINGS

OFFSET = re.compile(r"^json: offset \d+: ")
"""What only the library that kubectl reads with says."""
SPACE = " \t\r\n"
EXPLAINED = {"Error: Nexthop has invalid gateway.": "network is unreachable"}
"""Where the kernel explains itself to iproute2, and the plugin sees the number alone."""


def decode(text: str) -> Any:
    """What a JSON text holds. ValueError in Go's words if it is none.

    >>> decode('{"a": 1,}')
    Traceback (most recent call last):
    ValueError: invalid character '}' looking for beginning of object key string
    """
    check_depth(text)
    try:
        value, end = read_value(text, len(text) - len(text.lstrip(SPACE)))
    except ValueError as error:
        told = "unexpected end of JSON input" if str(error) == UNEXPECTED_END else OFFSET.sub("", str(error))
        raise ValueError(told) from None
    if rest := text[end:].lstrip(SPACE):
        raise ValueError(f"invalid character {rest[0]!r} after top-level value")
    return value


class Fields:
    """The fields of a JSON object, asked for by name and type. ValueError in Go's words if one has another type.

    ``struct`` is the Go type that they would be read into, ``path`` the way to them from the outermost object, with a dot
    behind it: errors name both.

    >>> Fields({"mtu": "large"}, "NetConf").number("mtu")
    Traceback (most recent call last):
    ValueError: json: cannot unmarshal string into Go struct field NetConf.mtu of type int
    """

    def __init__(self, values: Any, struct: str, path: str = "") -> None:
        self._values = {key.lower(): value for key, value in values.items()}
        self._struct, self._path = struct, path

    def __contains__(self, name: str) -> bool:
        return self._values.get(name.lower()) is not None

    def text(self, name: str, kind: str = "string") -> str:
        """A string, or what Go reads from one (``kind``); empty where there is none."""
        return str(self._of(name, str, kind) or "")

    def flag(self, name: str) -> bool:
        """A bool; False where there is none."""
        return bool(self._of(name, bool, "bool"))

    def number(self, name: str) -> int | None:
        """A whole number."""
        value = self._of(name, int, "int")
        return None if value is None else int(value)

    def fields(self, name: str, kind: str = "struct") -> Fields:
        """An object inside; without fields where there is none."""
        return Fields(self._of(name, dict, kind) or {}, kind.rpartition(".")[2], f"{self._path}{name}.")

    def listed(self, name: str, kind: str) -> list[Any]:
        """A list; empty where there is none."""
        return list(self._of(name, list, f"[]{kind}") or ())

    def texts(self, name: str) -> list[str]:
        """A list of strings; null is an empty one."""
        return [str(self._checked(name, "" if each is None else each, str, "string")) for each in self.listed(name, "string")]

    def objects(self, name: str, kind: str, of: str = "") -> list[Fields]:
        """A list of objects of a Go type; ``of`` is that type where the list's own name for it is a pointer's."""
        return [self.element(name, each, of or kind) for each in self.listed(name, kind)]

    def element(self, name: str, value: Any, kind: str) -> Fields:
        """One object of a list inside."""
        return Fields(self._checked(name, value, dict, kind), kind.rpartition(".")[2], f"{self._path}{name}.")

    def elements(self, name: str, value: Any, kind: str, of: str) -> list[Fields]:
        """One list of a list inside, and its objects."""
        return [self.element(name, each, of) for each in self._checked(name, value, list, kind)]

    def _of(self, name: str, wanted: type, kind: str) -> Any:
        value = self._values.get(name.lower())
        return None if value is None else self._checked(name, value, wanted, kind)

    def _checked(self, name: str, value: Any, wanted: type, kind: str) -> Any:
        if type(value) is wanted or (wanted is dict and isinstance(value, dict)):
            return value
        where = f"{self._struct}.{self._path}{name}"
        raise ValueError(f"json: cannot unmarshal {kind_of(value)} into Go struct field {where} of type {kind}")


def kind_of(value: object) -> str:
    """What Go calls a JSON value; a number that is not whole it quotes."""
    if value is None or isinstance(value, dict):
        return "null" if value is None else "object"
    return named(value, literal=isinstance(value, float))


def said(error: CommandError) -> str:
    """The kernel's error number in Go's words, which are the C library's in small letters; else what the tool said."""
    known = MEANINGS[error.errno].lower() if error.errno in MEANINGS else str(error)
    return EXPLAINED.get(str(error), known)
