"""The plugin bridge gives a sandbox a veth pair, one end of it at a bridge of the node, and an address from host-local.

`plan_add` knows the address and the result without the kernel; `wire` gives the commands, in the real plugin's order, once
the node is awake. Not here: vlan, macspoofchk, IPv6, a MAC address that the pod asks for, and the switch arp_notify of the
pod's device: the ARP message that it asks for is lost, as the bridge's port does not forward yet (measured). What CHECK
looks at is in bridge_check.py.
Source: containernetworking-plugins 1.1.1, plugins/main/bridge/bridge.go, pkg/ipam/ipam_linux.go, pkg/ip/link_linux.go.
"""

from __future__ import annotations

from functools import lru_cache
from shlex import quote
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.cni import host_local, nat
from k8snet.kube.cni.bridge_check import Expected, check_links
from k8snet.kube.cni.golang import Fields, decode, said
from k8snet.kube.cni.host_local import Given, Route, written
from k8snet.kube.cni.loopback import no_netns
from k8snet.kube.cni.names import chain, comment, veth
from k8snet.kube.cni.spec import NO_INTERFACE, Call, CniError, Result, Sandbox, Wiring
from k8snet.kube.machine import Machine
from k8snet.linux.address import mask_of
from k8snet.linux.fact import Fact

DEFAULT_BRIDGE = "cni0"
EVERYWHERE = "0.0.0.0/0"
NEWER = ("portIsolation", "preserveDefaultVlan", "vlanTrunk", "disableContainerInterface")
"""Keys of later versions of the plugin, which 1.1.1 reads over."""
OTHER_IPAM = ("dhcp", "static")
DNS = ("nameservers", "domain", "search", "options")


class Settings(Fact, frozen=True):
    """What the configuration says, under the words of ip and iptables where those have one."""

    version: str
    network: str
    bridge: str
    is_gateway: bool
    is_default_gateway: bool
    force_address: bool
    masquerade: bool
    mtu: int
    hairpin: bool
    promiscuous: bool
    has_ipam: bool
    dns: dict[str, Any]

    @property
    def device(self) -> str:
        """The bridge's name as a word of a command line."""
        return quote(self.bridge)


class Attachment(Fact, frozen=True):
    """A sandbox that is to get its addresses and routes; all that `wire` has to know."""

    settings: Settings
    sandbox: Sandbox
    given: tuple[Given, ...] = ()
    routes: tuple[Route, ...] = ()


# --- the commands, without the kernel ----------------------------------------------------------------------------


def plan_add(machine: Machine, call: Call) -> tuple[Result, list[Wiring]]:
    """Ask host-local for an address. The result lacks the bridge's MAC address, which the kernel chooses.

    CniError if there is no address, or the sandbox is connected already.
    """
    config, sandbox = settings(call.config), call.sandbox
    attachment = _with_addresses(machine, config, call) if config.has_ipam else Attachment(config, sandbox)
    names = veth(sandbox)
    result: Result = {
        "cniVersion": config.version,
        "interfaces": [
            {"name": config.bridge},
            {"name": names.name, "mac": names.mac},
            {"name": sandbox.ifname, "mac": names.peer_mac, "sandbox": sandbox.path},
        ],
    }
    if config.has_ipam:
        result["ips"] = [written(each, config.version, 2) for each in attachment.given]
    if attachment.routes:
        result["routes"] = [each.written for each in attachment.routes]
    result["dns"] = config.dns
    return result, [(wire, (attachment,))]


def _with_addresses(machine: Machine, config: Settings, call: Call) -> Attachment:
    asked = host_local.settings(call.config)
    if host_local.held(machine, asked, call):  # then its veth is there or waits to be made, and the real plugin meets it first
        raise _occupied(call.sandbox)
    given = tuple(host_local.reserve(machine, asked, call))
    routes = asked.routes
    if config.is_default_gateway and not any(each.destination == EVERYWHERE and each.gateway for each in routes):
        routes = (*routes, Route(EVERYWHERE, given[0].gateway, is_own=True))
    return Attachment(config, call.sandbox, given, routes)


def plan_delete(machine: Machine, call: Call) -> list[Wiring]:
    """Give the addresses back at once; to do is to take the veth and the rules away."""
    config = settings(call.config)
    if config.has_ipam:
        host_local.plan_delete(machine, call)
    return [(unwire, (config, call.sandbox))]


def check(machine: Machine, call: Call) -> None:
    """CniError unless bridge, veth, addresses and routes are as the result of ADD has them."""
    config = settings(call.config)
    try:
        machine.sh(f"{call.sandbox.inside} link show dev lo")
    except CommandError:
        raise no_netns(call.sandbox, f'failed to open netns "{call.sandbox.path}": ') from None
    if not config.has_ipam:
        raise CniError("no plugin name provided")
    host_local.check(machine, call)
    if call.previous is None:
        raise CniError("Required prevResult missing")
    check_links(machine, call.sandbox, call.previous, Expected(config.bridge, config.promiscuous))


def _occupied(sandbox: Sandbox) -> CniError:
    return CniError(f"container veth name provided ({sandbox.ifname}) already exists")


# --- ADD: the commands for the kernel ----------------------------------------------------------------------------


def wire(machine: Machine, attachment: Attachment) -> None:
    """Connect a sandbox. CniError in the plugin's words where the kernel refuses."""
    config, sandbox = attachment.settings, attachment.sandbox
    mac = _ensure_bridge(machine, config)
    _connect(machine, config, sandbox)
    for given in attachment.given:
        failed = f'failed to add IP addr {given} to "{sandbox.ifname}": '
        _inside(machine, sandbox, f"addr add {given} brd + dev {sandbox.device}", failed)
    _inside(machine, sandbox, f"link set dev {sandbox.device} up", f'failed to set "{sandbox.ifname}" up: ')
    for route in attachment.routes:
        _add_route(machine, attachment, route)
    for given in attachment.given:
        if config.is_gateway:
            _be_gateway(machine, config, f"{given.gateway}/{given.length}", mac)
    if config.is_gateway and attachment.given:
        machine.sh("sysctl -qw net.ipv4.ip_forward=1")
    for given in attachment.given:
        if config.masquerade:
            owner = (config.network, sandbox.container_id)
            nat.masquerade(machine, str(given), chain(*owner), comment(*owner))


def _ensure_bridge(machine: Machine, config: Settings) -> str:
    """Make the bridge unless it is there, bring it up, and return its MAC address."""
    name, mtu = config.device, f" mtu {config.mtu}" if config.mtu > 0 else ""
    failed = f'failed to create bridge "{config.bridge}": '
    _check_name(config.bridge, f'{failed}could not add "{config.bridge}": ')
    try:
        machine.sh(f"ip link add name {name}{mtu} type bridge")
    except CommandError as error:
        if error.errno != "EEXIST":
            raise CniError(f'{failed}could not add "{config.bridge}": {said(error)}') from None
    if config.promiscuous:
        machine.sh(f"ip link set dev {name} promisc on")
    shown = machine.sh(f"ip -o link show dev {name} type bridge").split()
    if not shown:
        raise CniError(f'{failed}"{config.bridge}" already exists but is not a bridge')
    machine.sh(f"ip link set dev {name} up")
    return shown[shown.index("link/ether") + 1]


def _check_name(name: str, failed: str) -> None:
    """What the kernel says to a name that ip would not even ask it about."""
    if not name:
        raise CniError(f"{failed}LinkAttrs.Name cannot be empty")
    if len(name) > 15:
        raise CniError(f"{failed}numerical result out of range")
    if NO_INTERFACE.search(name):
        raise CniError(f"{failed}invalid argument")


def _connect(machine: Machine, config: Settings, sandbox: Sandbox) -> None:
    """Make the veth pair from inside the sandbox, and its other end a port of the bridge."""
    names, mtu = veth(sandbox), f" mtu {config.mtu}" if config.mtu > 0 else ""
    peer = f"peer name {names.name} address {names.mac}{mtu} netns {machine.name}"
    try:
        machine.sh(f"{sandbox.inside} link add name {sandbox.device} address {names.peer_mac}{mtu} type veth {peer}")
    except CommandError as error:
        if error.errno == "ENOENT":
            raise no_netns(sandbox, f'failed to open netns "{sandbox.path}": ') from None
        raise (_occupied(sandbox) if error.errno == "EEXIST" else CniError(f"failed to make veth pair: {said(error)}")) from None
    machine.sh(f"ip link set dev {names.name} up")
    machine.sh(f"ip link set dev {names.name} master {config.device}")
    if config.hairpin:  # the real plugin says off as well, which is so anyway
        machine.sh(f"bridge link set dev {names.name} hairpin on")


def _inside(machine: Machine, sandbox: Sandbox, words: str, failed: str) -> None:
    try:
        machine.sh(f"{sandbox.inside} {words}")
    except CommandError as error:
        raise CniError(f"{failed}{said(error)}") from None


def _add_route(machine: Machine, attachment: Attachment, route: Route) -> None:
    """In front of others like it, as the plugin's flags to the kernel say; refused if there is the very same."""
    sandbox = attachment.sandbox
    gateway = route.gateway or attachment.given[0].gateway
    failed = f"failed to add route '{{{_as_go(route)}}} via {gateway} dev {sandbox.ifname}': "
    to = "default" if route.destination == EVERYWHERE else route.destination
    _inside(machine, sandbox, f"route prepend {to} via {gateway} dev {sandbox.device}", failed)


def _as_go(route: Route) -> str:
    """A destination as Go prints it: the address, and the mask in hex. The plugin's own default route has a mask of IPv6."""
    address, _, length = route.destination.partition("/")
    return f"{address} {'0' * 20 + 'f' * 4 + '0' * 8 if route.is_own else f'{mask_of(int(length)):08x}'}"


def _be_gateway(machine: Machine, config: Settings, wanted: str, mac: str) -> None:
    """Give the bridge the gateway's address, and nail down its own MAC address, which else is that of its lowest port."""
    bridge = config.device
    for address in _addresses(machine.sh(f"ip -4 -o addr show dev {bridge}")):
        if address == wanted:
            return
        if not config.force_address:
            text = f'"{config.bridge}" already has an IP address different from {wanted}'
            raise CniError(f"failed to set bridge addr: {text}")
        machine.sh(f"ip addr del {address} dev {bridge}")
    machine.sh(f"ip addr add {wanted} brd + dev {bridge}")
    machine.sh(f"ip link set dev {bridge} address {mac}")


def _addresses(shown: str) -> list[str]:
    """The addresses with their prefix lengths in what ``ip -o addr`` prints."""
    return [line.split()[3] for line in shown.splitlines()]


# --- DEL ---------------------------------------------------------------------------------------------------------


def unwire(machine: Machine, config: Settings, sandbox: Sandbox) -> None:
    """Take the veth away, and the rules that masquerade its addresses; what is gone already is no error.

    As with the real plugin, rules stay where the namespace or the veth went before: they are found by its addresses.
    """
    try:
        shown = machine.sh(f"{sandbox.inside} -4 -o addr show dev {sandbox.device}")
    except CommandError:  # no namespace, or no veth in it
        return
    machine.sh(f"{sandbox.inside} link del dev {sandbox.device}")
    owner = (config.network, sandbox.container_id)
    for address in _addresses(shown) if config.has_ipam and config.masquerade else ():
        nat.do_not_masquerade(machine, address, chain(*owner), comment(*owner))


# --- the configuration -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def settings(config: str) -> Settings:
    """Read a configuration. CniError in the plugin's words if it refuses it, NotModelled for what is not here."""
    try:
        return _read(Fields(decode(config), "NetConf"))
    except ValueError as error:
        raise CniError(f"failed to load netconf: {error}") from None


def _read(fields: Fields) -> Settings:
    ipam, is_default = fields.fields("ipam", "types.IPAM").text("type"), fields.flag("isDefaultGateway")
    read = Settings(
        version=fields.text("cniVersion"), network=fields.text("name"),
        bridge=fields.text("bridge") if "bridge" in fields else DEFAULT_BRIDGE,
        is_gateway=fields.flag("isGateway") or is_default, is_default_gateway=is_default,
        force_address=fields.flag("forceAddress"), masquerade=fields.flag("ipMasq"), mtu=fields.number("mtu") or 0,
        hairpin=fields.flag("hairpinMode"), promiscuous=fields.flag("promiscMode"),
        has_ipam=bool(ipam), dns=_dns(fields.fields("dns", "types.DNS")),
    )  # fmt: skip
    _refuse(fields, read, ipam)
    return read


def _dns(fields: Fields) -> dict[str, Any]:
    values = {name: fields.text(name) if name == "domain" else fields.texts(name) for name in DNS}
    return {name: value for name, value in values.items() if value}


def _refuse(fields: Fields, read: Settings, ipam: str) -> None:
    vlan = fields.number("vlan") or 0
    if not 0 <= vlan <= 4094:
        raise CniError(f"invalid VLAN ID {vlan} (must be between 0 and 4094)")
    if read.hairpin and read.promiscuous:
        raise CniError("cannot set hairpin mode and promiscuous mode at the same time.")
    asked = [name for name, is_asked in (("vlan", vlan), ("macspoofchk", fields.flag("macspoofchk"))) if is_asked]
    asked += [name for name in NEWER if name in fields]
    if asked or fields.fields("args").fields("cni").text("mac"):
        raise NotModelled(f"the bridge plugin's {(*asked, 'mac')[0]}", known="bridges without VLANs")
    if ipam in OTHER_IPAM:
        raise NotModelled(f"the IPAM plugin {ipam}", known="host-local")
    if ipam not in ("", "host-local"):
        raise CniError(f'failed to find plugin "{ipam}" in path [/opt/cni/bin]')
