"""Watches: which events there are, in which form, and from when on."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.rest import Request
from k8snet.kube.rest.watching import INITIAL_EVENTS_END, Stream
from tests.kube.rest.asking import CONFIGMAPS, DEPLOYMENTS, PODS, TABLE, House


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["type"], each["object"]["metadata"]["name"]) for each in events]


def stream(house: House, path: str, **how: Any) -> Stream:
    found = house.rest.answer(Request("GET", path, **how))
    assert isinstance(found, Stream)
    return found


def write(house: House, name: str, **labels: str) -> None:
    """Make a ConfigMap, or give it other labels."""
    body = {"metadata": {"name": name, "labels": labels}}
    if house.ask("PUT", f"{CONFIGMAPS}/{name}", body).status == 404:
        house.ask("POST", CONFIGMAPS, body)


def test_each_write_has_the_version_of_its_place_in_the_history(house: House) -> None:
    history = house.plane.api.history
    assert house.plane.api.store.version == len(history)
    for at, each in enumerate(history):
        assert each.after is None or each.after.metadata.resourceVersion == str(at + 1)


def test_events_since_a_version(house: House) -> None:
    write(house, "a")
    version = house.get(CONFIGMAPS)["metadata"]["resourceVersion"]
    write(house, "b")
    write(house, "b", x="y")
    house.ask("DELETE", f"{CONFIGMAPS}/a")
    events = house.get(f"{CONFIGMAPS}?watch=true&resourceVersion={version}")
    assert told(events) == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")]
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in events]
    assert versions == [int(version) + 1, int(version) + 2, int(version) + 3]
    assert events[0]["object"]["kind"] == "ConfigMap"


def test_the_whole_history_of_a_kind(house: House) -> None:
    events = house.get(f"{DEPLOYMENTS}?watch=true&resourceVersion=0")
    assert told(events)[0] == ("ADDED", "web")
    assert {kind for kind, _ in told(events)[1:]} == {"MODIFIED"}


def test_without_a_version_what_is_there_comes_first(house: House) -> None:
    cursor = stream(house, f"{PODS}?watch=true")
    assert told(cursor.poll()) == [("ADDED", name) for name in house.pods]
    assert cursor.poll() == []


def test_what_comes_and_ceases_to_fit(house: House) -> None:
    cursor = stream(house, f"{CONFIGMAPS}?watch=true&labelSelector=x%3Dy")
    write(house, "a", x="n")
    assert cursor.poll() == []
    events: list[dict[str, Any]] = []
    for labels, expected in (({"x": "y"}, "ADDED"), ({"x": "y", "z": "1"}, "MODIFIED"), ({"x": "n"}, "DELETED")):
        write(house, "a", **labels)
        events = cursor.poll()
        assert told(events) == [(expected, "a")]
        assert events[0]["object"]["metadata"]["resourceVersion"] == str(house.plane.api.store.version)
    assert events[0]["object"]["metadata"]["labels"] == {"x": "y", "z": "1"}, "as it was when it fitted"
    house.ask("DELETE", f"{CONFIGMAPS}/a")
    assert cursor.poll() == []


@pytest.mark.parametrize("path", [f"{CONFIGMAPS}/a?watch=true", f"{CONFIGMAPS}?watch=1&fieldSelector=metadata.name%3Da"])
def test_one_object_is_watched(house: House, path: str) -> None:
    cursor = stream(house, path)
    write(house, "a")
    write(house, "b")
    assert told(cursor.poll()) == [("ADDED", "a")]


def test_one_namespace_is_watched(house: House) -> None:
    house.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    here, everywhere = stream(house, f"{CONFIGMAPS}?watch=true"), stream(house, "/api/v1/configmaps?watch=true")
    house.ask("POST", CONFIGMAPS.replace("default", "shop"), {"metadata": {"name": "a"}})
    assert (here.poll(), told(everywhere.poll())) == ([], [("ADDED", "a")])


def test_tables_say_their_columns_once(house: House) -> None:
    first, second, *_ = house.get(f"{PODS}?watch=true", accept=TABLE)
    assert [each["name"] for each in first["object"]["columnDefinitions"]][:2] == ["Name", "Ready"]
    assert second["object"]["columnDefinitions"] is None
    assert first["object"]["rows"][0]["object"]["metadata"]["name"] == house.pods[0]


def test_ages_are_those_of_the_time_of_the_write(house: House) -> None:
    house.plane.sleep(90)
    write(house, "a")
    house.plane.sleep(90)
    events = house.get(f"{CONFIGMAPS}?watch=true&resourceVersion=0", accept=TABLE)
    assert events[-1]["object"]["rows"][0]["cells"] == ["a", 0, "0s"]


@pytest.mark.parametrize("accept", ["application/json", TABLE])
def test_a_bookmark_ends_what_was_there_at_the_beginning(house: House, accept: str) -> None:
    query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    cursor = stream(house, f"{PODS}?{query}", accept=accept)
    *added, bookmark = cursor.poll()
    assert [each["type"] for each in added] == ["ADDED"] * 3
    about = bookmark["object"]["rows"][0]["object"] if accept == TABLE else bookmark["object"]
    assert bookmark["type"] == "BOOKMARK"
    assert about["metadata"]["annotations"] == {INITIAL_EVENTS_END: "true"}
    assert about["metadata"]["resourceVersion"] == str(house.plane.api.store.version)
    assert cursor.poll() == []


def test_events_are_watched_as_they_are_told_and_counted(house: House) -> None:
    cursor = stream(house, "/api/v1/events?watch=true&resourceVersion=0")
    assert cursor.poll() == []
    deployment = house.plane.client("me").get("Deployment", "web")
    for expected in ("ADDED", "MODIFIED"):
        house.plane.client("me").event(deployment, "Looked", "Somebody looked.")
        (event,) = cursor.poll()
        assert (event["type"], event["object"]["reason"]) == (expected, "Looked")
    assert told(stream(house, "/api/v1/events?watch=true").poll())[-1][0] == "ADDED"


@pytest.mark.parametrize(("query", "seconds"), [("", 3600), ("timeoutSeconds=7", 7), ("timeoutSeconds=0", 3600)])
def test_how_long_a_watch_is_to_last(house: House, query: str, seconds: float) -> None:
    assert stream(house, f"{PODS}?watch=true&{query}").seconds == seconds


def test_a_version_that_is_none(house: House) -> None:
    answer = house.ask("GET", f"{PODS}?watch=true&resourceVersion=x")
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
