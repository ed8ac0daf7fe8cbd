"""How pods end, and what befalls them: deletion, killed processes, lost power; and that nothing is left behind."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from k8snet.errors import ApiError
from k8snet.kube.objects import changed, known, meta
from tests.kube.kubelet.house import House, condition, state, uid

WEB = ("default", "web")
SLEEPER: dict[str, Any] = {"containers": [{"name": "web", "image": "busybox:1.36", "command": ["sleep", "infinity"]}]}


def is_clean(house: House) -> bool:
    """Whether nothing of any pod is left on node1."""
    machine = house.kubelet.machine
    leases = [path for path in machine.files if "/networks/" in path and path.rpartition("/")[2][0].isdigit()]
    veths = [line for line in machine.sh("ip -o link").splitlines() if "veth" in line and " eth0" not in line]
    nat = [line for line in machine.sh("iptables-save -t nat").splitlines() if "CNI-DN" in line]
    pods = set(house.world.netns) - {"underlay", "router", "external", *house.kubelets}
    listeners = house.world.netns["node1"].sockets.listeners if "node1" in house.world.netns else []
    return not (leases or veths or nat or pods or listeners or house.kubelet.runtime.pods or house.kubelet.memories)


# --- deletion -----------------------------------------------------------------------------------------------------


def test_a_pod_that_heeds_sigterm_goes_at_once() -> None:
    house = House()
    house.run()
    house.delete()
    house.plane.settle()
    assert house.user.find("Pod", "web") is None
    assert house.events("Killing") == ["Stopping container web"]
    assert house.world.now < 1
    assert is_clean(house)
    last, gone = house.writes()[-2:]
    assert (last.subresource, gone.verb, gone.after) == ("status", "DELETE", None)
    assert state(last.after).exitCode == 0


@pytest.mark.parametrize(("grace", "own", "seconds"), [(None, 30, 30), (None, 5, 5), (12, 30, 12)])
def test_a_pod_that_does_not_heed_it_has_its_grace_period(grace: int | None, own: int, seconds: int) -> None:
    house = House()
    house.run(terminationGracePeriodSeconds=own, **SLEEPER)
    house.delete(grace=grace)
    house.plane.step()
    assert house.container().state == "running"
    house.plane.settle()
    assert (house.user.find("Pod", "web"), round(house.world.now)) == (None, seconds)
    assert state(house.writes()[-2].after).exitCode == 137
    assert is_clean(house)


def test_a_second_deletion_may_shorten_the_grace_period() -> None:
    house = House()
    house.run(**SLEEPER)
    house.delete()
    house.plane.step()
    house.delete(grace=2)
    house.plane.settle()
    assert (house.user.find("Pod", "web"), round(house.world.now)) == (None, 2)


def test_a_pod_that_is_gone_by_force_is_cleaned_up() -> None:
    house = House()
    house.run(**SLEEPER)
    house.delete(grace=0)
    assert house.user.find("Pod", "web") is None
    house.plane.settle()
    assert is_clean(house)
    assert house.world.now < 1


def test_another_pod_of_the_same_name_takes_its_place() -> None:
    house = House()
    first = house.run(**SLEEPER)
    house.delete(grace=0)
    second = house.run()
    assert (uid(first) != uid(second), known(second.status).podIP, house.held().uid) == (True, "10.244.1.3", uid(second))
    assert house.ask("10.244.1.3") == "web"


def test_who_still_has_a_finalizer_stays_and_disturbs_nobody() -> None:
    house = House()
    house.run()
    house.user.update(changed(house.pod(), metadata=changed(meta(house.pod()), finalizers=["example.com/wait"])))
    house.delete()
    house.plane.settle()
    assert (house.kubelet.runtime.pods, "web" in house.world.netns) == ({}, False)
    pod = house.pod()
    house.user.update(changed(pod, metadata=changed(meta(pod), finalizers=None)))
    house.plane.settle()
    assert house.user.find("Pod", "web") is None


def test_a_pod_that_was_deleted_while_the_kubelet_stood_still() -> None:
    house = House()
    house.run()
    component = house.components["node1"]
    component.stop()
    house.delete()
    house.plane.settle()
    assert house.ask("10.244.1.2") == "web"
    house.plane.start(component)
    house.plane.settle()
    assert (house.user.find("Pod", "web"), is_clean(house)) == (None, True)


# --- faults -------------------------------------------------------------------------------------------------------


def test_a_killed_container_is_started_again_and_keeps_its_address() -> None:
    house = House()
    house.run()
    house.kubelet.kill_container(WEB, "web")
    assert house.ask("10.244.1.2") == "refused"
    house.plane.settle()
    pod = house.pod()
    status = known(known(pod.status).containerStatuses)[0]
    ended = known(known(status.lastState).terminated)
    assert (ended.exitCode, ended.reason, status.restartCount, known(pod.status).podIP) == (137, "Error", 1, "10.244.1.2")
    assert house.ask("10.244.1.2") == "web"
    with pytest.raises(ApiError, match="container not found"):
        house.kubelet.kill_container(WEB, "nonsuch")


def test_a_sandbox_without_pause_is_made_anew() -> None:
    house = House()
    house.run()
    house.kubelet.kill_pause(WEB)
    house.plane.settle()
    pod = house.pod()
    assert house.events("SandboxChanged", "Killing") == [
        "Pod sandbox changed, it will be killed and re-created.", "Stopping container web",
    ]  # fmt: skip
    assert (known(pod.status).podIP, known(known(pod.status).containerStatuses)[0].restartCount) == ("10.244.1.3", 1)
    assert (house.ask("10.244.1.3"), house.ask("10.244.1.2"), condition(pod, "Ready")) == ("web", "timeout", "True")
    assert known(house.held().sandbox).attempt == 1


def test_with_shared_processes_all_end_with_pause() -> None:
    house = House()
    house.run(shareProcessNamespace=True, **SLEEPER)
    house.kubelet.kill_pause(WEB)
    assert (house.container().state, house.container().exit_code) == ("exited", 137)
    house.plane.settle()
    assert (house.container().state, house.world.now < 1) == ("running", True)


def test_a_pod_that_was_to_run_once_gets_no_second_sandbox() -> None:
    house = House()
    house.run(restartPolicy="Never", shareProcessNamespace=True, **SLEEPER)
    house.kubelet.kill_pause(WEB)
    house.plane.settle()
    assert (known(house.pod().status).phase, house.held().sandbox) == ("Failed", None)
    assert "web" not in house.world.netns


def test_after_a_power_failure_there_are_new_sandboxes_with_new_addresses() -> None:
    house = House()
    house.run()
    house.run("other", "nginx:1.29")
    house.power_off()
    assert [name for name in ("web", "other") if name in house.world.netns] == []
    house.user.delete(house.user.get("Pod", "other"), grace=0)
    house.plane.settle()
    house.power_on()
    house.plane.settle()
    pod = house.pod()
    ended = known(known(known(pod.status).containerStatuses)[0].lastState).terminated
    assert (known(pod.status).podIP, known(ended).exitCode, known(ended).reason) == ("10.244.1.4", 255, "Unknown")
    assert house.events("SandboxChanged") == ["Pod sandbox changed, it will be killed and re-created."]
    assert list(house.kubelet.runtime.pods) == [WEB]
    leases = [path.rpartition("/")[2] for path in house.kubelet.machine.files if "/networks/" in path]
    assert sorted(leases) == ["10.244.1.4", "last_reserved_ip.0", "lock"]
    assert house.ask("10.244.1.4") == "web"
    assert "Rebooted" in house.reasons("node1")


def test_a_name_that_has_moved_to_another_machine_is_left_alone() -> None:
    """A pod's namespace name may be another pod's when the machine comes back that had it before the power failure."""
    house = House(2)
    house.run()
    house.power_off()
    house.delete(grace=0)
    moved = house.run(node="node2")
    house.power_on()
    house.plane.settle()
    assert (known(moved.status).podIP, house.ask("10.244.2.2", node="node2")) == ("10.244.2.2", "web")
    assert house.kubelet.runtime.pods == {}


def test_what_runs_goes_on_while_the_kubelet_stands_still() -> None:
    house = House()
    house.run()
    component, before = house.components["node1"], house.held()
    component.stop()
    house.plane.sleep(100)
    assert house.ask("10.244.1.2") == "web"
    writes, events = len(house.writes()), house.reasons()
    house.plane.start(component)
    house.plane.settle()
    assert (house.held() is before, len(house.writes()), house.reasons()) == (True, writes, events)


def test_a_copy_goes_its_own_way() -> None:
    house = House()
    house.run()
    other = copy.deepcopy(house)
    other.delete()
    other.run("second")
    assert (other.user.find("Pod", "web"), is_clean(other)) == (None, False)
    assert (house.ask("10.244.1.2"), house.user.find("Pod", "second"), list(house.kubelet.runtime.pods)) == ("web", None, [WEB])
    house.kubelet.kill_container(WEB, "web")
    house.plane.settle()
    assert house.container().attempt == 1
    assert list(other.kubelet.runtime.pods) == [("default", "second")]
