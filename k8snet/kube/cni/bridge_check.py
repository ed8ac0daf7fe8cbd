"""What the bridge plugin's CHECK looks at: whether the kernel still has what ADD's result tells of.

Source: containernetworking-plugins 1.1.1, plugins/main/bridge/bridge.go (cmdCheck), pkg/ip/utils_linux.go.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.cni.spec import CniError, Result, Sandbox
from k8snet.kube.machine import Machine
from k8snet.linux.address import Network, mask_of
from k8snet.linux.fact import Fact

SHOWN = re.compile(r"(?P<index>\d+): \S+?(@(if)?(?P<peer>\w+))?: <(?P<flags>[A-Z,_-]*)>.* link/\w+ (?P<mac>[0-9a-f:]+)")
"""A device in what ``ip -o link`` prints."""


class Expected(Fact, frozen=True):
    """What the configuration says of the bridge."""

    bridge: str
    promiscuous: bool


class Link(Fact, frozen=True):
    """A device, as ``ip -o link`` shows it; ``peer`` is the index of a veth's other end."""

    index: str
    peer: str
    mac: str
    flags: tuple[str, ...]
    master: str


def check_links(machine: Machine, sandbox: Sandbox, result: Result, expected: Expected) -> None:
    """CniError at the first thing that is not as the result has it."""
    interfaces: list[dict[str, str]] = result.get("interfaces", [])
    at_bridge = next((each for each in interfaces if each["name"] == expected.bridge), {})
    in_sandbox = next((each for each in interfaces if _is_end(each, sandbox)), {})
    _check_bridge(machine, at_bridge, expected)
    if in_sandbox.get("sandbox", "") != sandbox.path:
        said = in_sandbox.get("sandbox", "")
        raise CniError(f"Sandbox in prevResult {said} doesn't match configured netns: {sandbox.path}")
    end = _check_end(machine, sandbox, in_sandbox)
    others = [each for each in interfaces if each["name"] not in (at_bridge["name"], in_sandbox["name"])]
    if not any(_is_veth(machine, each, end, expected) for each in others):
        raise CniError(f"CNI veth created for bridge {expected.bridge} was not found")
    _check_addresses(machine, sandbox, result)


def _is_end(interface: dict[str, str], sandbox: Sandbox) -> bool:
    return interface["name"] == sandbox.ifname and interface.get("sandbox") == sandbox.path


def _check_bridge(machine: Machine, interface: dict[str, str], expected: Expected) -> None:
    name = interface.get("name", "")
    if not name:
        raise CniError("Interface name missing ")
    link = _link(machine, f"ip -o link show dev {quote(name)}")
    if link is None:
        raise CniError(f"Interface name {name} not found")
    if not machine.sh(f"ip -o link show dev {quote(name)} type bridge"):
        raise CniError(f"Interface {name} does not have link type of bridge")
    if interface.get("mac", link.mac) != link.mac:
        raise CniError(f"Bridge interface {name} Mac doesn't match: {interface['mac']}")
    is_promiscuous = "PROMISC" in link.flags
    if is_promiscuous != expected.promiscuous:
        wanted, found = (str(each).lower() for each in (expected.promiscuous, is_promiscuous))
        text = f"Bridge interface {name} configured Promisc Mode {wanted} doesn't match current state: {found} "
        raise CniError(text)


def _check_end(machine: Machine, sandbox: Sandbox, interface: dict[str, str]) -> Link:
    name = interface["name"]
    link = _link(machine, f"{sandbox.inside} -o link show dev {quote(name)}")
    if link is None:
        raise CniError(f"Interface name {name} not found")
    if not link.peer:
        raise CniError(f"Error: Container interface {name} not of type veth")
    if interface.get("mac", link.mac) != link.mac:
        raise CniError(f"Interface {name} Mac {interface['mac']} doesn't match container Mac: {link.mac}")
    return link


def _is_veth(machine: Machine, interface: dict[str, str], end: Link, expected: Expected) -> bool:
    """Whether a device of the result is the other end of the sandbox's, and a port of the bridge."""
    name = interface["name"]
    link = _link(machine, f"ip -o link show dev {quote(name)}")
    if link is None:
        raise CniError(f"Interface name {name} not found")
    if interface.get("sandbox"):
        raise CniError(f"Interface {name} should not be in sandbox")
    if (link.index, link.peer, link.master) != (end.peer, end.index, expected.bridge):
        return False
    if interface.get("mac", link.mac) != link.mac:
        raise CniError(f"Interface {name} Mac doesn't match: {interface['mac']} not found")
    return True


def _check_addresses(machine: Machine, sandbox: Sandbox, result: Result) -> None:
    has = [line.split()[3] for line in machine.sh(f"{sandbox.inside} -4 -o addr show dev {sandbox.device}").splitlines()]
    routes = [_route(line.split()) for line in machine.sh(f"{sandbox.inside} route").splitlines()]
    for address in result.get("ips", ()):
        if address["address"] not in has:
            raise CniError(f"Failed to match addr {address['address']} on interface {sandbox.ifname}")
        network = str(Network.parse(address["address"]))
        if not any(to == network for to, _ in routes):
            gateway = address.get("gateway", "<nil>")
            raise CniError(f"Failed to find Gateway {gateway} for interface {sandbox.ifname}")
    for route in result.get("routes", ()):
        if not any(_is_route(route, to, gateway) for to, gateway in routes):
            raise CniError(f"Expected Route {{Dst:{_as_go(route)} GW:{route.get('gw', '<nil>')}}} not found in routing table")


def _route(words: list[str]) -> tuple[str, str]:
    """Destination and gateway of a line of ``ip route``."""
    to = "0.0.0.0/0" if words[0] == "default" else words[0] if "/" in words[0] else f"{words[0]}/32"
    return to, words[words.index("via") + 1] if "via" in words else ""


def _is_route(wanted: dict[str, Any], to: str, gateway: str) -> bool:
    """A default route may go anywhere: the plugin compares its destination alone."""
    return wanted["dst"] == to and (to == "0.0.0.0/0" or wanted.get("gw", "") == gateway)


def _as_go(route: dict[str, str]) -> str:
    address, _, length = route["dst"].partition("/")
    return f"{{IP:{address} Mask:{mask_of(int(length)):08x}}}"


def _link(machine: Machine, line: str) -> Link | None:
    try:
        shown = machine.sh(line)
    except CommandError:
        return None
    found = SHOWN.match(shown)
    assert found is not None, shown
    words = shown.split()
    master = words[words.index("master") + 1] if "master" in words else ""
    return Link(found["index"], found["peer"] or "", found["mac"], tuple(found["flags"].split(",")), master)
