"""Strategic merge patches and what they come to. The results are those of the real kubectl, which tests/shell asks."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """A document, a patch, and the document that it makes."""

    about: str
    document: dict[str, Any]
    patch: dict[str, Any]
    result: dict[str, Any]


def _pod(metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", **(metadata or {})}, "spec": spec}


def _named(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, **more} for name in names]


ABC = _named("a", "b", "c", image="x")
WITH_ENV = [{"name": "a", "env": [{"name": "x", "value": "1"}, {"name": "y", "value": "2"}]}]
ONE = _named("a", image="x")

STRATEGIC = [
    Row("an item is found by its key", _pod(containers=ABC), {"spec": {"containers": [{"name": "b", "image": "y"}]}},
        _pod(containers=[ABC[0], {"name": "b", "image": "y"}, ABC[2]])),
    Row("a new item stands before what only the server has", _pod(containers=ONE), {"spec": {"containers": _named("b",
        image="y")}},
        _pod(containers=[*_named("b", image="y"), *ONE])),
    Row("an item is deleted", _pod(containers=ABC), {"spec": {"containers": [{"name": "b", "$patch": "delete"}]}},
        _pod(containers=[ABC[0], ABC[2]])),
    Row("a list is replaced", _pod(containers=ABC), {"spec": {"containers": [*_named("z", image="y"), {"$patch": "replace"}]}},
        _pod(containers=_named("z", image="y"))),
    Row("the order is set", _pod(containers=ABC), {"spec": {"$setElementOrder/containers": _named("c", "a")}},
        _pod(containers=[ABC[1], ABC[2], ABC[0]])),
    Row("the order is set, with a new item",
        _pod(containers=ABC), {"spec": {"$setElementOrder/containers": _named("z", "a"), "containers": _named("z", image="y")}},
        _pod(containers=[*_named("z", image="y"), *ABC])),
    Row("what is deleted leaves its place to what is new", _pod(containers=ABC),
        {"spec": {"$setElementOrder/containers": _named("z", "b"),
                  "containers": [{"name": "a", "$patch": "delete"}, *_named("z", image="y")]}},
        _pod(containers=[ABC[2], *_named("z", image="y"), ABC[1]])),
    Row("lists in items of lists", _pod(containers=WITH_ENV),
        {"spec": {"containers": [{"name": "a", "env": [{"name": "x", "value": "3"}, {"name": "y", "$patch": "delete"}]}]}},
        _pod(containers=[{"name": "a", "env": [{"name": "x", "value": "3"}]}])),
    Row("ports are told apart by their number", _pod(containers=[{"name": "a", "ports": [{"containerPort": 80, "name": "x"}]}]),
        {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": None}]}]}},
        _pod(containers=[{"name": "a", "ports": [{"containerPort": 80}]}])),
    Row("a list without a key is replaced", _pod(containers=ONE, tolerations=[{"key": "a"}]),
        {"spec": {"tolerations": [{"key": "b"}]}},
        _pod(containers=ONE, tolerations=[{"key": "b"}])),
    Row("taints have no key", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": [{"key": "a",
        "effect": "NoSchedule"}]}},
        {"spec": {"taints": [{"key": "b", "effect": "NoSchedule"}]}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": [{"key": "b",
            "effect": "NoSchedule"}]}}),
    Row("a field goes and another comes", _pod(containers=ONE, volumes=[{"name": "v", "emptyDir": {}}]),
        {"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/y"}}]}},
        _pod(containers=ONE, volumes=[{"name": "v", "hostPath": {"path": "/y"}}])),
    Row("a set of plain values", _pod({"finalizers": ["a/a", "b/b"]}, containers=ONE), {"metadata": {"finalizers": ["c/c",
        "a/a"]}},
        _pod({"finalizers": ["c/c", "a/a", "b/b"]}, containers=ONE)),
    Row("values are taken out of a set", _pod({"finalizers": ["a/a", "b/b"]}, containers=ONE),
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/a"]}}, _pod({"finalizers": ["b/b"]}, containers=ONE)),
    Row("a set, with everything",
        _pod({"finalizers": ["a/a", "b/b"]}, containers=ONE),
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/a"], "$setElementOrder/finalizers": ["c/c", "b/b"],
                      "finalizers": ["c/c"]}},
        _pod({"finalizers": ["c/c", "b/b"]}, containers=ONE)),
    Row("a map is merged, and null takes away", _pod({"labels": {"x": "1", "y": "2"}}, containers=ONE),
        {"metadata": {"labels": {"x": None, "z": "3"}}}, _pod({"labels": {"y": "2", "z": "3"}}, containers=ONE)),
    Row("a map is replaced", _pod({"labels": {"x": "1"}}, containers=ONE), {"metadata": {"labels": {"$patch": "replace",
        "y": "2"}}},
        _pod({"labels": {"y": "2"}}, containers=ONE)),
    Row("of a map that is not there a directive says nothing", _pod(containers=ONE),
        {"metadata": {"labels": {"$patch": "replace", "y": "2"}}}, _pod(containers=ONE)),
    Row("items of a list that is not there", _pod(containers=ONE),
        {"spec": {"initContainers": [*_named("i", image="y"), {"name": "j", "$patch": "delete"}]}},
        _pod(containers=ONE, initContainers=_named("i", image="y"))),
]  # fmt: skip
