"""A document of OpenAPI version 2 in protobuf, which is all that older clients read.

Each message is a run of fields: a number, a length, the bytes. Source: google/gnostic, openapiv2/OpenAPIv2.proto, for the
numbers; protobuf's encoding.
"""

from __future__ import annotations

import json
from typing import Any

from k8snet.kube.rest.protobuf import message


def document(plain: dict[str, Any]) -> bytes:
    r"""The whole document.

    >>> document({"swagger": "2.0", "info": {"title": "T", "version": "1"}, "paths": {}, "definitions": {}})
    b'\n\x032.0\x12\x06\n\x01T\x12\x011B\x00J\x00'
    """
    info = message((1, plain["info"]["title"]), (2, plain["info"]["version"]))
    paths = message(*((2, _named(name, _path(item))) for name, item in plain["paths"].items()))
    return message((1, plain["swagger"]), (2, info), (8, paths), (9, _schemas(plain["definitions"])))


def _named(name: str, value: bytes) -> bytes:
    return message((1, name), (2, value))


def _schemas(named: dict[str, Any]) -> bytes:
    return message(*((1, _named(name, schema(each))) for name, each in named.items()))


def schema(plain: dict[str, Any]) -> bytes:
    """One schema."""
    inside = plain.get("additionalProperties")
    return message(
        (1, plain.get("$ref")), (2, plain.get("format")), (4, plain.get("description")),
        *((19, name) for name in plain.get("required", ())),
        *((20, _any(value)) for value in plain.get("enum", ())),
        (21, None if inside is None else message((1, schema(inside)))),
        (22, message((1, plain["type"])) if "type" in plain else None),
        (23, message((1, schema(plain["items"]))) if "items" in plain else None),
        (25, _schemas(plain["properties"]) if "properties" in plain else None),
        *_extensions(31, plain),
    )  # fmt: skip


def _path(item: dict[str, Any]) -> bytes:
    numbers = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}
    return message(*((number, _operation(item[method])) for method, number in numbers.items() if method in item))


def _operation(plain: dict[str, Any]) -> bytes:
    queries = (message((2, each["in"]), (4, each["name"]), (6, "string")) for each in plain["parameters"])
    parameters = (message((1, message((2, message((3, query)))))) for query in queries)
    return message(*((8, each) for each in parameters), *_extensions(13, plain))


def _extensions(number: int, plain: dict[str, Any]) -> list[tuple[int, bytes]]:
    return [(number, _named(name, _any(value))) for name, value in plain.items() if name.startswith("x-")]


def _any(value: Any) -> bytes:
    """Any value, as YAML; JSON is YAML."""
    return message((2, json.dumps(value) + "\n"))
