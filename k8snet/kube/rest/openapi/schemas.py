"""The types as JSON schemas, in the two dialects of OpenAPI that the API server writes.

Source: the published documents (api/openapi-spec of Kubernetes): how types are called there, and which marks fields have.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

from k8snet.kube.fielddocs import FieldDoc, description, fields
from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.objects import Kind
from k8snet.kube.strategic import STRATEGIES

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "Quantity": ("io.k8s.apimachinery.pkg.api.resource", {"description": "An amount, as 500m, 2 or 64Mi.", "type": "string"}),
    "IntOrString": ("io.k8s.apimachinery.pkg.util.intstr",
                    {"description": "A number or a text.", "type": "string", "format": "int-or-string"}),
    "Time": (META, {"description": "A time in the form of RFC 3339.", "type": "string", "format": "date-time"}),
    "MicroTime": (META, {"description": "A time with microseconds.", "type": "string", "format": "date-time"}),
    "FieldsV1": (META, {"description": "A set of fields.", "type": "object"}),
}  # fmt: skip
"""Types that are no structs: where they are, and what they are. The real server describes them at greater length."""


class Dialect(Enum):
    """A version of OpenAPI: where a document has its schemas."""

    V2 = "#/definitions/"
    V3 = "#/components/schemas/"


Schemas = dict[str, dict[str, Any]]


def name_of(kind: type[msgspec.Struct]) -> str:
    """How the published documents call a type.

    >>> from k8snet.kube.objects import EndpointSlice, ObjectMeta
    >>> name_of(EndpointSlice), name_of(ObjectMeta)
    ('io.k8s.api.discovery.v1.EndpointSlice', 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
    """
    group, _, version = kind.__module__.rpartition(".")[2].rpartition("_")
    return f"{META if group == 'meta' else f'io.k8s.api.{group}.{version}'}.{kind.__name__}"


def definitions(kinds: Iterable[Kind], dialect: Dialect) -> Schemas:
    """The schemas of some kinds, and of all types that occur in them, by name."""
    found: Schemas = {}
    for kind in kinds:
        _define(kind.type, dialect, found)
        group, _, version = kind.api_version.rpartition("/")
        found[name_of(kind.type)]["x-kubernetes-group-version-kind"] = [{"group": group, "kind": kind.kind, "version": version}]
    return dict(sorted(found.items()))


def _define(kind: type[msgspec.Struct], dialect: Dialect, found: Schemas) -> None:
    name = name_of(kind)
    if name in found:
        return
    schema = found[name] = {"description": description(kind), "type": "object", "properties": {}}
    for field in fields(kind):
        schema["properties"][field.name] = _field(kind, field, dialect)
        if field.of is not None:
            _define(field.of, dialect, found)
        elif field.base in PLAIN:
            found[f"{PLAIN[field.base][0]}.{field.base}"] = dict(_plain(field.base, dialect))
    if needed := [field.name for field in fields(kind) if field.required]:
        schema["required"] = needed


def _plain(name: str, dialect: Dialect) -> dict[str, Any]:
    """A type that is no struct; version 3 can say of two of them that they are numbers too."""
    schema = PLAIN[name][1]
    if dialect is Dialect.V3 and name in ("Quantity", "IntOrString"):
        number = {"type": "number"} if name == "Quantity" else {"type": "integer"}
        shape = {"format": "int-or-string"} if name == "IntOrString" else {}
        return {"description": schema["description"], **shape, "oneOf": [{"type": "string"}, number]}
    return schema


def _field(kind: type[msgspec.Struct], field: FieldDoc, dialect: Dialect) -> dict[str, Any]:
    """A field's schema, from the inside out: the base, then its containers, then what is said of the field."""
    place, container = f"{kind.__name__}.{field.name}", field.container
    schema = _base(place, field, dialect)
    while container:
        outer = "[]" if container.endswith("[]") else "map[string]"
        container = container.removesuffix(outer)
        schema = {"type": "array", "items": schema} if outer == "[]" else {"type": "object", "additionalProperties": schema}
    if dialect is Dialect.V3 and "$ref" in schema:
        schema = {"allOf": [schema]}
    return schema | {"description": field.description} | ({"enum": list(field.enum)} if field.enum else {}) | _marks(place)


def _base(place: str, field: FieldDoc, dialect: Dialect) -> dict[str, Any]:
    go = GO_TYPES.get(place, "")
    if field.of is not None:
        return {"$ref": f"{dialect.value}{name_of(field.of)}"}
    if field.base in PLAIN:
        return {"$ref": f"{dialect.value}{PLAIN[field.base][0]}.{field.base}"}
    if field.base == "integer":
        return {"type": "integer", "format": go if go == "int64" else "int32"}
    return {"type": field.base, **({"format": "byte"} if go == "map[string][]uint8" else {})}


def _marks(place: str) -> dict[str, str]:
    """What a strategic merge patch has to know."""
    how = STRATEGIES.get(place)
    if how is None:
        return {}
    marks = {"x-kubernetes-patch-merge-key": how.key} if how.key else {}
    return marks | {"x-kubernetes-patch-strategy": how.names}
