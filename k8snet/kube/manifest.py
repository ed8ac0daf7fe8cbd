"""From what the reader gives (a path, text, dicts) to documents: plain dicts, as JSON has them.

Whether a document is a good object is decoding.py's and validation's matter. YAML's own rules are in goyaml.py, JSON's
in gojson.py. Sources: k8s.io/cli-runtime, pkg/resource (builder.go, visitor.go) and k8s.io/apimachinery, pkg/util/yaml
(decoder.go): kubectl tries JSON where a text begins with a brace, goes over to YAML, and flattens lists.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.decoding import STDIN, no_match, type_meta, version_and_kind
from k8snet.kube.gojson import Doubled, check_depth, read_value
from k8snet.kube.gowords import Unreadable, named, quoted
from k8snet.kube.goyaml import chunks, read
from k8snet.kube.objects import KINDS

Source = str | dict[str, Any] | list[Any] | Path
"""What a manifest can be given as."""

_PATH = re.compile(r"(?!.*: )[^\n\0{}\[\]]+\.(ya?ml|json)")
"""A text that is taken for a path: one line that ends like a manifest's file and does not look like YAML or JSON."""


def parse(source: Source) -> list[dict[str, Any]]:
    r"""The documents of a manifest, in order: each a new dict, as JSON has it; empty ones are left out, lists flattened.

    ``source`` is a Path; a path as text (one line that ends in .yaml, .yml or .json: the file is read); text in YAML
    or JSON, of one or several documents; a dict; or a list of any of these.

    Raises ApiError with the text that kubectl prints (its ``reason`` is empty: no server was asked), also where there
    is no object at all. A syntax error's line counts from the document's own beginning, as kubectl's does; where that
    is not the text's first line, a note says on which line the document begins.

    >>> parse("kind: Pod\napiVersion: v1\n---\n# nothing\n---\n{kind: Node, apiVersion: v1}")
    [{'kind': 'Pod', 'apiVersion': 'v1'}, {'kind': 'Node', 'apiVersion': 'v1'}]
    >>> parse("web.yaml")
    Traceback (most recent call last):
    k8snet.errors.ApiError: error: the path "web.yaml" does not exist
    """
    documents = [document for document, _ in parse_named(source)]
    if not documents:
        raise ApiError("error: no objects passed to apply")
    return documents


def parse_named(source: Source) -> list[tuple[dict[str, Any], str]]:
    """The same, each with the name that errors give its origin: the path of its file, or ``STDIN``. May be empty."""
    found: list[tuple[dict[str, Any], str]] = []
    for document, origin, _ in read_named(source):
        if isinstance(document, ApiError):
            raise document
        found.append((document, origin))
    return found


class Read(NamedTuple):
    """A document, or what is wrong in its place; the name of its origin; and whether it is one of a list's items."""

    document: dict[str, Any] | ApiError
    origin: str = ""
    listed: bool = False


def read_named(source: Source) -> Iterator[Read]:
    """The same, where an error stands in place of what it is about: kubectl goes on behind one that it can read as a document.

    Behind an error of syntax, or of a document that names no version or kind, nothing comes.
    """
    try:
        for value, origin in _values(source):
            if value is None:
                continue
            version_and_kind(value, origin)
            try:
                yield from (Read(document, origin, "items" in value) for document in _flattened(value, origin))
            except ApiError as error:
                yield Read(error, origin)
    except ApiError as error:
        yield Read(error)


def _values(source: Source) -> Iterator[tuple[Any, str]]:
    if isinstance(source, Path) or (isinstance(source, str) and _PATH.fullmatch(source)):
        yield from ((value, str(source)) for value in _texts(_content(str(source)), str(source)))
    elif isinstance(source, str):
        yield from ((value, STDIN) for value in _texts(source, STDIN))
    elif isinstance(source, list):
        for each in source:
            yield from _values(each)
    else:
        try:
            yield _plain(source), STDIN
        except RecursionError:
            raise NotModelled("a manifest nested this deep", known="less") from None


# --- files -------------------------------------------------------------------------------------------------------


def _content(path: str) -> str:
    """A file's text; what is not UTF-8 becomes U+FFFD, and UTF-16 is known by its first bytes (FileVisitor)."""
    if path.startswith(("http://", "https://")):
        raise NotModelled(f"the manifest at {path}", known="files, text, dicts")
    try:
        if Path(path).is_dir():
            raise NotModelled(f"the directory {path} as a manifest", known="its files, one by one")
        content = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ApiError(f"error: the path {quoted(path)} does not exist") from None
    except OSError as error:
        raise ApiError(f"error: open {path}: {(error.strerror or '').lower()}") from None
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", errors="replace")


# --- text --------------------------------------------------------------------------------------------------------


def _texts(text: str, origin: str) -> Iterator[Any]:
    text = _whole(text).removeprefix("\ufeff")
    end, failed = 0, None
    if text.lstrip().startswith("{"):
        check_depth(text)
        count = 0
        while (begin := _space(text, end)) < len(text) and failed is None:
            try:
                value, end = read_value(text, begin)
            except Unreadable as error:
                failed = str(error)
                if count > 1:  # by now it is clear that this is JSON
                    raise _parse_error(origin, re.sub(r"^json: offset \d+: ", "", failed)) from None
            else:
                count += 1
                yield _once(value, origin)
        end = _space(text, end, text.find("\n", end) + 1 or len(text))
    yield from _documents(text[end:], text[:end].count("\n"), origin, failed)


def _documents(text: str, lines_before: int, origin: str, failed: str | None) -> Iterator[Any]:
    """The YAML documents; ``failed`` is what JSON said before of the first: kubectl then tells that, not YAML's error."""
    begin = lines_before + 1
    try:
        for chunk in chunks(text):
            begin = lines_before + chunk.line
            yield read(chunk.text)
            failed = None
    except Unreadable as error:
        refusal = _parse_error(origin, failed or str(error))
        if begin > 1 and "line" in str(refusal):
            refusal.add_note(f"The document begins on line {begin}, and kubectl counts from there.")
        raise refusal from None


def _parse_error(origin: str, why: str) -> ApiError:
    return ApiError(f"error: error parsing {origin}: {why}")


_SPACE = re.compile(r"\s*")


def _space(text: str, position: int, limit: int | None = None) -> int:
    """Where white space ends that begins at a position."""
    found = _SPACE.match(text, position, len(text) if limit is None else limit)
    return found.end() if found else position


def _once(value: Any, origin: str) -> Any:
    """Refuse what is given twice, in the words of the API server: it would tell, though kubectl 1.37 sends it the last."""
    doubled = list(_doubled(value, ""))
    if doubled:
        version, kind = type_meta(value, origin)
        fields = ", ".join(f"duplicate field {quoted(field)}" for field in doubled)
        where = f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a {kind}'
        raise ApiError(f"{where}: strict decoding error: {fields}", reason="BadRequest")
    return _plain(value)


def _doubled(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        twice = value.keys_twice if isinstance(value, Doubled) else ()
        for key in sorted(value):
            place = f"{path}.{key}" if path else key
            if key in twice:
                yield place
            yield from _doubled(value[key], place)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _doubled(each, f"{path}[{index}]")


# --- values ------------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """A value as JSON has it, all of it new: what the reader changes later changes no object."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, dict):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    what = f"value: {value}" if isinstance(value, float) else f"type: {type(value).__name__}"
    raise ApiError(f"error: error parsing {STDIN}: json: unsupported {what}")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return _whole(key)
    if isinstance(key, int | float):
        return str(key).lower()
    raise ApiError(f"error: error parsing {STDIN}: json: unsupported type: map[{type(key).__name__}]")


def _whole(text: str) -> str:
    """Text without half characters (surrogates): Go reads each as U+FFFD."""
    return str(text) if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- lists -------------------------------------------------------------------------------------------------------


def _flattened(value: Any, origin: str) -> Iterator[dict[str, Any]]:
    """A document, or the items of a list in its place: what has ``items`` is a list to kubectl, whatever its kind."""
    version, kind = type_meta(value, origin)
    if "items" not in value:
        yield value
        return
    if not _is_list(version, kind):
        raise no_match(value, version, kind, origin)
    items = value["items"]
    if not isinstance(items, list | None):
        raise _undecodable(origin, items, "struct field decodeList.items of type []json.RawMessage")
    for item in items or []:
        if not isinstance(item, dict):
            raise _undecodable(origin, item, "value of type map[string]interface {}")
        own = item.get("kind") or item.get("apiVersion")
        by_list = {} if own else {"apiVersion": version, "kind": kind.removesuffix("List")}
        yield from _flattened({**item, **by_list}, origin)


def _is_list(version: str, kind: str) -> bool:
    item = KINDS.get(kind.removesuffix("List"))
    known = {each.api_version for each in KINDS.values()}
    return version in known if kind == "List" else item is not None and item.api_version == version


def _undecodable(origin: str, value: Any, go: str) -> ApiError:
    return ApiError(f"error: unable to decode {quoted(origin)}: json: cannot unmarshal {named(value)} into Go {go}")
