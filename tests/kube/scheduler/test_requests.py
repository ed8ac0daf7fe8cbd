"""How much a pod requests: side by side, one after the other, and with sidecars."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import Container, PodSpec, ResourceRequirements
from k8snet.kube.scheduler.requests import ASSUMED, amounts, demand

MIB = 1024 * 1024


def container(cpu: str = "", memory: str = "", *, stays: bool = False) -> Container:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    resources = ResourceRequirements(requests=requests) if requests else None
    return Container(name="c", resources=resources, restartPolicy="Always" if stays else None)


@pytest.mark.parametrize(("containers", "inits", "cpu", "assumed"), [
    pytest.param([""], [], 0, 100, id="nothing"),
    pytest.param(["0"], [], 0, 0, id="asked-for-nothing"),
    pytest.param(["250m", "1"], [], 1250, 1250, id="side-by-side"),
    pytest.param(["250m", ""], [], 250, 350, id="one-says-nothing"),
    pytest.param(["1"], ["2", "500m"], 2000, 2000, id="the-largest-init-container"),
    pytest.param(["1"], ["500m", "500m"], 1000, 1000, id="inits-do-not-add-up"),
    pytest.param(["1"], ["stays 500m"], 1500, 1500, id="sidecar"),
    pytest.param(["1"], ["stays 500m", "2"], 2500, 2500, id="init-beside-a-sidecar"),
    pytest.param(["1"], ["2", "stays 500m"], 2000, 2000, id="init-before-a-sidecar"),
    pytest.param(["100m"], ["stays 500m", "stays 700m"], 1300, 1300, id="two-sidecars"),
])  # fmt: skip
def test_cpu(containers: list[str], inits: list[str], cpu: int, assumed: int) -> None:
    made = [container(each.removeprefix("stays "), stays=each.startswith("stays")) for each in inits]
    found = demand(PodSpec(containers=[container(each) for each in containers], initContainers=made))
    assert (found.cpu, found.assumed_cpu) == (cpu, assumed)


@pytest.mark.parametrize(("spec", "expected"), [
    pytest.param({"overhead": {"cpu": "250m", "memory": "120Mi"}}, (350, 164 * MIB, 350, 164 * MIB), id="overhead"),
    pytest.param({"resources": ResourceRequirements(requests={"cpu": "2"})}, (2000, 44 * MIB, 2000, 44 * MIB), id="of-the-pod"),
])  # fmt: skip
def test_what_the_pod_adds(spec: dict[str, Any], expected: tuple[int, ...]) -> None:
    found = demand(PodSpec(containers=[container("100m", "44Mi")], **spec))
    assert (found.cpu, found.memory, found.assumed_cpu, found.assumed_memory) == expected


def test_other_resources_are_counted_whole() -> None:
    resources = ResourceRequirements(requests={"nvidia.com/gpu": "2", "ephemeral-storage": "1Ki"})
    found = demand(PodSpec(containers=[Container(name="c", resources=resources)]))
    assert found.others == (("ephemeral-storage", 1024), ("nvidia.com/gpu", 2))
    assert (found.assumed_cpu, found.assumed_memory) == (ASSUMED["cpu"], ASSUMED["memory"])


@pytest.mark.parametrize(("text", "cpu", "memory"), [
    ("1", 1000, 1), ("0.5", 500, 1), ("1m", 1, 1), ("100u", 1, 1), ("1k", 10**6, 1000), ("1Ki", 1024 * 1000, 1024),
    ("1.5Gi", 3 * 2**29 * 1000, 3 * 2**29), ("2E", 2 * 10**21, 2 * 10**18), ("1e3", 10**6, 1000), ("12E2", 1200 * 1000, 1200),
])  # fmt: skip
def test_quantities_are_rounded_up(text: str, cpu: int, memory: int) -> None:
    assert amounts({"cpu": text, "memory": text}) == {"cpu": cpu, "memory": memory}
