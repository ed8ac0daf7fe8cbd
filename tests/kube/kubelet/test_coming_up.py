"""How a pod comes up: what is done in which step, what is told and written, and which commands the kernel gets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from k8snet.errors import NotModelled
from k8snet.kube.objects import known
from k8snet.linux.log import Command, Listen
from tests.kube.kubelet.house import House, condition, state

Spec = dict[str, Any]

NEVER: Spec = {"containers": [{"name": "web", "image": "nginx:1.29", "imagePullPolicy": "Never"}]}


def containers(*images: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Containers of a spec: names and images."""
    return {"containers": [{"name": name, "image": image} | more for name, image in images]}


def test_a_pod_comes_up_sandbox_first_and_with_two_writes() -> None:
    house = House()
    house.create()
    (first,) = house.plane.step()
    pod = house.pod()
    assert (first.subresource, known(pod.status).phase, known(pod.status).podIP) == ("status", "Pending", "10.244.1.2")
    assert [condition(pod, each) for each in ("PodReadyToStartContainers", "Initialized", "Ready")] == ["True", "True", "False"]
    assert state(pod).reason == "ContainerCreating"
    assert house.events() == []
    (second,) = house.plane.step()
    pod = house.pod()
    assert (known(pod.status).phase, condition(pod, "Ready")) == ("Running", "True")
    assert house.events() == [
        'Pulling image "nginx:1.29"',
        'Successfully pulled image "nginx:1.29" in 0s (0s including waiting). Image size: 0 bytes.',
        "Container created",
        "Container started",
    ]
    assert house.plane.step() == []
    assert (first.who, second.who) == ("kubelet", "kubelet")
    assert len(house.writes()) == 2


def test_the_status_says_all_that_kubernetes_says() -> None:
    status = known(House().run().status)
    (container,) = known(status.containerStatuses)
    assert (status.hostIP, status.podIPs and status.podIPs[0].ip, status.qosClass) == ("172.18.0.11", "10.244.1.2", "BestEffort")
    assert [each.type for each in status.conditions or ()] == [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]  # fmt: skip
    assert (container.image, container.ready, container.started, container.restartCount) == (
        "docker.io/library/nginx:1.29", True, True, 0,
    )  # fmt: skip
    assert container.imageID.startswith("docker.io/library/nginx@sha256:")
    assert known(container.containerID).startswith("containerd://")


def test_the_kernel_is_told_in_this_order() -> None:
    house = House()
    before = len(house.world.log)
    house.run()
    said = [each for each in house.world.log[before:] if isinstance(each, Command | Listen) and not str(each).startswith("sleep")]
    lines = [str(each).removeprefix("ip netns exec node1 ") for each in said]
    assert lines[:2] == ["ip netns add web", "ip -n web link set lo up"]
    assert lines[2] == "ip link add name cni0 type bridge"
    assert "socat TCP4-LISTEN:80" in lines[-1]
    assert house.ask("10.244.1.2") == "web"


def test_a_server_in_go_says_in_its_own_words_that_a_port_is_taken() -> None:
    house = House()
    agnhost = {"name": "second", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec", "--http-port=80"]}
    house.run(containers=[{"name": "web", "image": "nginx:1.29"}, agnhost])
    second = house.container("second")
    assert (second.exit_code, second.log[-1]) == (1, "listen tcp :80: bind: address already in use")


def test_an_image_that_is_there_is_not_pulled_again() -> None:
    house = House()
    house.run()
    house.run("other")
    assert house.events("Pulled", name="other") == [
        'Container image "nginx:1.29" already present on machine and can be accessed by the pod'
    ]


NOT_FOUND = (
    "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nonsuch:1\": "
    "failed to resolve image: docker.io/library/nonsuch:1: not found"
)


def test_an_image_that_there_is_not() -> None:
    house = House()
    house.create(image="nonsuch:1")
    house.plane.step()
    house.plane.step()
    assert (state(house.pod()).reason, state(house.pod()).message) == ("ErrImagePull", NOT_FOUND)
    house.plane.settle()
    assert (state(house.pod()).reason, state(house.pod()).message) == (
        "ImagePullBackOff", f'Back-off pulling image "nonsuch:1": ErrImagePull: {NOT_FOUND}',
    )  # fmt: skip
    assert house.events("Failed", "BackOff", "Pulling") == [
        'Pulling image "nonsuch:1"', f'Failed to pull image "nonsuch:1": {NOT_FOUND}', "Error: ErrImagePull",
        'Back-off pulling image "nonsuch:1"', "Error: ImagePullBackOff",
    ]  # fmt: skip
    pulls: list[float] = []
    for _ in range(40):
        house.plane.sleep(5)
        told = [each for each in house.plane.api.happenings.values() if each.reason == "Pulling"]
        if not pulls or told[0].last != pulls[-1]:
            pulls.append(told[0].last)
    assert [round(later - earlier) for earlier, later in pairwise(pulls)] == [10, 20, 40, 80]


def test_an_image_that_may_not_be_pulled() -> None:
    house = House()
    pod = house.run(**NEVER)
    text = 'Container image "nginx:1.29" is not present with pull policy of Never'
    assert (state(pod).reason, state(pod).message) == ("ErrImageNeverPull", text)
    assert house.events("ErrImageNeverPull", "Failed") == [text, "Error: ErrImageNeverPull"]


def test_a_program_that_the_image_has_not() -> None:
    pod_of: Spec = {"containers": [{"name": "web", "image": "nginx:1.29", "command": ["/nonsuch"]}], "restartPolicy": "Never"}
    house = House()
    pod = house.run(**pod_of)
    because = house.container().does.fault
    assert (known(pod.status).phase, state(pod).reason, state(pod).exitCode) == ("Failed", "StartError", 128)
    assert house.events("Failed")[0].startswith("Error: failed to create containerd task: ")
    assert house.events("Failed")[0].endswith(because)
    assert house.events("Started") == []


def test_two_containers_share_addresses_and_ports() -> None:
    """The second nginx finds port 80 taken, and goes into the crash loop."""
    house = House()
    pod = house.run(**containers(("web", "nginx:1.29"), ("second", "nginx:1.29")))
    assert (state(pod).startedAt, state(pod, 1).reason) == (state(pod).startedAt, "CrashLoopBackOff")
    second = house.container("second")
    assert (second.exit_code, second.attempt) == (1, 1)
    assert second.log[-1] == "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"
    assert (known(pod.status).phase, condition(pod, "Ready")) == ("Running", "False")
    assert house.ask("10.244.1.2") == "web"


def test_the_crash_loop_waits_longer_and_longer() -> None:
    house = House()
    pod = house.run(image="busybox:1.36")
    text = f"restarting failed container=web pod=web_default({known(pod.metadata).uid})"
    assert (state(pod).reason, state(pod).message) == ("CrashLoopBackOff", f"back-off 10s {text}")
    starts = [house.container().started]
    for _ in range(1300):
        house.plane.sleep(1)
        if house.container().started != starts[-1]:
            starts.append(house.container().started)
    assert [round(later - earlier) for earlier, later in pairwise(starts)] == [10, 20, 40, 80, 160, 300, 300, 300]
    assert state(house.pod()).message == f"back-off 5m0s {text}"


@pytest.mark.parametrize(
    ("command", "policy", "phase", "restarts"),
    [
        pytest.param("true", "Never", "Succeeded", 0, id="well, never"),
        pytest.param("false", "Never", "Failed", 0, id="ill, never"),
        pytest.param("true", "OnFailure", "Succeeded", 0, id="well, on failure"),
        pytest.param("false", "OnFailure", "Running", 1, id="ill, on failure"),
        pytest.param("true", "Always", "Running", 1, id="well, always"),
        pytest.param("false", "Always", "Running", 1, id="ill, always"),
    ],
)
def test_what_becomes_of_a_pod_whose_process_ends(command: str, policy: str, phase: str, restarts: int) -> None:
    house = House()
    spec: Spec = {"containers": [{"name": "web", "image": "busybox:1.36", "command": [command]}], "restartPolicy": policy}
    pod = house.run(**spec)
    assert (known(pod.status).phase, house.container().attempt) == (phase, restarts)
    is_finished = phase in ("Succeeded", "Failed")
    assert ("web" in house.world.netns) != is_finished
    assert condition(pod, "PodReadyToStartContainers") == ("False" if is_finished else "True")


def test_a_process_that_ends_after_a_while() -> None:
    house = House()
    spec: Spec = {"containers": [{"name": "web", "image": "busybox:1.36", "command": ["sleep", "30"]}], "restartPolicy": "Never"}
    assert known(house.run(**spec).status).phase == "Running"
    house.plane.sleep(31)
    assert (known(house.pod().status).phase, house.container().finished) == ("Succeeded", house.container().started + 30)


def test_init_containers_run_one_after_the_other() -> None:
    house = House()
    inits = [{"name": name, "image": "busybox:1.36", "command": ["sleep", wait]} for name, wait in (("one", "5"), ("two", "2"))]
    house.create(initContainers=inits)
    house.plane.step()
    house.plane.step()
    pod = house.pod()
    assert condition(pod, "Initialized") == "False"
    assert [state(pod, at, init=True).__class__.__name__ for at in (0, 1)] == ["ContainerStateRunning", "ContainerStateWaiting"]
    assert (state(pod).reason, known(pod.status).phase) == ("PodInitializing", "Pending")
    house.plane.settle()
    pod = house.pod()
    assert (known(pod.status).phase, condition(pod, "Initialized"), round(house.world.now)) == ("Running", "True", 7)
    assert [state(pod, at, init=True).reason for at in (0, 1)] == ["Completed", "Completed"]


@pytest.mark.parametrize(("policy", "phase"), [("Never", "Failed"), ("Always", "Pending")])
def test_an_init_container_that_fails(policy: str, phase: str) -> None:
    house = House()
    pod = house.run(initContainers=[{"name": "one", "image": "busybox:1.36", "command": ["false"]}], restartPolicy=policy)
    assert known(pod.status).phase == phase
    assert state(pod, init=True).reason == ("CrashLoopBackOff" if policy == "Always" else "Error")
    assert house.held().newest("web") is None


def test_a_sidecar_goes_on_and_ends_last() -> None:
    house = House()
    sidecar = {"name": "side", "image": "registry.k8s.io/pause:3.10", "restartPolicy": "Always"}
    job: Spec = {"containers": [{"name": "web", "image": "busybox:1.36", "command": ["sleep", "20"]}], "restartPolicy": "Never"}
    pod = house.run(initContainers=[sidecar], **job)
    assert (house.container("side").state, house.container().state, condition(pod, "Ready")) == ("running", "running", "True")
    house.plane.sleep(21)
    assert (known(house.pod().status).phase, house.container("side").state) == ("Succeeded", "exited")
    assert house.events("Killing") == ["Stopping container side"]
    assert "web" not in house.world.netns


def test_processes_are_shared_if_the_pod_says_so() -> None:
    house = House()
    house.run(shareProcessNamespace=True)
    house.run("other")
    assert [known(house.held(name).sandbox).shares_processes for name in ("web", "other")] == [True, False]
    pause, web = house.kubelet.runtime.containers_of(("default", "web"))
    assert (pause.name, pause.state, web.name, len(pause.id)) == ("pause", "running", "web", 64)
    assert pause.pid < web.pid


def test_words_of_the_environment_stand_in_commands() -> None:
    house = House()
    env = [{"name": "SECONDS", "value": "3"}]
    spec: Spec = {"containers": [{"name": "web", "image": "busybox:1.36", "command": ["sleep", "$(SECONDS)"], "env": env}]}
    house.run(restartPolicy="Never", **spec)
    assert house.container().does.after == 3


def test_what_an_image_does_and_the_model_does_not_is_said() -> None:
    house = House()
    with pytest.raises(NotModelled):
        house.create(containers=[{"name": "web", "image": "busybox:1.36", "command": ["sh", "-c", "while true; do date; done"]}])
    house.plane.settle()
