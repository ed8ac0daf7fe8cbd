"""JSON patches, merge patches and strategic merge patches."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import ApiError
from k8snet.kube import strategic
from k8snet.kube.objects import KINDS
from k8snet.kube.rest import patching
from tests.kube.rest.patches import STRATEGIC

# --- JSON patches: RFC 6902, appendix A ---------------------------------------------------------------------------

OPERATIONS: list[tuple[Any, list[dict[str, Any]], Any]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo", "foo": "bar"}),
    ({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
     [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}], {"foo": {"bar": "baz"}, "qux": {"corge": "grault",
         "thud": "fred"}}),
    ({"foo": ["all", "grass", "cows", "eat"]}, [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
     {"foo": ["all", "cows", "eat", "grass"]}),
    ({"baz": "qux", "foo": ["a", 2, "c"]}, [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1",
     "value": 2}],
     {"baz": "qux", "foo": ["a", 2, "c"]}),
    ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"grandchild": {}}}], {"foo": "bar", "child": {"grandchild": {}}}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}], {"foo": ["bar", ["abc", "def"]]}),
    ({"a": {"b": [1]}}, [{"op": "copy", "from": "/a/b", "path": "/c"}], {"a": {"b": [1]}, "c": [1]}),
    ({"a": [{"b": 1}]}, [{"op": "replace", "path": "/a/0/b", "value": 2}], {"a": [{"b": 2}]}),
    # less strict than the RFC, as the library of API server and kubectl is
    ({"a": 1}, [{"op": "replace", "path": "/nope", "value": 1}, {"op": "add", "path": "/x"}], {"a": 1, "nope": 1, "x": None}),
    ({"a": [1, 2]}, [{"op": "test", "path": "/nope"}, {"op": "remove", "path": "/a/-1"}], {"a": [1]}),
    ({"a": [1]}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "operations", "result"), OPERATIONS)
def test_operations(document: Any, operations: Any, result: Any) -> None:
    before = copy.deepcopy(document)
    assert patching.patched(document, operations) == result
    assert document == before


@pytest.mark.parametrize("operation", [
    {"op": "test", "path": "/baz", "value": "bar"},
    {"op": "add", "path": "/a/b", "value": 1},
    {"op": "remove", "path": "/nope"},
    {"op": "replace", "path": "/nope/x", "value": 1},
    {"op": "add", "path": "/list/5", "value": 1},
    {"op": "replace", "path": "/list/-", "value": 1},
    {"op": "add", "path": "baz", "value": 1},
    {"op": "add", "value": 1},
    {"op": "copy", "path": "/x"},
    {"op": "remove", "path": ""},
    {"op": "shuffle", "path": "/baz"},
    {"op": "add", "path": "/baz/x/y", "value": 1},
])  # fmt: skip
def test_operations_that_do_not_apply(operation: Any) -> None:
    with pytest.raises(ApiError) as caught:
        patching.patched({"baz": "qux", "list": [1]}, [operation])
    assert (str(caught.value), caught.value.reason) == ("the server rejected our request due to an error in our request",
        "Invalid")


@pytest.mark.parametrize(("patch", "why"), [
    ({"op": "add"}, "object into Go value of type jsonpatch.Patch"),
    (["add"], "string into Go value of type jsonpatch.Operation"),
])  # fmt: skip
def test_what_is_no_json_patch(patch: Any, why: str) -> None:
    with pytest.raises(ApiError) as caught:
        patching.patched({}, patch)
    assert (str(caught.value), caught.value.reason) == (f"json: cannot unmarshal {why}", "BadRequest")


# --- merge patches: RFC 7386, appendix A --------------------------------------------------------------------------


@pytest.mark.parametrize(("document", "patch", "result"), [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": "foo"}, "bar", "bar"),
])  # fmt: skip
def test_merge_patches(document: Any, patch: Any, result: Any) -> None:
    assert patching.merged(document, patch) == result


# --- strategic merge patches ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", STRATEGIC, ids=lambda row: row.about)
def test_strategic_merge_patches(row: Any) -> None:
    before = copy.deepcopy((row.document, row.patch))
    assert strategic.merged(row.document, row.patch, KINDS[row.document["kind"]].type) == row.result
    assert (row.document, row.patch) == before


@pytest.mark.parametrize(("patch", "text", "reason"), [
    ({"spec": {"containers": [{"image": "x"}]}}, "map: map[image:x] does not contain declared merge key: name", ""),
    ({"spec": {"$patch": "mix"}}, "unknown patch type: mix in map: map[$patch:mix]", ""),
    ({"spec": {"containers": [{"name": "a", "$patch": "mix"}]}}, "unknown patch type: mix in map: map[$patch:mix name:a]", ""),
    ({"spec": {"$retainKeys": ["x"], "nodeName": "y"}}, "invalid patch format of retainKeys", "BadRequest"),
    ({"spec": {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]}},
     "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n", ""),
    ({"spec": {"containers": ["a"]}}, "list element types are not identical: [[map[image:x name:a]] [a]]", ""),
])  # fmt: skip
def test_patches_that_make_no_sense(patch: Any, text: str, reason: str) -> None:
    document = {"kind": "Pod", "spec": {"containers": [{"name": "a", "image": "x"}]}}
    with pytest.raises(ApiError) as caught:
        strategic.merged(document, patch, KINDS["Pod"].type)
    assert (str(caught.value), caught.value.reason) == (text, reason)


PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.text("abc", max_size=2),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3))
OBJECTS = st.dictionaries(st.text("abc", max_size=2), PLAIN, max_size=4)


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_twice_is_as_good_as_once(document: Any, patch: Any) -> None:
    once = patching.merged(document, patch)
    assert patching.merged(once, patch) == once


@given(OBJECTS, OBJECTS)
def test_without_a_known_type_a_strategic_patch_replaces_lists(document: Any, patch: Any) -> None:
    found = strategic.merged(document, patch, None)
    for key, value in patch.items():
        if isinstance(value, bool | int | str):
            assert found[key] == value
        if value is None:
            assert key not in found
    assert all(found[key] == value for key, value in document.items() if key not in patch)
