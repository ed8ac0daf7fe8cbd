"""kubectl explain: what the API says of its own fields, laid out as kubectl 1.37 does.

The texts are kube/fielddocs.py's. A path is read as kubectl reads it, as a JSONPath of which only plain fields are allowed.
Source: k8s.io/kubectl, pkg/explain (explain.go; v2/templates/plaintext.tmpl) and pkg/cmd/explain; k8s.io/client-go, util/jsonpath
(parser.go); github.com/mitchellh/go-wordwrap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from k8snet.errors import CommandError, K8snetError, NotModelled
from k8snet.kube.fielddocs import FieldDoc, description, fields
from k8snet.kube.gowords import quoted
from k8snet.kube.objects import KINDS, Kind
from k8snet.kube.rest.openapi.schemas import PLAIN
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import kind_named

if TYPE_CHECKING:
    import msgspec

NOTHING_NAMED = (
    'error: You must specify the type of resource to explain. '
    'Use "kubectl api-resources" for a complete list of supported resources.'
)
MOST_VALUES = 4
"""So many of a field's values stand in a list of fields."""
NO_FIELD = "error: invalid jsonpath syntax, {}"


class Explained(Fact, frozen=True):
    """What is to be explained: an object of a ``kind``, or the field of it that ``path`` leads to."""

    kind: Kind
    path: tuple[str, ...]
    depth: int = 0
    """How many levels of fields are listed, without descriptions; 0: one level, with them; -1: all."""

    @property
    def heading(self) -> str:
        """What kubectl prints before it looks for the field."""
        group = f"GROUP:      {self.kind.group}\n" if self.kind.group else ""
        return f"{group}KIND:       {self.kind.kind}\nVERSION:    {self.kind.api_version.rpartition('/')[2]}\n\n"

    @property
    def body(self) -> str:
        """The description and the fields. CommandError if there is no such field."""
        if not self.path:
            return _described([description(self.kind.type)], self.kind.type, self.depth)
        found = _follow(self.kind.type, self.path)
        if found is None:
            raise CommandError(f'error: field "{self.path[-1]}" does not exist')
        values = "\n    ".join(["ENUM:", *_values(found)]) if found.enum else ""
        said = _described([found.description, _own_words(found)], found.of, self.depth)
        return f"FIELD: {found.name} <{_type(found)}>\n{values}\n\n{said}"


def explain(path: str, *, recursive: bool = False, api_version: str | None = None, output: str = "plaintext",
            max_depth: int = 0) -> str:
    """What `kubectl explain PATH` prints. CommandError in kubectl's words, where there is no such resource or field.

    >>> print(explain("pod.spec.containers.ports.containerPort"))
    KIND:       Pod
    VERSION:    v1
    <BLANKLINE>
    FIELD: containerPort <integer>
    <BLANKLINE>
    <BLANKLINE>
    DESCRIPTION:
        Number of port to expose on the pod's IP address. This must be a valid port
        number, 0 < x < 65536.
    <BLANKLINE>
    <BLANKLINE>
    """
    asked = _asked(path, recursive=recursive, api_version=api_version, output=output, max_depth=max_depth)
    return asked.heading + asked.body


def below(path: str) -> list[str]:
    """The names of the fields that a path may go on with; none if it leads nowhere.

    >>> below("svc.spec.ports")[:2]
    ['appProtocol', 'name']
    """
    try:
        kind, steps = _resource(path, versioned=False)
    except K8snetError:
        return []
    found = _follow(kind.type, tuple(steps)) if steps else None
    inside = kind.type if not steps else found and found.of
    return [each.name for each in fields(inside)] if inside else []


def run(call: Call) -> None:
    """The verb: the heading stands there even if the field does not exist."""
    if not call.args:
        raise CommandError(NOTHING_NAMED)
    if len(call.args) > 1:
        raise CommandError("error: We accept only this format: explain RESOURCE")
    asked = _asked(call.args[0], recursive=call["recursive"], api_version=call["api-version"], output=call["output"],
                   max_depth=call["max-depth"])
    call.terminal.print(asked.heading)
    call.terminal.print(asked.body)


COMMAND = Command(
    "explain", "explain TYPE[.FIELD...] [--recursive] [--api-version=GROUP/VERSION]", "Say what the fields of an object mean",
    run, (flag("R, recursive", "bool"), flag("api-version"), flag("max-depth", "int"), flag("o, output", "string", "plaintext")),
)  # fmt: skip


def _asked(path: str, *, recursive: bool, api_version: str | None, output: str, max_depth: int) -> Explained:
    if max_depth < 0:
        raise CommandError("error: --max-depth must be non-negative")
    if max_depth and not recursive:
        raise CommandError("error: --max-depth requires --recursive")
    kind, steps = _resource(path, bool(api_version))
    if output == "plaintext-openapiv2":
        raise NotModelled("kubectl explain -o plaintext-openapiv2", known="plaintext")
    if api_version:
        _check_version(kind, api_version)
    if output != "plaintext":
        raise CommandError(f"error: unrecognized format: {output}")
    return Explained(kind, tuple(steps), (max_depth or -1) if recursive else 0)


def _check_version(kind: Kind, api_version: str) -> None:
    if api_version.count("/") > 1:
        raise CommandError(f"error: unexpected GroupVersion string: {api_version}")
    group, _, version = api_version.rpartition("/")
    name = f"{group}/{version}, Resource={kind.plural}"
    if api_version not in {each.api_version for each in KINDS.values()}:
        raise CommandError(f'error: couldn\'t find resource for "{name}"')
    if api_version != kind.api_version:
        raise CommandError(f"error: GVR ({name}) not found in OpenAPI schema")


# --- the path -----------------------------------------------------------------------------------------------------


def _resource(path: str, versioned: bool) -> tuple[Kind, list[str]]:
    """The kind that a path begins with, and the fields that follow: ``deploy.spec``, ``deployments.apps.spec``."""
    first, *rest = _nodes(path)
    if first is None:
        raise CommandError(NO_FIELD.format("first node must be field node"))
    if not first:
        raise CommandError("error: a resource must be present, got: /, Resource=")
    kind = _kind(first)
    if not versioned and path.startswith(kind.resource):
        _, *rest = _nodes(path.removeprefix(kind.resource))
    steps = [step for step in rest if step is not None]
    if len(steps) < len(rest):
        raise CommandError(NO_FIELD.format("all nodes must be field nodes" if versioned else "first node must be field node"))
    return kind, steps


def _kind(word: str) -> Kind:
    missing = CommandError(f"the server doesn't have a resource type {quoted(word)}")
    try:
        return kind_named(word)
    except CommandError as error:
        raise missing from error


_NODE = re.compile(r"""
    \.\.(?P<below>\w(?:\\.|[^\s.,\[\]$@{}])*)?      # recursive descent, and a field that follows at once
  | \.(?P<field>(?:\\.|[^\s.,\[\]$@{}])*)
  | \['(?P<key>[^']*)'\]
  | (?P<nothing>[\s$@])
  | (?P<other>\[[^\]]*\] | "[^"]*" | '[^']*' | [\w+-][^\s.,\[\]$@{}]*)
""", re.VERBOSE)  # fmt: skip


def _nodes(path: str) -> list[str | None]:
    """The nodes of a JSONPath: fields by name, None for whatever else it knows. CommandError for what is none."""
    text, at, nodes = f".{path.removesuffix('.')}", 0, list[str | None]()
    while at < len(text):
        found = _NODE.match(text, at)
        if found is None:
            raise CommandError(_unreadable(text[at]))
        at = found.end()
        nodes += _read(found)
    return nodes


def _read(found: re.Match[str]) -> list[str | None]:
    if found[0].startswith(".."):
        return [None] if found["below"] is None else [None, _plain(found["below"])]
    if found["key"] is not None:
        return [_plain(part) for part in found["key"].split(".")]
    if found["field"] is not None:
        return [None if found["field"] == "*" else _plain(found["field"])]
    return [None] if found["other"] else []


def _plain(name: str) -> str:
    return name.replace("\\", "")


def _unreadable(character: str) -> str:
    if character == "[":
        return "error: unterminated array"
    if character == "}":
        return "error: must pass in 1 jsonpath string"
    return f"error: unrecognized character in action: U+{ord(character):04X} '{character}'"


# --- the fields ---------------------------------------------------------------------------------------------------


def _follow(kind: type[msgspec.Struct], path: tuple[str, ...]) -> FieldDoc | None:
    """The field that a path leads to, through lists and maps as if they were not there."""
    name, *rest = path
    found = next((each for each in fields(kind) if each.name == name), None)
    if found is None or not rest:
        return found
    return _follow(found.of, tuple(rest)) if found.of else None


def _described(texts: list[str], kind: type[msgspec.Struct] | None, depth: int) -> str:
    text = "".join(f"{each}\n" for each in texts if each)
    listed = "".join(_listed(kind, depth) if depth else _told(kind)) if kind else ""
    below = f"FIELDS:\n{listed}" if listed else ""
    return f"DESCRIPTION:\n{indented(wrapped(text or '<empty>', 76), 4)}\n{below}\n"


def _told(kind: type[msgspec.Struct]) -> Iterator[str]:
    """The fields with their descriptions."""
    for each in fields(kind):
        yield f"{_signature(each, '  ')}{indented(wrapped(each.description or '<no description>', 76), 4)}\n\n"


def _listed(kind: type[msgspec.Struct], depth: int, level: int = 1) -> Iterator[str]:
    """The fields, and the fields of these, without a word."""
    for each in fields(kind):
        yield _signature(each, "  " * level)
        if each.of is not None and level != depth:
            yield from _listed(each.of, depth, level + 1)


def _signature(each: FieldDoc, indent: str) -> str:
    """A field's line, and one with the first of its values."""
    line = f"{indent}{each.name}\t<{_type(each)}>{' -required-' if each.required else ''}\n"
    more = ", ...." if len(each.enum) > MOST_VALUES else ""
    return f"{line}{indent}enum: {', '.join(_values(each)[:MOST_VALUES])}{more}\n" if each.enum else line


def _values(each: FieldDoc) -> list[str]:
    return [value or '""' for value in each.enum]


def _own_words(each: FieldDoc) -> str:
    """What a field's type says of itself."""
    if each.of is not None:
        return description(each.of)
    return str(PLAIN[each.base][1]["description"]) if each.base in PLAIN else ""


def _type(each: FieldDoc) -> str:
    return f"{each.container}{'string' if each.base in ('Time', 'MicroTime') else each.base}"


# --- lines --------------------------------------------------------------------------------------------------------


def wrapped(text: str, limit: int) -> str:
    r"""Text in lines of at most ``limit``; a longer word has a line of its own, and more than one space stays.

    >>> wrapped("one  two three", 8)
    'one  two\nthree'
    """
    return "\n".join(_wrapped(line, limit) for line in text.split("\n"))


def _wrapped(line: str, limit: int) -> str:
    text, used = "", 0
    for found in re.finditer(r"([^\S\xa0]*)((?:\S|\xa0)*)", line):
        space, word = found.groups()
        used += len(space) + len(word)
        if used <= limit or (word and used - len(word) <= 1):
            text += found[0]
        elif word:
            text, used = f"{text}\n{word}", len(word)
    return text


def indented(text: str, width: int) -> str:
    """Text with spaces before each line, empty ones too."""
    return "\n".join(" " * width + line for line in text.split("\n"))
