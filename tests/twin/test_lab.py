"""The lab itself: what it says, what it leaves behind (nothing), and that it would notice a wrong model."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from k8snet import lab
from k8snet.errors import CommandError
from k8snet.lab import kernel as real_kernel
from k8snet.linux import World
from k8snet.linux.address import ANY
from k8snet.linux.log import Close, Command
from k8snet.linux.packet import Packet
from tests.linux.sleeping_network import network, run
from tests.twin.network import agree, figure

WIRE = (
    "ip netns add pod-a",
    "ip link add veth0 type veth peer name eth0 netns pod-a",
    "ip addr add 10.1.1.254/24 dev veth0",
    "ip link set lo up",
    "ip link set veth0 up",
    "ip -n pod-a addr add 10.1.1.1/24 dev eth0",
    "ip -n pod-a link set lo up",
    "ip -n pod-a link set eth0 up",
)


@pytest.fixture
def wire() -> World:
    world = World(seed=1)
    for line in WIRE:
        world.sh(line)
    return world


@pytest.mark.usefixtures("kernel")
def test_devices_have_the_models_numbers(wire: World) -> None:
    device = wire.netns["pod-a"].devices["eth0"]
    with lab.replay(wire) as real:
        shown = real.sh("ip -n pod-a link show eth0")
    assert shown.startswith(f"{device.index}: eth0@")
    assert device.mac in shown


@pytest.mark.usefixtures("kernel")
def test_two_ends_of_one_name_keep_their_numbers() -> None:
    world = World(seed=1)
    for line in ("ip netns add a", "ip netns add b", "ip link add eth0 netns a type veth peer name eth0 netns b"):
        world.sh(line)
    with lab.replay(world) as real:
        for netns in ("a", "b"):
            device = world.netns[netns].devices["eth0"]
            shown = real.sh(f"ip -n {netns} link show eth0")
            assert (shown.split(":")[0], device.mac in shown) == (str(device.index), True)


@pytest.mark.usefixtures("kernel")
def test_a_wrong_model_is_noticed(wire: World) -> None:
    trace = wire.ping("pod-a", "10.1.1.254")
    trace.captures.pop()
    trace.errno = "EPERM"
    comparison = lab.compare(wire, trace)
    assert not comparison.agrees
    assert [line.split(":")[0] for line in comparison.differences] == ["outcome", "captures pod-a eth0"]
    assert "errno EPERM" in str(comparison)


@pytest.mark.usefixtures("kernel")
def test_a_command_that_the_two_take_otherwise_is_a_difference(wire: World) -> None:
    wire.log.append(Command("ls /nowhere"))  # the model has no ls
    trace = wire.ping("pod-a", "10.1.1.254")
    assert [line.split(":")[0] for line in lab.compare(wire, trace).differences] == ["commands"]


@pytest.mark.usefixtures("kernel")
def test_what_the_real_tool_refuses_is_raised_in_its_words(wire: World) -> None:
    with lab.replay(wire) as real, pytest.raises(CommandError, match="File exists") as refusal:
        real.sh("ip netns add pod-a")
    assert refusal.value.code == 1


@pytest.mark.usefixtures("kernel")
def test_a_closed_lab_says_so(wire: World) -> None:
    with lab.replay(wire) as real:
        pass
    with pytest.raises(lab.Unavailable, match="closed"):
        real.sh("ip link")


@pytest.mark.usefixtures("kernel")
def test_comparing_leaves_the_world_alone(wire: World) -> None:
    trace = wire.ping("pod-a", "10.1.1.254")
    log, now = list(wire.log), wire.now
    lab.compare(wire, trace)
    assert (wire.log, wire.now) == (log, now)


@pytest.mark.usefixtures("kernel")
def test_all_is_gone_when_the_process_is_killed() -> None:
    """A whole tree: this process, one that opens a lab, unshare, the agent, and a command under way in there."""
    mark = f"86{os.getpid()}"
    program = (
        "from k8snet.lab.kernel import Kernel\n"
        "kernel = Kernel()\n"
        "print('open', flush=True)\n"
        f"kernel.run(['sleep', '{mark}'])\n"
    )
    root = Path(real_kernel.__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True) as opener:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "open\n"
        assert wait_until(lambda: len(running(mark)) >= 1)
        opener.send_signal(signal.SIGKILL)
    assert wait_until(lambda: running(mark) == [])


def running(mark: str) -> list[str]:
    """The processes that have ``mark`` as an argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
        except OSError:
            continue
        found += [path.parent.name] if mark in words else []
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_other_systems_have_no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    real_kernel.available.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "darwin" in (lab.available() or "")
    real_kernel.available.cache_clear()


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real_kernel.available.cache_clear()
    monkeypatch.setattr(real_kernel, "TOOLS", ("ip", "no-such-tool"))
    if sys.platform == "linux":
        assert "no-such-tool" in (lab.available() or "")
    real_kernel.available.cache_clear()


def test_a_machine_that_refuses_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "unshare"
    fake.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(lab.Unavailable, match="Operation not permitted"):
        real_kernel.Kernel()


# --- what ends, and what begins late ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_an_app_that_has_been_ended_is_asked_in_vain(proto: str) -> None:
    asked = figure()
    assert asked.connect("pod-a", "10.1.2.2", 4000, proto=proto).fate == "delivered"
    asked.close("pod-d", 4000, proto)
    agree(asked, asked.connect("pod-a", "10.1.2.2", 4000, proto=proto), "refused")
    asked.listen("pod-d", 4000, proto)
    agree(asked, asked.connect("pod-a", "10.1.2.2", 4000, proto=proto), "delivered")


CLIENT = """
import socket, time
with socket.create_connection(("10.1.1.254", 80)) as client:
    client.sendall(b"hello\\n")
    client.recv(100)
    print("open", flush=True)
    if client.recv(100) == b"":
        client.sendall(b"more\\n")
        time.sleep(0.2)
"""


@pytest.mark.usefixtures("kernel")
def test_an_ended_app_says_fin_and_answers_more_data_with_a_reset(wire: World) -> None:
    """What Linux does with the sockets of a process that is killed; the model's side is in tests/linux/test_endings.py."""
    wire.listen("root", 80)
    with lab.replay(wire) as real:
        real.watch()
        real.sh(f"ip netns exec pod-a {sys.executable} -c {shlex.quote(CLIENT)} >/run/client 2>&1 &")
        assert wait_until(lambda: "open" in real.sh("cat /run/client"))
        real.redo(Close("root", 80, "tcp", ANY))
        time.sleep(0.1)
        captured = [each.packet for each in real.captured() if (each.netns, each.device) == ("root", "veth0")]
    flags = [packet.flags for packet in captured if isinstance(packet, Packet) and packet.flags != "."]
    assert flags == ["S", "S.", "P.", "P.", "F.", "P.", "R"]


@pytest.mark.usefixtures("kernel")
def test_a_namespace_goes_with_its_apps_and_its_wires() -> None:
    asked = figure()
    assert asked.connect("pod-a", "10.1.1.2", 4000).fate == "delivered"
    asked.sh("ip netns del pod-b")
    agree(asked, asked.connect("pod-a", "10.1.1.2", 4000))
    for line in (
        "ip netns add pod-b", "ip link add eth0 netns pod-b type veth peer name veth1 netns node-a",
        "ip -n node-a link set veth1 master br0 up", "ip -n pod-b addr add 10.1.1.2/24 dev eth0", "ip -n pod-b link set eth0 up",
        "ip -n pod-a neigh flush all",
    ):
        asked.sh(line)
    agree(asked, asked.connect("pod-a", "10.1.1.2", 4000), "refused")
    asked.listen("pod-b", 4000)
    agree(asked, asked.connect("pod-a", "10.1.1.2", 4000), "delivered")
    assert [each.differences for each in lab.compare_all(asked.log)] == [[]] * 5


@pytest.mark.usefixtures("kernel")
def test_who_wakes_during_a_question_has_been_there_before_it() -> None:
    asked = network(asleep=True)
    agree(asked, asked.connect("m1", "10.0.0.3", 80), "delivered")
    agree(asked, asked.ping("m4", "10.0.0.2"), "delivered")
    agree(asked, asked.ping("m1", "10.0.0.77"), "timeout")


@pytest.mark.usefixtures("kernel")
def test_who_wakes_late_has_heard_on_the_kernel_what_was_flooded_before() -> None:
    asked = network(asleep=True)
    asked.sh("ip -n m1 route add 10.0.0.3/32 via 10.0.0.2")
    for switch in ("ip_forward=1", "conf.all.send_redirects=0", "conf.eth0.send_redirects=0"):
        asked.when_touched("m2", run, f"ip netns exec m2 sysctl -w net.ipv4.{switch}")
    trace = asked.connect("m1", "10.0.0.3", 80)
    assert trace.has_woken
    assert [hop.netns for hop in trace.hops] == ["m1", "switch", "m2", "switch", "m3"]
    agree(asked, trace, "delivered")
    again = asked.connect("m1", "10.0.0.3", 80)
    assert not again.has_woken
    agree(asked, again, "delivered")


@pytest.mark.usefixtures("kernel")
def test_what_stands_on_a_world_can_be_compared(wire: World) -> None:
    class Standing:
        world = wire

    trace = wire.ping("pod-a", "10.1.1.254")
    assert lab.compare(Standing(), trace).differences == []
    with lab.replay(Standing()) as real:
        assert "pod-a" in real.sh("ip netns")
