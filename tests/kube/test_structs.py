"""The official types as Go structs: what is written of an object reads as the same object again."""

from __future__ import annotations

import copy
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.kube.decoding import decode
from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.objects import KINDS, Object, to_dict


def types() -> dict[str, list[type[msgspec.Struct]]]:
    """All types that objects are made of, by name."""
    found: dict[str, list[type[msgspec.Struct]]] = {}
    waiting: list[Any] = [kind.type for kind in KINDS.values()]
    while waiting:
        hint = waiting.pop()
        waiting.extend(typing.get_args(hint))
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in found.get(hint.__name__, []):
            found.setdefault(hint.__name__, []).append(hint)
            waiting.extend(info.type for info in msgspec.structs.fields(hint))
    return found


TYPES = types()


@pytest.mark.parametrize("field", sorted(GO_TYPES))
def test_the_table_of_go_types_names_fields_that_there_are(field: str) -> None:
    kind, _, name = field.partition(".")
    assert any(info.name == name for each in TYPES[kind] for info in msgspec.structs.fields(each))


TIMES = st.integers(0, 4 * 10**15).map(lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
NAMES = st.text("abc-/.é", min_size=1, max_size=4)
MAPS = {
    "v1.ResourceList": st.sampled_from(["1", "100m", "64Mi"]),
    "map[string][]uint8": st.sampled_from(["aGk=", ""]),
    None: NAMES,
}


def with_micros(time: datetime) -> datetime:
    """msgspec writes microseconds only where there are some; a MicroTime must have six places."""
    return time.replace(microsecond=time.microsecond or 1)


def values(hint: Any, field: str, depth: int) -> st.SearchStrategy[Any]:
    """Values of a type hint."""
    if typing.get_origin(hint) is list:
        return st.lists(values(typing.get_args(hint)[0], field, depth + 1), max_size=2)
    if typing.get_origin(hint) is typing.Union:
        choices = [each for each in typing.get_args(hint) if each is not type(None)]
        return st.one_of([values(each, field, depth) for each in choices])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return structs(hint, depth + 1)
    if hint is datetime:
        return TIMES.map(with_micros) if GO_TYPES.get(field) == "v1.MicroTime" else TIMES
    if hint is dict:
        return st.dictionaries(NAMES, MAPS[GO_TYPES.get(field)], max_size=2)
    if hint is str and GO_TYPES.get(field) == "resource.Quantity":
        return st.just("1")
    return {int: st.integers(-(2**31), 2**31 - 1), str: NAMES, bool: st.booleans()}.get(hint, st.just({"f:x": {}}))


@st.composite
def structs(draw: st.DrawFn, kind: type[msgspec.Struct], depth: int = 0) -> Any:
    """Objects of one of the official types: few of their fields, all that the API demands."""
    infos = msgspec.structs.fields(kind)
    demanded = [info for info in infos if info.required or info.name in ("metadata", "spec")]
    rest = [info for info in infos if info not in demanded]
    chosen = draw(st.lists(st.sampled_from(rest), max_size=3, unique_by=lambda info: info.name)) if rest and depth < 6 else []
    given = {info.name: draw(values(info.type, f"{kind.__name__}.{info.name}", depth)) for info in (*demanded, *chosen)}
    return kind(**given)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(KINDS)).flatmap(lambda name: structs(KINDS[name].type)))
def test_an_object_comes_back_from_its_manifest(obj: Object) -> None:
    document = to_dict(obj)
    before = copy.deepcopy(document)
    assert decode(document) == obj
    assert document == before
