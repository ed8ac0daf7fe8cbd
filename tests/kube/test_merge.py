"""What apply makes of the last manifest, the new one and the live object."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.merge import three_way


@pytest.mark.parametrize(
    ("last", "new", "live", "merged"),
    [
        pytest.param({}, {"a": 1}, {}, {"a": 1}, id="new field"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}, id="changed field"),
        pytest.param({"a": 1}, {}, {"a": 1, "b": 2}, {"b": 2}, id="what is taken out goes"),
        pytest.param({"a": 1}, {}, {"a": 5}, {}, id="even if others changed it"),
        pytest.param({}, {}, {"b": 2}, {"b": 2}, id="what others set stays"),
        pytest.param({}, {"a": None}, {"a": 2}, {}, id="null takes away"),
        pytest.param(
            {"x": {"a": 1, "b": 1}}, {"x": {"a": 1}}, {"x": {"a": 1, "b": 1, "c": 1}}, {"x": {"a": 1, "c": 1}}, id="inside",
        ),
        pytest.param({"args": ["a"]}, {"args": ["b"]}, {"args": ["a", "x"]}, {"args": ["b"]}, id="a plain list is replaced"),
        pytest.param(
            {"containers": [{"name": "web", "image": "nginx:1"}]},
            {"containers": [{"name": "web", "image": "nginx:2"}]},
            {"containers": [{"name": "web", "image": "nginx:1", "imagePullPolicy": "Always"}, {"name": "proxy", "image": "p"}]},
            {"containers": [{"name": "web", "image": "nginx:2", "imagePullPolicy": "Always"}, {"name": "proxy", "image": "p"}]},
            id="containers by name, and one that was put in by others",
        ),
        pytest.param(
            {"containers": [{"name": "a"}, {"name": "b"}]}, {"containers": [{"name": "b"}]},
            {"containers": [{"name": "a"}, {"name": "b"}]}, {"containers": [{"name": "b"}]}, id="a container is taken out",
        ),
        pytest.param(
            {}, {"ports": [{"containerPort": 80, "name": "http"}]}, {"ports": [{"containerPort": 80, "protocol": "TCP"}]},
            {"ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}]}, id="a container's ports by number",
        ),
        pytest.param({}, {"finalizers": ["a"]}, {"finalizers": ["b"]}, {"finalizers": ["a", "b"]}, id="a merged set"),
    ],
)  # fmt: skip
def test_three_way(last: Any, new: Any, live: Any, merged: Any) -> None:
    assert three_way(last, new, live) == merged


values = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(["a", "b", "c"]), values, max_size=3)


@given(objects, objects, objects)
def test_nothing_handed_in_is_changed(last: Any, new: Any, live: Any) -> None:
    before = copy.deepcopy((last, new, live))
    three_way(last, new, live)
    assert (last, new, live) == before


@given(objects, objects)
def test_to_apply_again_changes_nothing(new: Any, live: Any) -> None:
    once = three_way({}, new, live)
    assert three_way(new, new, once) == once
