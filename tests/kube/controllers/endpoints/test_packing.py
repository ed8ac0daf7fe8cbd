"""How endpoints are packed into slices: none is lost, none moves without need, and few slices are written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.kube.controllers.endpoints.packing import MOST, Plan, identity, packed
from k8snet.kube.objects import Endpoint, EndpointConditions, EndpointSlice, ObjectMeta, ObjectReference, changed, meta

BLANK = EndpointSlice(metadata=ObjectMeta(generateName="web-", labels={"kubernetes.io/service-name": "web"}), addressType="IPv4")


def endpoints(*numbers: int, ready: bool = True) -> list[Endpoint]:
    return [Endpoint(addresses=[f"10.{number // 250}.0.{number % 250 + 1}"], conditions=EndpointConditions(ready=ready),
                     targetRef=ObjectReference(namespace="default", name=f"web-{number}")) for number in numbers]  # fmt: skip


def slices(*sizes: int) -> list[EndpointSlice]:
    """Slices of these sizes, whose endpoints have running numbers."""
    found, start = list[EndpointSlice](), 0
    for at, size in enumerate(sizes):
        about = changed(meta(BLANK), name=f"web-{at}")
        found.append(changed(BLANK, metadata=about, endpoints=endpoints(*range(start, start + size))))
        start += size
    return found


def sizes(plan: Plan) -> tuple[list[int], dict[str | None, int], list[str | None]]:
    """How large the new slices are, those that change, and which go."""
    return ([len(each.endpoints or ()) for each in plan.make],
            {meta(each).name: len(each.endpoints or ()) for each in plan.change}, [meta(each).name for each in plan.delete])


ROWS = [
    pytest.param((), range(5), ([5], {}, []), id="the first ones"),
    pytest.param((), range(250), ([100, 100, 50], {}, []), id="many"),
    pytest.param((5,), range(5), ([], {}, []), id="nothing new"),
    pytest.param((5,), range(8), ([], {"web-0": 8}, []), id="into the one with room"),
    pytest.param((90, 95, 40), range(230), ([], {"web-1": 100}, []), id="into the one that is fullest afterwards"),
    pytest.param((95, 95), range(200), ([10], {}, []), id="not spread over several: a new one"),
    pytest.param((100,), range(101), ([1], {}, []), id="full"),
    pytest.param((10, 10), range(3, 20), ([], {"web-0": 7}, []), id="some go"),
    pytest.param((10, 10), [*range(3, 20), 100, 101], ([], {"web-0": 9}, []), id="some go, some come: one write"),
    pytest.param((3, 3), range(3, 6), ([], {}, ["web-0"]), id="all of one go"),
    pytest.param((100, 100), [*range(1, 199), *range(300, 303)], ([1], {"web-0": 100, "web-1": 100}, []),
                 id="written ones are filled"),
    pytest.param((3,), (), ([], {}, ["web-0"]), id="none is left"),
    pytest.param((50, 50), range(100), ([], {}, []), id="half empty ones are not joined"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "wanted", "found"), ROWS)
def test_which_slices_are_written(there: Sequence[int], wanted: Sequence[int], found: object) -> None:
    assert sizes(packed(slices(*there), endpoints(*wanted), BLANK)) == found


def test_an_endpoint_that_changes_stays_where_it_is() -> None:
    plan = packed(slices(3, 3), [*endpoints(0, 1, 2, 3, 5), *endpoints(4, ready=False)], BLANK)
    [changes] = plan.change
    assert meta(changes).name == "web-1"
    assert [each.conditions and each.conditions.ready for each in changes.endpoints or ()] == [True, False, True]


def test_labels_alone_are_reason_to_write() -> None:
    there = slices(2)
    labelled = changed(BLANK, metadata=changed(meta(BLANK), labels={"kubernetes.io/service-name": "web", "tier": "front"}))
    [changes] = packed(there, endpoints(0, 1), labelled).change
    assert (meta(changes).labels or {})["tier"] == "front"
    assert changes.endpoints == there[0].endpoints


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, MOST), max_size=5), st.sets(st.integers(0, 450)))
def test_each_endpoint_is_in_just_one_slice(there: list[int], wanted: set[int]) -> None:
    existing = slices(*there)
    plan = packed(existing, endpoints(*wanted), BLANK)
    written = {meta(each).name: each for each in plan.change}
    gone = {meta(each).name for each in plan.delete}
    after = [written.get(meta(each).name, each) for each in existing if meta(each).name not in gone] + plan.make
    found = [identity(each) for one in after for each in one.endpoints or ()]
    assert sorted(found) == sorted(map(identity, endpoints(*wanted)))
    assert all(len(one.endpoints or ()) <= MOST for one in after)
    assert sizes(packed([changed(each, metadata=changed(meta(each), name=f"s{at}")) for at, each in enumerate(after)],
                        endpoints(*wanted), BLANK)) == ([], {}, [])  # fmt: skip
