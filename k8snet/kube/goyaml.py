"""YAML as kubectl reads it: go-yaml v2 behind sigs.k8s.io/yaml, with its types and its errors.

libyaml (by way of PyYAML) scans and parses; go-yaml is a translation of it, so most errors have the same text. What a scalar
means is go-yaml's own: YAML 1.1's yes and no are truth values, a date stays text, 017 is fifteen. Differs from kubectl in one
thing, on purpose: a key that is given twice is refused, where kubectl 1.37 silently takes the last. Sources: go.yaml.in/yaml/v2
(decode.go, resolve.go, and scannerc.go for what it fails on); sigs.k8s.io/yaml (yaml.go); k8s.io/apimachinery, pkg/util/yaml.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from k8snet.errors import NotModelled
from k8snet.kube.gowords import Unreadable, number, quoted
from k8snet.linux.fact import Fact

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml, where PyYAML was built with it; the Python translation says the same in other words, see `_TEXTS`."""
DEEPEST = 200
"""So many collections may lie in one another. go-yaml allows 10,000; no API object has more than thirty."""


class Chunk(Fact, frozen=True):
    """The text of one document, and the line of the whole text (the first is 1) on which it begins."""

    text: str
    line: int


def chunks(text: str) -> Iterator[Chunk]:
    r"""The documents of a text: kubectl cuts it at lines that begin with ``---`` before YAML sees it (YAMLReader).

    >>> [(chunk.line, chunk.text) for chunk in chunks("a: 1\n--- # two\nb: 2")]
    [(1, 'a: 1\n'), (3, 'b: 2\n')]
    """
    kept: list[str] = []
    begin = 1
    for place, whole in enumerate(text.split("\n"), 1):
        line = whole.removesuffix("\r")
        if line.startswith("---"):
            rest = line[3:].strip()
            if rest and not rest.startswith("#"):
                raise Unreadable(f"invalid Yaml document separator: {rest}")
            if kept:
                yield Chunk("\n".join([*kept, ""]), begin)
                kept, begin = [], place + 1
                continue
        kept.append(line)
    if any(kept):
        yield Chunk("\n".join([*kept, ""]) if kept[-1] else "\n".join(kept), begin)


def read(text: str) -> Any:
    r"""One document, as JSON would have it: dicts with text as keys, lists, text, numbers, truth values, None.

    >>> read("on: 2026-11-01\nports: [017, 1_000]")
    {'true': '2026-11-01', 'ports': [15, 1000]}
    >>> read("a: 1\nb: c: d")
    Traceback (most recent call last):
    k8snet.kube.gowords.Unreadable: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context
    """
    try:
        return _Document(text).read()
    except yaml.YAMLError as error:
        raise Unreadable(f"error converting YAML to JSON: yaml: {_problem(error)}") from None


# --- errors ------------------------------------------------------------------------------------------------------

_TEXTS = (
    (r"mapping values are not allowed here", "mapping values are not allowed in this context"),
    (r"mapping keys are not allowed here", "mapping keys are not allowed in this context"),
    (r"sequence entries are not allowed here", "block sequence entries are not allowed in this context"),
    (r"found character '.*' that cannot start any token", "found character that cannot start any token"),
    (r"special characters are not allowed", "control characters are not allowed"),
    (r"expected ',' or '([]}])', but got .*", r"did not find expected ',' or '\1'"),
    (r"expected the node content, but found .*", "did not find expected node content"),
    (r"expected '<document start>', but found .*", "did not find expected <document start>"),
    (r"expected '>', but found .*", "did not find the expected '>'"),
    (r"found undefined tag handle .*", "found undefined tag handle"),
    (r"found unknown escape character .*", "found unknown escape character"),
    (r"expected alphabetic or numeric character, but found .*", "did not find expected alphabetic or numeric character"),
)
_UNFINISHED = {"while parsing a block mapping": "key", "while parsing a block collection": "'-' indicator"}


def _problem(error: yaml.YAMLError) -> str:
    """go-yaml's text and line. It counts a parser's lines from 0 and a scanner's from 1, and leaves out line 0 (parser.fail)."""
    if isinstance(error, ReaderError):
        return _in_go_words(str(error.reason))
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    line = error.problem_mark.line if error.problem_mark else 0
    if line:
        line += isinstance(error, ScannerError)
    elif error.context_mark:
        line = error.context_mark.line
    problem = error.problem or "unknown problem parsing YAML content"
    if problem.startswith("expected <block end>"):
        problem = f"did not find expected {_UNFINISHED.get(error.context or '', 'key')}"
    return (f"line {line}: " if line else "") + _in_go_words(problem)


def _in_go_words(problem: str) -> str:
    for pattern, words in _TEXTS:
        problem = re.sub(f"^{pattern}$", words, problem)
    return problem


# --- one document ------------------------------------------------------------------------------------------------

_OPEN = object()
"""The value of an anchor whose node has not ended."""


class _Document:
    """One document on its way from events to values.

    An error of syntax comes first, wherever it stands; then what cannot be decoded, then what cannot be converted.
    """

    def __init__(self, text: str) -> None:
        self._loader = LOADER(text)
        self._anchors: dict[str, tuple[Any, int]] = {}
        """A value, and how many nodes it took, by name."""
        self._decoded = self._aliased = 0
        """How many nodes there would be if each alias were written out, and how many of them come from aliases."""
        self._undecodable: list[str] = []
        self._doubled: list[str] = []
        self._unconvertible: list[str] = []

    def read(self) -> Any:
        """The document's value."""
        try:
            self._next()
            value = None
            if not isinstance(self._next(), yaml.StreamEndEvent):
                value = self._value(self._next(), 0)
                self._next()
                self._expect_nothing_more()
        finally:
            self._loader.dispose()
        self._check()
        return value

    def _expect_nothing_more(self) -> None:
        """go-yaml looks no further than one document; what kubectl never reads is not accepted in silence."""
        try:
            ended = isinstance(self._next(), yaml.StreamEndEvent)
        except yaml.YAMLError:
            ended = False
        if not ended:
            raise NotModelled("what follows the end of a YAML document", known="a line of --- between documents")

    def _check(self) -> None:
        if self._undecodable:
            raise Unreadable(f"error converting YAML to JSON: yaml: {self._undecodable[0]}")
        if self._doubled:
            told = "\n  ".join(self._doubled)
            raise Unreadable(f"error converting YAML to JSON: yaml: unmarshal errors:\n  {told}")
        if self._unconvertible:
            raise Unreadable(f"error converting YAML to JSON: {self._unconvertible[0]}")

    def _next(self) -> Any:
        return self._loader.get_event()

    def _value(self, event: Any, depth: int) -> Any:
        """The value of the node that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor))
        if depth > DEEPEST:
            raise NotModelled(f"a manifest nested deeper than {DEEPEST}", known="less")
        before = self._decoded
        self._decoded += 1
        if event.anchor:
            self._anchors[event.anchor] = (_OPEN, 0)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        else:
            value = (self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence)(depth + 1)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._decoded - before)
        return value

    def _alias(self, name: str) -> Any:
        if name not in self._anchors:
            raise Unreadable(f"error converting YAML to JSON: yaml: unknown anchor '{name}' referenced")
        value, size = self._anchors[name]
        if value is _OPEN:
            self._undecodable.append(f"anchor '{name}' value contains itself")
            return None
        self._decoded += 1 + size
        self._aliased += size
        if self._aliased > 100 and self._decoded > 1000 and self._aliased / self._decoded > _allowed_share(self._decoded):
            self._undecodable.append("document contains excessive aliasing")
        return value

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            values.append(self._value(event, depth))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        written = set()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if _is_merge(event):
                self._merge(found, depth)
                continue
            key = self._value(event, depth)
            event = self._next()
            line = event.start_mark.line + 1
            value = self._value(event, depth)
            name = self._key(key, value)
            if (type(key), name) in written:
                self._doubled.append(f"line {line}: key {_go_syntax(key)} already set in map")
            written.add((type(key), name))
            found[name] = value
        return found

    def _merge(self, found: dict[str, Any], depth: int) -> None:
        """``<<``: what is merged takes the place of what stands before it (decoder.merge)."""
        event = self._next()
        value = self._value(event, depth)
        maps = value[::-1] if isinstance(event, yaml.SequenceStartEvent) else [value]
        if not all(isinstance(each, dict) for each in maps):
            self._undecodable.append("map merge requires map or sequence of maps as the value")
            return
        for each in maps:
            found.update(each)

    def _key(self, key: Any, value: Any) -> str:
        """A key as text: JSON has no other (convertToJSONableObject)."""
        if isinstance(key, str):
            return key
        if self._undecodable:
            return ""
        if isinstance(key, dict | list):
            self._undecodable.append(f"invalid map key: {_go_syntax(key)}")
        elif key is None:
            told = f"key: <nil>, value: {_go_syntax(value)}"
            self._unconvertible.append(f"unsupported map key of type: %!s(<nil>), {told}")
        return _go_syntax(key)

    def _scalar(self, event: Any) -> Any:
        tag, text = event.tag or "", event.value
        if not tag and not event.implicit[0]:
            return text
        try:
            value = _resolve(tag.replace("tag:yaml.org,2002:", "!!"), text)
        except Unreadable as error:
            self._undecodable.append(str(error))
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._unconvertible.append(f"json: unsupported value: {_FLOATS[str(value)]}")
        return value


def _allowed_share(decoded: int) -> float:
    """How much of a document may come from aliases: less of a larger one (allowedAliasRatio)."""
    return 0.99 - 0.89 * min(max((decoded - 400_000) / 3_600_000, 0), 1)


def _is_merge(event: Any) -> bool:
    if not isinstance(event, yaml.ScalarEvent) or event.value != "<<":
        return False
    return bool(event.implicit[0]) or event.tag == "tag:yaml.org,2002:merge"


def _go_syntax(value: Any) -> str:
    """A value as Go's ``%#v`` writes it."""
    if isinstance(value, dict):
        return "map[interface {}]interface {}{" + ", ".join(f"{_go_syntax(k)}:{_inner(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_inner, value)) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value) if math.isfinite(value) else _FLOATS[str(value)]
    return "<nil>" if value is None else quoted(value)


def _inner(value: Any) -> str:
    return "interface {}(nil)" if value is None else _go_syntax(value)


# --- scalars -----------------------------------------------------------------------------------------------------

_FLOATS = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}
_WORDS: dict[str, Any] = {
    word: value
    for words, value in (
        ("y Y yes Yes YES true True TRUE on On ON", True),
        ("n N no No NO false False FALSE off Off OFF", False),
        ("~ null Null NULL", None),
        (".nan .NaN .NAN", math.nan),
        (".inf .Inf .INF +.inf +.Inf +.INF", math.inf),
        ("-.inf -.Inf -.INF", -math.inf),
    )
    for word in words.split()
} | {"": None}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TAGS = {bool: "!!bool", int: "!!int", float: "!!float", str: "!!str", type(None): "!!null"}


def _resolve(tag: str, text: str) -> Any:
    """What a scalar means (resolve.go). A tag must agree, but for text, which anything is."""
    if tag == "!!binary":
        try:
            return base64.b64decode(text, validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise Unreadable("!!binary value contains invalid base64 data") from None
    if tag not in ("", *_TAGS.values()):
        return text
    value = text if tag == "!!str" else _WORDS[text] if text in _WORDS else _number(text)
    if tag in ("", _TAGS[type(value)]):
        return value
    if tag == "!!float" and isinstance(value, int):
        return float(value)
    raise Unreadable(f"cannot decode {_TAGS[type(value)]} `{text}` as a {tag}")


def _number(text: str) -> Any:
    """A number, or the text itself."""
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    whole = _INTEGER.fullmatch(plain)
    if whole:
        sign, *digits = whole.groups()
        value = next(int(each, base) for each, base in zip(digits, (16, 2, 8, 10), strict=True) if each)
        value = -value if sign == "-" else value
        if -(1 << 63) <= value < 1 << 64:
            return value
    if not _FLOAT.fullmatch(plain) or math.isinf(float(plain)):
        return text
    return float(plain)
