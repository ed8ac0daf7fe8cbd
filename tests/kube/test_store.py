"""The API server's indexes: what is found by label is what a look at all objects finds."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube.objects import EndpointSlice, ObjectMeta, Pod
from k8snet.kube.store import Store

LABELS = st.sampled_from([{}, {"a": "x"}, {"a": "y"}, {"b": "x"}, {"a": "x", "b": "x"}, {"a": "y", "b": "x"}])
Puts = list[tuple[str, str, dict[str, str] | None]]
PUT = st.tuples(st.sampled_from(["n", "m"]), st.sampled_from(["p", "q", "r"]), st.none() | LABELS)


def pod(namespace: str, name: str, labels: dict[str, str] | None) -> Pod:
    return Pod(metadata=ObjectMeta(namespace=namespace, name=name, labels=labels))


@given(st.lists(PUT, max_size=12), st.integers(0, 12), LABELS.filter(bool))
def test_it_finds_by_label_what_is_there(puts: Puts, asked: int, wanted: dict[str, str]) -> None:
    """Whenever it is first asked: the index is made then."""
    store = Store()
    for at, (namespace, name, labels) in enumerate(puts):
        if at == asked:
            store.labelled("Pod", "n", wanted)
        store.put("Pod", (namespace, name), None if labels is None else pod(namespace, name, labels))
    by_looking = [obj for obj in store.all("Pod", "n") if wanted.items() <= (obj.metadata.labels or {}).items()]
    for one in (store, copy.deepcopy(store)):
        assert sorted(obj.metadata.name for obj in one.labelled("Pod", "n", wanted)) == sorted(
            obj.metadata.name for obj in by_looking)


def test_a_copy_has_an_index_of_its_own() -> None:
    store = Store()
    store.put("Pod", ("n", "p"), pod("n", "p", {"a": "x"}))
    assert len(store.labelled("Pod", "n", {"a": "x"})) == 1
    other = copy.deepcopy(store)
    other.put("Pod", ("n", "p"), None)
    assert (len(store.labelled("Pod", "n", {"a": "x"})), other.labelled("Pod", "n", {"a": "x"})) == (1, [])


@pytest.mark.parametrize("labels", [{}, None])
def test_what_has_no_labels_is_not_found(labels: dict[str, str] | None) -> None:
    store = Store()
    store.put("EndpointSlice", ("n", "s"), EndpointSlice(addressType="IPv4", metadata=ObjectMeta(name="s", labels=labels)))
    assert store.labelled("EndpointSlice", "n", {"a": "x"}) == []
