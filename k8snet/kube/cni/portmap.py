"""The plugin portmap lets ports of the node lead to ports of a pod: what a container's ``hostPort`` asks for.

It is called behind the plugin that gave the address, and its answer is that one's. Rules in the table nat: PREROUTING and
OUTPUT send what is for one of the node's own addresses to CNI-HOSTPORT-DNAT, from there to the pod's chain CNI-DN-…,
which rewrites the destination; what comes from the pod itself or from 127.0.0.1 gets a mark first, by which POSTROUTING
masquerades it. Not here: IPv6, and what later versions have (masqAll, backend).
Source: containernetworking-plugins 1.1.1, plugins/meta/portmap.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.cni import nat
from k8snet.kube.cni.golang import Fields, decode
from k8snet.kube.cni.names import chain
from k8snet.kube.cni.nat import Rule
from k8snet.kube.cni.spec import Call, CniError, PortMapping, Result, Wiring
from k8snet.kube.machine import Machine
from k8snet.linux.address import Ip
from k8snet.linux.fact import Fact

DNAT, SET_MARK, MASQUERADE = "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-SETMARK", "CNI-HOSTPORT-MASQ"
DEFAULT_MARK_BIT = 13
"""The kubelet's own marks are bits 14 and 15."""
PORTS_A_RULE = 15
"""More ports than these the match multiport does not take."""
NEWER = ("masqAll", "backend")


class Settings(Fact, frozen=True):
    """What the configuration says. ``set_mark_chain`` is somebody else's chain, or empty; ``mark`` a value with its mask."""

    version: str
    network: str
    snat: bool
    mark: str
    set_mark_chain: str
    conditions: Rule


class Forwarding(Fact, frozen=True):
    """The ports that lead to a sandbox; ``address`` has its prefix length."""

    settings: Settings
    container_id: str
    address: str
    ports: tuple[PortMapping, ...]

    @property
    def chain(self) -> str:
        """The sandbox's own chain."""
        return chain(self.settings.network, self.container_id, "DN-")


# --- the commands, without the kernel ----------------------------------------------------------------------------


def plan_add(machine: Machine, call: Call) -> tuple[Result, list[Wiring]]:
    """The result is that of the plugin before; to do are the rules, if there are ports."""
    config = _parsed(call)
    if call.previous is None:
        raise CniError("must be called as chained plugin")
    address = _address(call)
    if not call.ports or address is None:
        return call.previous, []
    return call.previous, [(wire, (Forwarding(config, call.sandbox.container_id, address, call.ports),))]


def plan_delete(machine: Machine, call: Call) -> list[Wiring]:
    """To do is to take the rules away."""
    config = _parsed(call)
    return [(unwire, (Forwarding(config, call.sandbox.container_id, "", call.ports),))] if call.ports else []


def check(machine: Machine, call: Call) -> None:
    """CniError unless all rules are there."""
    config = settings(call.config)
    _check_ports(call)
    if call.previous is None:
        raise CniError("Required prevResult missing")
    address = _address(call)
    if call.ports and address is not None:
        _check(machine, Forwarding(config, call.sandbox.container_id, address, call.ports))


def _parsed(call: Call) -> Settings:
    """The configuration, and its ports looked at; CHECK does the same in barer words."""
    try:
        _check_ports(call)
        return settings(call.config)
    except CniError as error:
        raise CniError(f"failed to parse config: {error}") from None


def _check_ports(call: Call) -> None:
    for port in call.ports:
        if port.container_port <= 0:
            raise CniError(f"Invalid container port number: {port.container_port}")
        if port.host_port <= 0:
            raise CniError(f"Invalid host port number: {port.host_port}")


def _address(call: Call) -> str | None:
    """The sandbox's first address in the result before."""
    before = call.previous or {}
    interfaces = before.get("interfaces", [])
    for address in before.get("ips", []):
        index = address.get("interface", -1)
        of = interfaces[index] if 0 <= index < len(interfaces) else None
        if of is None or (of["name"] == call.sandbox.ifname and of.get("sandbox")):
            return str(address["address"])
    return None


# --- ADD and DEL: the commands for the kernel --------------------------------------------------------------------


def wire(machine: Machine, forwarding: Forwarding) -> None:
    """Make the rules. CniError in the plugin's words where iptables refuses."""
    config = forwarding.settings
    if config.snat:
        if not config.set_mark_chain:
            _make_masquerade_chains(machine, config)
        _route_localnet(machine, forwarding.address)
    nat.ensure_chain(machine, DNAT)
    for hook in ("PREROUTING", "OUTPUT"):
        nat.ensure_rule(machine, hook, ("-m", "addrtype", "--dst-type", "LOCAL", "-j", DNAT))
    try:
        nat.ensure_chain(machine, forwarding.chain)
        for rule in _rules(forwarding):
            nat.ensure_rule(machine, forwarding.chain, rule)
        for rule in _entries(forwarding):
            nat.ensure_rule(machine, DNAT, rule)
    except CniError as error:
        raise CniError(f"unable to setup DNAT: {error}") from None
    _forget_connections(machine, forwarding)


def _make_masquerade_chains(machine: Machine, config: Settings) -> None:
    """What sets the mark, and what masquerades by it: ahead of the rules of other plugins, which would be done first."""
    nat.ensure_chain(machine, SET_MARK)
    note = ("-m", "comment", "--comment", "CNI portfwd masquerade mark")
    nat.ensure_rule(machine, SET_MARK, (*note, "-j", "MARK", "--set-xmark", config.mark))
    nat.ensure_chain(machine, MASQUERADE)
    nat.ensure_rule(machine, MASQUERADE, ("-m", "mark", "--mark", config.mark, "-j", "MASQUERADE"))
    note = ("-m", "comment", "--comment", "CNI portfwd requiring masquerade")
    nat.ensure_rule(machine, "POSTROUTING", (*note, "-j", MASQUERADE), first=True)


def _route_localnet(machine: Machine, address: str) -> None:
    """Let packets from 127.0.0.1 leave by the device that leads to the pod, which the kernel else drops as martians."""
    try:
        words = machine.sh(f"ip route get {address.partition('/')[0]}").split()
    except CommandError:  # no route: then there is no device either
        return
    device = words[words.index("dev") + 1].replace(".", "/")
    machine.sh(f"sysctl -qw net.ipv4.conf.{device}.route_localnet=1")


def _forget_connections(machine: Machine, forwarding: Forwarding) -> None:
    """A UDP sender that was there before goes on past the new rules, until its connection is forgotten."""
    for port in forwarding.ports:
        if port.protocol.lower() == "udp":
            try:
                machine.sh(f"conntrack -D -p udp --dport {port.host_port}")
            except CommandError as error:
                if error.errno != "ENOENT":  # nothing to delete
                    raise


def unwire(machine: Machine, forwarding: Forwarding) -> None:
    """Take the sandbox's chain away and what leads to it; that it is gone already is no error."""
    own = forwarding.chain
    if not nat.ensure_chain(machine, own):
        nat.must(machine, "-F", own)
    try:
        listed = nat.iptables(machine, "-S", DNAT).splitlines()
    except CommandError:  # there is no such chain
        listed = []
    for line in listed:
        if line.endswith(f" -j {own}"):
            machine.sh(f"iptables -t nat -D {line.removeprefix('-A ')}")
    nat.forget(machine, "-X", own)


# --- rules -------------------------------------------------------------------------------------------------------


def _entries(forwarding: Forwarding) -> Iterator[Rule]:
    """What leads from the common chain to the sandbox's: a rule for each protocol, for each fifteen ports."""
    note = f'dnat name: "{forwarding.settings.network}" id: "{forwarding.container_id}"'
    note = note if len(note) <= 255 else f"{note[:253]}..."
    ports: dict[str, list[str]] = {}
    for each in forwarding.ports:
        ports.setdefault(each.protocol, []).append(str(each.host_port))
    for protocol, numbers in sorted(ports.items()):
        for start in range(0, len(numbers), PORTS_A_RULE):
            match = ("-m", "comment", "--comment", note, "-m", "multiport", "-p", protocol)
            listed = ("--destination-ports", ",".join(numbers[start : start + PORTS_A_RULE]))
            yield (*match, *listed, *forwarding.settings.conditions, "-j", forwarding.chain)


def _rules(forwarding: Forwarding) -> Iterator[Rule]:
    """The sandbox's chain: for each port the marks for what is to be masqueraded, then the new destination."""
    config = forwarding.settings
    for port in forwarding.ports:
        ip = _host_ip(port)
        if port.host_ip and ip is None:  # an address of another family, or none at all: the real plugin leaves the port out
            continue
        match: Rule = ("-p", port.protocol, "--dport", str(port.host_port))
        match += ("-d", port.host_ip) if ip else ()
        for source in (forwarding.address, "127.0.0.1") if config.snat else ():
            yield (*match, "-s", source, "-j", config.set_mark_chain or SET_MARK)
        target = f"{forwarding.address.partition('/')[0]}:{port.container_port}"
        yield (*match, "-j", "DNAT", "--to-destination", target)


def _host_ip(port: PortMapping) -> Ip | None:
    try:
        return Ip(port.host_ip)
    except (ValueError, NotModelled):
        return None


def _check(machine: Machine, forwarding: Forwarding) -> None:
    own, rules, entries = forwarding.chain, list(_rules(forwarding)), list(_entries(forwarding))
    if not any(line == f"-N {own}" for line in nat.iptables(machine, "-S").splitlines()):
        raise CniError(f"could not check ipv4 dnat: chain {own} not found in iptables table nat")
    for where, wanted, said in ((own, rules, rules), (DNAT, entries, [rule[:-2] for rule in entries])):
        if not all(_has(machine, where, rule) for rule in wanted):
            listed = " ".join(f"[{' '.join(rule)}]" for rule in said)
            raise CniError(f"could not check ipv4 dnat: rule [{listed}] in chain {where} not found in table nat")


def _has(machine: Machine, where: str, rule: Rule) -> bool:
    """Whether a chain has a rule; one that iptables refuses it has not."""
    try:
        return nat.has(machine, where, rule)
    except CniError:
        return False


# --- the configuration -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def settings(config: str) -> Settings:
    """Read a configuration. CniError in the plugin's words if it refuses it, NotModelled for what is not here."""
    try:
        return _read(Fields(decode(config), "PortMapConf"))
    except ValueError as error:
        raise CniError(f"failed to parse network configuration: {error}") from None


def _read(fields: Fields) -> Settings:
    for name in NEWER:
        if name in fields:
            raise NotModelled(f"portmap's {name}", known="snat, conditionsV4, markMasqBit, externalSetMarkChain")
    bit = fields.number("markMasqBit")
    read = Settings(
        version=fields.text("cniVersion"), network=fields.text("name"),
        snat=fields.flag("snat") if "snat" in fields else True, mark=_mark(DEFAULT_MARK_BIT if bit is None else bit),
        set_mark_chain=fields.text("externalSetMarkChain"), conditions=tuple(fields.texts("conditionsV4")),
    )  # fmt: skip
    if bit is not None and "externalSetMarkChain" in fields:
        raise CniError("Cannot specify externalSetMarkChain and markMasqBit")
    if not read.mark:
        raise CniError("MasqMarkBit must be between 0 and 31")
    return read


def _mark(bit: int) -> str:
    """A mark's value and mask, as iptables takes them; empty for a bit that there is not."""
    return f"{1 << bit:#x}/{1 << bit:#x}" if 0 <= bit <= 31 else ""
