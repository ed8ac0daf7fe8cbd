"""Probes: when they are asked, what is told, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import known
from tests.kube.kubelet.house import House, condition, state


def probed(image: str = "nginx:1.29", **probes: Any) -> dict[str, Any]:
    """A pod's spec with one container and its probes."""
    return {"containers": [{"name": "web", "image": image} | probes]}


def http(port: int | str = 80, **more: Any) -> dict[str, Any]:
    return {"httpGet": {"port": port, "path": "/"}} | more


def tcp(port: int = 80, **more: Any) -> dict[str, Any]:
    return {"tcpSocket": {"port": port}} | more


def runs(*command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"command": list(command)}} | more


REFUSED = "dial tcp 10.244.1.2:81: connect: connection refused"


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        pytest.param(http(), None, id="http"),
        pytest.param(http(81), f'Get "http://10.244.1.2:81/": {REFUSED}', id="http, refused"),
        pytest.param({"httpGet": {"port": 80, "path": "/", "scheme": "HTTPS"}},
                     'Get "https://10.244.1.2:80/": http: server gave HTTP response to HTTPS client', id="https"),
        pytest.param(tcp(), None, id="tcp"),
        pytest.param(tcp(81), REFUSED, id="tcp, refused"),
        pytest.param({"tcpSocket": {"port": 80, "host": "10.244.1.77"}},
                     "dial tcp 10.244.1.77:80: i/o timeout", id="tcp, timeout"),
        pytest.param({"httpGet": {"port": 80, "host": "10.244.1.77"}},
                     'Get "http://10.244.1.77:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
                     id="http, timeout"),
        pytest.param(runs("true"), None, id="true"),
        pytest.param(runs("false"), "", id="false"),
        pytest.param(runs("cat", "/tmp/healthy"), "cat: /tmp/healthy: No such file or directory\n", id="cat"),
        pytest.param(runs("sleep", "5"), 'command timed out: "sleep 5" timed out after 1s', id="sleep"),
    ],
)  # fmt: skip
def test_what_a_probe_says(probe: dict[str, Any], said: str | None) -> None:
    house = House()
    pod = house.run(**probed(readinessProbe=probe))
    assert condition(pod, "Ready") == str(said is None)
    assert house.events("Unhealthy") == ([] if said is None else [f"Readiness probe failed: {said}"])


def test_a_port_may_be_given_by_its_name() -> None:
    house = House()
    spec = probed(readinessProbe=http("web"), ports=[{"name": "web", "containerPort": 80}])
    assert condition(house.run(**spec), "Ready") == "True"


@pytest.mark.parametrize(
    ("delay", "period", "asked"),
    [
        pytest.param(0, 10, 0, id="at once"),
        pytest.param(10, 10, 10, id="after the delay"),
        pytest.param(5, 10, 10, id="at the first period after the delay"),
        pytest.param(20, 3, 21, id="at a multiple of the period"),
    ],
)
def test_the_first_answer_is_waited_for(delay: int, period: int, asked: int) -> None:
    """settle() lets the time pass until a container is ready that can be."""
    house = House()
    pod = house.run(**probed(readinessProbe=http(initialDelaySeconds=delay, periodSeconds=period)))
    assert (condition(pod, "Ready"), round(house.world.now)) == ("True", asked)


def test_who_never_becomes_ready_is_not_waited_for() -> None:
    house = House()
    assert condition(house.run(**probed(readinessProbe=http(81))), "Ready") == "False"
    assert house.world.now < 1
    assert known(house.pod().status).phase == "Running"


def test_several_successes_may_be_needed() -> None:
    house = House()
    house.create(**probed(readinessProbe=http(successThreshold=3, periodSeconds=5)))
    house.plane.settle()
    assert (condition(house.pod(), "Ready"), round(house.world.now)) == ("True", 10)


def test_ready_and_not_ready_and_ready_again() -> None:
    """A firewall rule on the node stands between the kubelet and the pod; three failures make it unready."""
    house = House()
    house.run(**probed(readinessProbe=tcp(periodSeconds=10)))
    house.kubelet.machine.sh("iptables -I OUTPUT -d 10.244.1.2 -j REJECT")
    house.plane.sleep(21)
    assert condition(house.pod(), "Ready") == "True"
    house.plane.sleep(10)
    assert condition(house.pod(), "Ready") == "False"
    house.kubelet.machine.sh("iptables -D OUTPUT -d 10.244.1.2 -j REJECT")
    house.plane.sleep(10)
    assert condition(house.pod(), "Ready") == "True"
    assert house.container().attempt == 0


def test_probes_leave_no_trace() -> None:
    house = House()
    house.run(**probed(readinessProbe=http(periodSeconds=1)))
    house.plane.sleep(30)
    assert house.world.traces == []


@pytest.mark.parametrize("kind", ["liveness", "startup"])
def test_a_container_that_is_not_well_is_started_again(kind: str) -> None:
    house = House()
    probes: dict[str, Any] = {f"{kind}Probe": http(81, periodSeconds=5)}
    house.run(**probed(**probes))
    assert house.container().attempt == 0
    house.plane.sleep(9)
    assert (house.container().attempt, house.container().state) == (0, "running")
    house.plane.sleep(3)
    assert house.events("Killing") == [f"Container web failed {kind} probe, will be restarted"]
    assert (house.container().attempt, state(house.pod()).__class__.__name__) == (1, "ContainerStateRunning")
    assert house.ask("10.244.1.2") == "web"


def test_who_does_not_heed_sigterm_is_killed_when_its_time_is_up() -> None:
    house = House()
    spec = probed("busybox:1.36", command=["sleep", "infinity"], livenessProbe=runs("false", periodSeconds=5, failureThreshold=1))
    house.run(terminationGracePeriodSeconds=7, **spec)
    first, second = house.held().containers
    assert [(each.exit_code, round(known(each.finished))) for each in (first, second)] == [(137, 7), (137, 14)]
    assert state(house.pod()).reason == "CrashLoopBackOff"


def test_other_probes_wait_until_a_container_has_started() -> None:
    house = House()
    spec = probed(startupProbe=http(initialDelaySeconds=20, periodSeconds=10), readinessProbe=http(),
                  livenessProbe=http(81, failureThreshold=1))  # fmt: skip
    house.create(**spec)
    house.plane.step()
    house.plane.step()
    status = known(known(house.pod().status).containerStatuses)[0]
    assert (status.started, status.ready, house.events("Unhealthy")) == (False, False, [])
    house.plane.sleep(19)
    assert house.events("Unhealthy") == []
    house.plane.sleep(2)
    assert house.events("Unhealthy")[0].startswith("Liveness probe failed: ")


def test_a_kubelet_that_starts_anew_does_not_take_readiness_back() -> None:
    house = House()
    house.run(**probed(readinessProbe=http()))
    component = house.components["node1"]
    component.stop()
    house.plane.sleep(60)
    writes = len(house.writes())
    house.plane.start(component)
    house.plane.settle()
    assert (condition(house.pod(), "Ready"), len(house.writes())) == ("True", writes)
