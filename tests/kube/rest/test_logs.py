"""Logs: whose, how much of them, and why there are none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.rest.asking import PODS, House, pod

FIRST_LINE = "/docker-entrypoint.sh: Configuration complete; ready for start up\n"


def refusal(house: House, path: str) -> str:
    answer = house.ask("GET", path)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    message: str = answer.body["message"]
    return message


@pytest.mark.parametrize(("query", "text"), [
    ("", FIRST_LINE),
    ("container=nginx", FIRST_LINE),
    ("timestamps=true", f"2026-11-01T00:00:00.000000000Z {FIRST_LINE}"),
    ("tailLines=0", ""),
    ("tailLines=5", FIRST_LINE),
    ("limitBytes=8", "/docker-"),
    ("sinceSeconds=5", FIRST_LINE),
    ("sinceTime=2026-11-01T00:00:01Z", ""),
    ("follow=true", FIRST_LINE),
])  # fmt: skip
def test_how_much_of_a_log(shown: House, query: str, text: str) -> None:
    answer = shown.ask("GET", f"{PODS}/{shown.pods[0]}/log?{query}")
    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", text)


def test_a_log_ages(house: House) -> None:
    house.plane.sleep(10)
    assert house.get(f"{PODS}/{house.pods[0]}/log?sinceSeconds=5") == ""


@pytest.mark.parametrize(("query", "text"), [
    ("container=x", "container x is not valid for pod {0}"),
    ("previous=true", 'previous terminated container "nginx" in pod "{0}" not found'),
    (f"tailLines={'9' * 5000}", f'strconv.ParseInt: parsing "{"9" * 5000}": value out of range'),
    ("tailLines=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
])  # fmt: skip
def test_refusals(shown: House, query: str, text: str) -> None:
    assert refusal(shown, f"{PODS}/{shown.pods[0]}/log?{query}") == text.format(shown.pods[0])


@pytest.mark.parametrize(("query", "field", "why"), [
    ("tailLines=-1", "tailLines", "Invalid value: -1: must be greater than or equal to 0"),
    ("limitBytes=0", "limitBytes", "Invalid value: 0: must be greater than 0"),
])  # fmt: skip
def test_numbers_that_no_log_has(shown: House, query: str, field: str, why: str) -> None:
    answer = shown.ask("GET", f"{PODS}/{shown.pods[0]}/log?{query}")
    assert (answer.status, answer.body["message"]) == (422, f'PodLogOptions "{shown.pods[0]}" is invalid: {field}: {why}')
    assert answer.body["details"]["causes"] == [{"reason": "FieldValueInvalid", "message": why, "field": field}]


def test_of_several_containers_one_has_to_be_named(house: House) -> None:
    containers = [{"name": "a", "image": "nginx"}, {"name": "b", "image": "busybox", "command": ["sleep", "1d"]}]
    house.ask("POST", PODS, pod("two", containers=containers, initContainers=[{"name": "i", "image": "busybox",
        "command": ["true"]}]))
    house.plane.settle()
    assert refusal(house, f"{PODS}/two/log") == "a container name must be specified for pod two, choose one of: [i a b]"
    assert house.get(f"{PODS}/two/log?container=a") == FIRST_LINE
    assert house.get(f"{PODS}/two/log?container=b") == ""


def test_a_pod_that_is_on_no_node_has_no_log(house: House) -> None:
    house.ask("POST", PODS, pod("far", nodeSelector={"no": "such"}))
    house.plane.settle()
    answer = house.ask("GET", f"{PODS}/far/log")
    assert (answer.status, answer.body) == (204, "")


def test_an_image_that_is_not_there(house: House) -> None:
    house.ask("POST", PODS, pod("bad", containers=[{"name": "a", "image": "nope:1"}]))
    house.plane.settle()
    text = refusal(house, f"{PODS}/bad/log")
    assert text.startswith('container "a" in pod "bad" is waiting to start: ')
    assert text.rpartition(": ")[2] in ("trying and failing to pull image", "image can't be pulled")


def test_what_a_container_said_before_it_was_started_again(house: House) -> None:
    house.ask("POST", PODS, pod("again"))
    house.plane.settle()
    kubelet = house.assembly.kubelets["node1"]
    kubelet.kill_container(("default", "again"), "a")
    house.plane.settle()
    assert house.get(f"{PODS}/again/log?previous=true") == FIRST_LINE


@pytest.mark.parametrize(("how", "why"), [("stop", "connect: connection refused"), ("power", "connect: no route to host")])
def test_a_kubelet_that_cannot_be_asked(house: House, how: str, why: str) -> None:
    name = house.pods[0]
    if how == "power":
        house.assembly.power_off("node1")
    else:
        for each in house.plane.find("kubelet", "node1"):
            each.stop()
    answer = house.ask("GET", f"{PODS}/{name}/log")
    url = f"https://172.18.0.11:10250/containerLogs/default/{name}/nginx"
    assert (answer.status, answer.body["message"]) == (500, f'Get "{url}": dial tcp 172.18.0.11:10250: {why}')
    assert "reason" not in answer.body


def test_without_kubelets_there_are_no_logs(house: House) -> None:
    from k8snet.kube.rest import Request, Rest

    answer: Any = Rest(house.plane.api).handle(Request("GET", f"{PODS}/{house.pods[0]}/log"))
    assert answer.status == 501
