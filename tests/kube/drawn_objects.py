"""Objects drawn at random from the official types, as decoding makes them: what the API demands is there, types are right.

Their texts and numbers are often such as mean something somewhere, so that they get far.
"""

from __future__ import annotations

import types
from datetime import UTC, datetime
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from k8snet.kube.gotypes import GO_TYPES
from k8snet.kube.objects import KINDS, Object

MOST_FIELDS = 5
"""So many of the fields that may be absent are there at most."""
ALWAYS = ("metadata", "spec")
"""Fields that decoding fills in (see decoding.decode)."""
WORDS = [
    "a", "web", "A", "-", "a.b", "a/b", "x-1", "80%", "0%", "101%", "Always", "Never", "OnFailure", "IfNotPresent", "TCP",
    "UDP", "tcp", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Equal", "NoExecute", "NoSchedule", "RollingUpdate",
    "Recreate", "OnDelete", "HTTP", "/", "..", "../a", "nginx", "nginx:1.29", "default", "v1", "Pod", "None", "ClusterFirst",
    "10.244.0.0/24", "kubernetes", "DoNotSchedule", "ScheduleAnyway", "status.podIP", "metadata.name", "File", "Honor",
    "linux",
]  # fmt: skip
QUANTITIES = ("0", "1", "500m", "0.5", "1Gi", "1024Mi", "-1", "1e3", "1.5", "250m")

texts = st.sampled_from(["", *WORDS]) | st.text(max_size=8)
numbers = st.sampled_from([-1, 0, 1, 2, 5, 30, 80, 101, 65535, 65536]) | st.integers(-(1 << 31), (1 << 31) - 1)
times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis wants it so
keys = st.sampled_from(["app", "example.com/app", "cpu", "memory", "example.com/gpu", "hugepages-2Mi", "A_b", "-"]) | texts


@cache
def drawn(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Objects of one of the official types."""
    fields = msgspec.structs.fields(kind)
    there = [info.name for info in fields if info.required or info.name in ALWAYS]
    others = [info.name for info in fields if info.name not in there]
    values = {info.name: _values(info.type, GO_TYPES.get(f"{kind.__name__}.{info.name}")) for info in fields}
    chosen = st.lists(st.sampled_from(others), unique=True, max_size=MOST_FIELDS) if others else st.just([])

    @st.composite
    def build(draw: st.DrawFn) -> msgspec.Struct:
        return kind(**{name: draw(values[name]) for name in (*there, *draw(chosen))})

    return build()


def _values(hint: Any, go: str | None) -> st.SearchStrategy[Any]:
    unions = get_origin(hint) in (Union, types.UnionType)
    choices = [each for each in get_args(hint) if each is not type(None)] if unions else [hint]
    if len(choices) == 2:
        return numbers | texts
    (choice,) = choices
    if get_origin(choice) is list:
        return st.lists(_values(get_args(choice)[0], go), max_size=2)
    if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
        return st.deferred(lambda: drawn(choice))
    if choice is dict or get_origin(choice) is dict:
        return st.dictionaries(keys, st.sampled_from(QUANTITIES) if go == "v1.ResourceList" else texts, max_size=2)
    plain: dict[Any, st.SearchStrategy[Any]] = {str: texts, int: numbers, bool: st.booleans(), datetime: times}
    return st.sampled_from(QUANTITIES) if go == "resource.Quantity" else plain.get(choice, st.none())


def objects(*kinds: str) -> st.SearchStrategy[Object]:
    """Objects of some kinds by name; of all that the model knows, if none is named."""
    return st.one_of([drawn(KINDS[name].type) for name in kinds or KINDS])
