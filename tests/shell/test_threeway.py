"""What apply makes of the last manifest, the new one and the live object: the patch that it sends, and what that leads to."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube import strategic
from k8snet.kube.objects import ConfigMap, Pod
from k8snet.shell.kubectl.threeway import three_way_patch


def applied(last: Any, new: Any, live: Any, kind: Any = Pod) -> Any:
    return strategic.merged(live, three_way_patch(last, new, live, kind), kind)


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def containers(*names: str, **fields: Any) -> dict[str, Any]:
    return spec(containers=[{"name": name, **fields} for name in names])


@pytest.mark.parametrize(
    ("last", "new", "live", "merged"),
    [
        pytest.param({}, spec(a=1), {}, spec(a=1), id="new field"),
        pytest.param(spec(a=1), spec(a=2), spec(a=1), spec(a=2), id="changed field"),
        pytest.param(spec(a=1), spec(), spec(a=1, b=2), spec(b=2), id="what is taken out goes"),
        pytest.param(spec(a=1), spec(), spec(a=5), spec(), id="even if others changed it"),
        pytest.param({}, {}, spec(b=2), spec(b=2), id="what others set stays"),
        pytest.param({}, spec(a=None), spec(a=2), spec(), id="null takes away"),
        pytest.param(containers("w", args=["a"]), containers("w", args=["b"]), containers("w", args=["a", "x"]),
                     containers("w", args=["b"]), id="a plain list is replaced"),
        pytest.param(
            containers("web", image="nginx:1"), containers("web", image="nginx:2"),
            spec(containers=[{"name": "web", "image": "nginx:1", "imagePullPolicy": "Always"}, {"name": "proxy"}]),
            spec(containers=[{"name": "web", "image": "nginx:2", "imagePullPolicy": "Always"}, {"name": "proxy"}]),
            id="containers by name, and one that was put in by others",
        ),
        pytest.param(containers("a", "b"), containers("b"), containers("a", "b"), containers("b"), id="a container is taken out"),
        pytest.param(containers("a", "b"), containers("b", "a"), containers("a", "b"), containers("b", "a"), id="another order"),
        pytest.param(
            {}, containers("w", ports=[{"containerPort": 80, "name": "http"}]),
            containers("w", ports=[{"containerPort": 80, "protocol": "TCP"}]),
            containers("w", ports=[{"containerPort": 80, "protocol": "TCP", "name": "http"}]), id="a container's ports by number",
        ),
        pytest.param({}, {"metadata": {"finalizers": ["a"]}}, {"metadata": {"finalizers": ["b"]}},
                     {"metadata": {"finalizers": ["a", "b"]}}, id="a merged set"),
    ],
)  # fmt: skip
def test_what_it_leads_to(last: Any, new: Any, live: Any, merged: Any) -> None:
    assert applied(last, new, live) == merged


data = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"]), max_size=3).map(lambda each: {"data": each})
pods = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3).flatmap(
    lambda names: st.sampled_from(["x", "y"]).map(lambda image: containers(*names, image=image))
)


@pytest.mark.parametrize(("kind", "documents"), [(ConfigMap, data), (Pod, pods)])
def test_to_apply_again_changes_nothing(kind: Any, documents: Any) -> None:
    @given(documents, documents, documents)
    def holds(last: Any, new: Any, live: Any) -> None:
        before = copy.deepcopy((last, new, live))
        once = applied(last, new, live, kind)
        assert (last, new, live) == before
        assert applied(new, new, once, kind) == once

    holds()
