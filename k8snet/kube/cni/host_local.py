"""The plugin host-local gives addresses out of ranges, and keeps what it gave as files on the node's disk.

/var/lib/cni/networks/NETWORK/ADDRESS holds the container's id and its interface, ``last_reserved_ip.N`` the address that
range set N gave last, ``lock`` nothing. An address is found in constant time: the one behind the last is nearly always
free. Not here: requested addresses (args, runtimeConfig), resolvConf.
Source: containernetworking-plugins 1.1.1, plugins/ipam/host-local.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from k8snet.errors import NotModelled
from k8snet.kube.cni.golang import Fields, decode
from k8snet.kube.cni.ranges import Range, RangeSet, candidates, cidr, optional_ip, read_sets, text_of
from k8snet.kube.cni.spec import Call, CniError, Result, Wiring
from k8snet.kube.machine import Machine
from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact

DIRECTORY = "/var/lib/cni/networks"


class Route(Fact, frozen=True):
    """A route that the pod is to get; without a gateway of its own it leads over the address' gateway.

    ``is_own``: the bridge plugin added it, it is not in the configuration.
    """

    destination: str
    gateway: Ip | None = None
    is_own: bool = False

    @property
    def written(self) -> dict[str, str]:
        """The route in a result."""
        return {"dst": self.destination} | ({"gw": str(self.gateway)} if self.gateway else {})


class Given(Fact, frozen=True):
    """An address with its prefix length, and its gateway."""

    address: Ip
    length: int
    gateway: Ip

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


class Settings(Fact, frozen=True):
    """What the configuration says: the folder of this network's files, the sets of ranges, the routes."""

    version: str
    directory: str
    sets: tuple[RangeSet, ...]
    routes: tuple[Route, ...]


# --- the three commands ------------------------------------------------------------------------------------------


def plan_add(machine: Machine, call: Call) -> tuple[Result, list[Wiring]]:
    """Reserve one address of each range set. CniError if a set has none left, or the sandbox has one already."""
    said = settings(call.config)
    given = reserve(machine, said, call)
    result: Result = {"cniVersion": said.version, "ips": [written(each, said.version) for each in given]}
    routes = {"routes": [route.written for route in said.routes]} if said.routes else {}
    return {**result, **routes, "dns": {}}, []


def plan_delete(machine: Machine, call: Call) -> list[Wiring]:
    """Give back all addresses of the sandbox, if there are any."""
    said = settings(call.config)
    for path in held(machine, said, call):
        del machine.files[path]
    return []


def check(machine: Machine, call: Call) -> None:
    """CniError if the sandbox has no address."""
    if not held(machine, settings(call.config), call):
        raise CniError(f"host-local: Failed to find address added by container {call.sandbox.container_id}")


# --- the disk ----------------------------------------------------------------------------------------------------


def reserve(machine: Machine, said: Settings, call: Call) -> list[Given]:
    """One address of each range set, in their order; all or none."""
    before = held(machine, said, call)
    given: list[Given] = []
    try:
        for number, ranges in enumerate(said.sets):
            _refuse_second(ranges, before, call)
            address, of = _next(machine, said, number)
            machine.files[f"{said.directory}/{address}"] = _mark(call)
            machine.files[f"{said.directory}/last_reserved_ip.{number}"] = str(address)
            given.append(Given(address, of.network.length, of.gateway))
    except ValueError as error:
        if given:
            plan_delete(machine, call)
        raise CniError(f"failed to allocate for range {len(given)}: {error}") from None
    return given


def _next(machine: Machine, said: Settings, number: int) -> tuple[Ip, Range]:
    ranges, files = said.sets[number], machine.files
    last = files.get(f"{said.directory}/last_reserved_ip.{number}")
    for address, of in candidates(ranges, _address(last)):
        if f"{said.directory}/{address}" not in files:
            return address, of
    raise ValueError(f"no IP addresses available in range set: {text_of(ranges)}")


def _refuse_second(ranges: RangeSet, before: list[str], call: Call) -> None:
    for path in before:
        address = _address(path.rpartition("/")[2])
        if address is not None and any(address in each for each in ranges):
            owner = call.sandbox.container_id
            raise ValueError(f"{address} has been allocated to {owner}, duplicate allocation is not allowed")


def held(machine: Machine, said: Settings, call: Call) -> list[str]:
    """The files of the sandbox's addresses. Whose file it is stands in the file, so that all of them have to be read."""
    machine.files.setdefault(f"{said.directory}/lock", "")
    mark = _mark(call)
    if mark not in machine.files.values():
        return []
    return [path for path, text in machine.files.items() if text == mark and path.rpartition("/")[0] == said.directory]


def _mark(call: Call) -> str:
    return f"{call.sandbox.container_id}\r\n{call.sandbox.ifname}"


def _address(text: str | None) -> Ip | None:
    """An address, or None where a file's name or text is none."""
    try:
        return optional_ip(text or "")
    except (ValueError, NotModelled):
        return None


# --- the configuration -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def settings(config: str) -> Settings:
    """Read a configuration: the whole of it, as the plugin that asks for an address has it. CniError if it is refused."""
    whole = Fields(decode(config), "Net")
    try:
        return _read(whole, whole.fields("ipam", "allocator.IPAMConfig"))
    except ValueError as error:
        raise CniError(str(error)) from None


def _read(whole: Fields, ipam: Fields) -> Settings:
    if "ipam" not in whole:
        raise ValueError("IPAM config missing 'ipam' key")
    if ipam.text("resolvConf"):
        raise NotModelled("host-local's resolvConf", known="subnet, rangeStart, rangeEnd, gateway, ranges, routes, dataDir")
    if "cni" in whole.fields("args"):
        raise NotModelled("addresses that a configuration's args ask for", known="those that host-local chooses")
    ipam.text("type")
    routes = tuple(_route(each) for each in ipam.objects("routes", "*types.Route", "types.route"))
    directory = f"{ipam.text('dataDir') or DIRECTORY}/{whole.text('name')}"
    return Settings(whole.text("cniVersion"), directory, read_sets(ipam), routes)


def _route(fields: Fields) -> Route:
    address, network = cidr(fields.text("dst") or "<nil>")  # with bits behind the prefix, if it has some: the kernel says no
    return Route(f"{address}/{network.length}", optional_ip(fields.text("gw", "net.IP")))


def written(given: Given, version: str, interface: int | None = None) -> dict[str, Any]:
    """An address in a result. Up to version 0.4.0 it says of which family it is."""
    family = {} if version == "1.0.0" else {"version": "4"}
    index = {} if interface is None else {"interface": interface}
    return {**family, **index, "address": str(given), "gateway": str(given.gateway)}
