"""What a request's body says: JSON, YAML or protobuf becomes a document, and a document an object of the official types.

Reading is as strict as the request asks (``fieldValidation``): unknown and doubled fields are refused, told as warnings, or
dropped. Source: k8s.io/apiserver, pkg/endpoints/handlers (create.go, rest.go); k8s.io/apimachinery, runtime/serializer/json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from k8snet.errors import ApiError
from k8snet.kube.decoding import unhandled
from k8snet.kube.gojson import Doubled, check_depth, read_value
from k8snet.kube.gowords import Unreadable, named, quoted
from k8snet.kube.goyaml import read as read_yaml
from k8snet.kube.objects import KINDS, Kind, Object
from k8snet.kube.rest import protodecoding
from k8snet.kube.rest.http import JSON, YAML, Request
from k8snet.kube.rest.omitting import omitted
from k8snet.kube.rest.protobuf import Malformed
from k8snet.kube.structs import decoded
from k8snet.linux.fact import Fact

ACCEPTED = f"{JSON}, {YAML}, {protodecoding.MEDIA}"
"""What a body may be written in."""
TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
"""What the server reads first, as Go calls it."""
STRICT, WARN, IGNORE = "Strict", "Warn", "Ignore"
SHOWN = 30
"""So much of a body that makes no sense is repeated."""


class Decoded(Fact, frozen=True):
    """An object, and what the client is to be warned of."""

    obj: Object
    warnings: tuple[str, ...] = ()


def read_object(kind: Kind, request: Request) -> Decoded:
    """The object in a body. What the body does not say of its kind, the path does. ApiError (BadRequest)."""
    return decode(kind, read_document(request, kind.kind, kind.type), request.parameter("fieldValidation", WARN))


def read_document(request: Request, kind: str, struct_of: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    """The document in a body; ``kind`` is what is expected there, ``struct_of`` its type, without which protobuf is no use."""
    media = request.media or JSON
    if media == protodecoding.MEDIA and struct_of is not None:
        return _unpacked(request.data, kind, struct_of)
    if media not in (JSON, YAML):
        text = f"the body of the request was in an unknown format - accepted media types include: {ACCEPTED}"
        raise ApiError(text, reason="UnsupportedMediaType")
    text = request.text
    try:
        value = read_yaml(text) if media == YAML else read_json(text)
    except Unreadable as error:
        raise _unrecognized(kind, f"couldn't get version/kind; json parse error: {error}", text) from None
    if not isinstance(value, dict):
        why = f"json: cannot unmarshal {named(value)} into Go value of type {TYPE_META}"
        raise _unrecognized(kind, f"couldn't get version/kind; json parse error: {why}", text)
    return value


def _unpacked(data: bytes, kind: str, struct_of: type[msgspec.Struct]) -> dict[str, Any]:
    try:
        return protodecoding.document(data, struct_of)
    except Malformed as error:
        text = f"the object provided is unrecognized (must be of type {kind}): {error}"
        raise ApiError(text, reason="BadRequest") from None


def read_json(text: str) -> Any:
    """One JSON value. Unreadable, in Go's words."""
    if not text.strip():
        raise Unreadable("unexpected end of JSON input")
    check_depth(text)
    value, end = read_value(text, len(text) - len(text.lstrip()))
    if text[end:].strip():
        raise Unreadable(f"invalid character {text[end:].strip()[0]!r} after top-level value")
    return value


def _unrecognized(kind: str, why: str, text: str) -> ApiError:
    shown = "<empty>" if not text else text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
    return ApiError(f"the object provided is unrecognized (must be of type {kind}): {why} ({shown})", reason="BadRequest")


def decode(kind: Kind, document: dict[str, Any], validation: str = STRICT) -> Decoded:
    """The object that a document describes, which must be of this kind. ApiError (BadRequest)."""
    _check_kind(kind, document)
    return decode_as(kind, document, validation, lambda why: unhandled(kind, why))


def decode_as(kind: Kind, document: dict[str, Any], validation: str, refused: Callable[[str], ApiError]) -> Decoded:
    """The object of a kind that a document describes; ``refused`` makes the refusal of what it cannot say."""
    obj, walk = decoded(kind.type, omitted(_plain(document), kind.type))
    if walk.wrong is not None:
        raise refused(walk.wrong)
    found = (*walk.unknown, *(f"duplicate field {quoted(field)}" for field in doubled(document, "")))
    if found and validation == STRICT:
        raise refused(f"strict decoding error: {', '.join(found)}")
    return Decoded(obj, () if validation == IGNORE else found)


def _check_kind(kind: Kind, document: dict[str, Any]) -> None:
    version, name = document.get("apiVersion") or kind.api_version, document.get("kind") or kind.kind
    if not isinstance(version, str) or not isinstance(name, str) or (name == kind.kind and version == kind.api_version):
        return
    if name == kind.kind or any(each.kind == name and each.api_version == version for each in KINDS.values()):
        if version != kind.api_version:
            text = f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
            raise ApiError(text, reason="BadRequest")
        why = f"converting (v1.{name}) to (core.{kind.kind}): unknown conversion"
    else:
        why = unregistered(name, version)
    raise ApiError(f"{name} in version {quoted(version.rpartition('/')[2])} cannot be handled as a {kind.kind}: {why}",
                   reason="BadRequest")


def unregistered(kind: str, version: str) -> str:
    """What the server says of a kind that it does not have."""
    return f'no kind {quoted(kind)} is registered for version {quoted(version)} in scheme "pkg/api/legacyscheme/scheme.go:30"'


def _plain(value: Any) -> Any:
    """A document of nothing but JSON's own types, where in each object the last of several equal keys counts."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def doubled(value: Any, path: str) -> Iterator[str]:
    """The paths of the fields that a document gives twice."""
    if isinstance(value, dict):
        twice = value.keys_twice if isinstance(value, Doubled) else ()
        for key, inner in value.items():
            place = f"{path}.{key}" if path else key
            if key in twice:
                yield place
            yield from doubled(inner, place)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from doubled(inner, f"{path}[{at}]")
