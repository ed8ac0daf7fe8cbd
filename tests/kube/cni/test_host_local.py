"""host-local: whatever is added and deleted in whichever order, each sandbox has one address, and nobody else has it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.kube.cni import host_local
from k8snet.kube.cni.ranges import Range, candidates
from k8snet.kube.cni.spec import Call, CniError, Sandbox
from k8snet.kube.machine import Machine
from k8snet.linux import World
from k8snet.linux.address import Ip, Network

FOLDER = "/var/lib/cni/networks/net"


def machine() -> Machine:
    return Machine(World(), "node")


def config(**ipam: Any) -> str:
    return json.dumps({"cniVersion": "1.0.0", "name": "net", "ipam": {"type": "host-local", **ipam}})


def add(on: Machine, text: str, container: str, ifname: str = "eth0") -> list[str]:
    result, wiring = host_local.plan_add(on, Call(text, Sandbox(container, "pod", ifname)))
    assert wiring == []
    return [each["address"] for each in result["ips"]]


def delete(on: Machine, text: str, container: str, ifname: str = "eth0") -> None:
    assert host_local.plan_delete(on, Call(text, Sandbox(container, "pod", ifname))) == []


SMALL = config(subnet="10.1.1.0/29")


def test_what_lies_on_the_disk() -> None:
    on = machine()
    assert add(on, SMALL, "c1") == ["10.1.1.2/29"]
    assert on.files == {f"{FOLDER}/lock": "", f"{FOLDER}/10.1.1.2": "c1\r\neth0", f"{FOLDER}/last_reserved_ip.0": "10.1.1.2"}
    delete(on, SMALL, "c1")
    assert on.files == {f"{FOLDER}/lock": "", f"{FOLDER}/last_reserved_ip.0": "10.1.1.2"}


def test_the_disk_alone_counts() -> None:
    on = machine()
    on.files = {f"{FOLDER}/last_reserved_ip.0": "10.1.1.3", f"{FOLDER}/10.1.1.4": "somebody\r\neth0"}
    assert add(on, SMALL, "c1") == ["10.1.1.5/29"]
    on.files[f"{FOLDER}/last_reserved_ip.0"] = "no address"
    assert add(on, SMALL, "c2") == ["10.1.1.2/29"]
    on.files[f"{FOLDER}/last_reserved_ip.0"] = "fe80::1"
    assert add(on, SMALL, "c3") == ["10.1.1.3/29"]


def test_two_sets_give_two_addresses_or_none() -> None:
    on, text = machine(), config(ranges=[[{"subnet": "10.1.1.0/29"}], [{"subnet": "10.2.0.0/30"}]])
    assert add(on, text, "c1") == ["10.1.1.2/29", "10.2.0.2/30"]
    with pytest.raises(CniError, match=r"^failed to allocate for range 1: no IP addresses .* range set: 10.2.0.1-10.2.0.2$"):
        add(on, text, "c2")
    assert "c2\r\neth0" not in on.files.values()
    assert add(on, config(subnet="10.9.0.0/24"), "c2") == ["10.9.0.2/24"]


def test_one_sandbox_may_have_two_interfaces() -> None:
    on = machine()
    assert add(on, SMALL, "c1") + add(on, SMALL, "c1", "eth1") == ["10.1.1.2/29", "10.1.1.3/29"]
    with pytest.raises(CniError, match=r"10.1.1.2 has been allocated to c1, duplicate allocation is not allowed"):
        add(on, SMALL, "c1")
    delete(on, SMALL, "c1")
    host_local.check(on, Call(SMALL, Sandbox("c1", "pod", "eth1")))
    with pytest.raises(CniError, match=r"^host-local: Failed to find address added by container c1$"):
        host_local.check(on, Call(SMALL, Sandbox("c1", "pod")))


@pytest.mark.parametrize(("more", "what"), [
    pytest.param({"ipam": {"subnet": "fd00::/64"}}, "IPv6", id="IPv6"),
    pytest.param({"ipam": {"subnet": "10.1.1.0/24", "resolvConf": "/etc/resolv.conf"}}, "resolvConf", id="DNS"),
    pytest.param({"ipam": {"subnet": "10.1.1.0/24"}, "args": {"cni": {"ips": ["10.1.1.9"]}}}, "args", id="args"),
])  # fmt: skip
def test_what_is_not_modelled_says_so(more: dict[str, Any], what: str) -> None:
    with pytest.raises(NotModelled, match=what):
        add(machine(), json.dumps({"cniVersion": "1.0.0", "name": "net"} | more), "c1")


COMMANDS = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60)


@given(COMMANDS)
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_add_and_del(commands: list[tuple[bool, int]]) -> None:
    on = machine()
    has: dict[int, str] = {}
    last = "10.1.1.1"
    order = [f"10.1.1.{number}" for number in range(2, 7)]
    for is_add, number in commands:
        if not is_add:
            delete(on, SMALL, f"c{number}")
            has.pop(number, None)
        elif number in has or len(has) == len(order):
            with pytest.raises(CniError):
                add(on, SMALL, f"c{number}")
        else:
            at = order.index(last) + 1 if last in order else 0
            last = next(each for each in order[at:] + order[:at] if each not in has.values())
            assert add(on, SMALL, f"c{number}") == [f"{last}/29"]
            has[number] = last
        assert {path.rpartition("/")[2] for path, text in on.files.items() if "\r\n" in text} == set(has.values())


RANGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20)), min_size=1, max_size=3)


@given(RANGES, st.integers(0, 700))
def test_every_address_comes_once_and_the_last_one_last(drawn: list[tuple[int, int, int]], last: int) -> None:
    network = Network.parse("10.0.0.0/8")
    ranges = tuple(
        Range(network, Ip(200 * at + first), Ip(200 * at + first + more), Ip(200 * at + gateway))
        for at, (first, more, gateway) in enumerate(drawn)
    )
    given_out = [int(address) for address, _ in candidates(ranges, Ip(last))]
    wanted = {number for each in ranges for number in range(each.first, each.last + 1) if number != each.gateway}
    assert sorted(given_out) == sorted(wanted)
    if last in wanted:
        assert given_out[-1] == last
