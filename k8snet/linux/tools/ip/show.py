"""How ``ip`` prints a device: the lines that ``ip link`` and ``ip address`` have in common, and which devices to list.

The words are the kernel's: flags (linux/if.h), operational state (RFC 2863), and for ``-d`` the features of a kind.
What the model does not hold (timers, queue lengths, offload sizes) is printed as a new device has it.
"""

from __future__ import annotations

from k8snet.errors import CommandError
from k8snet.linux.device import Bridge, Device, Loopback, Veth, Vxlan
from k8snet.linux.netns import Netns
from k8snet.linux.tools.ip import vxlan
from k8snet.linux.tools.ip.devices import number_peer
from k8snet.linux.tools.ip.words import Options, Words, device, garbage, wrong


class Selector:
    """Which devices to list: by name, ``type``, ``master``, ``up``."""

    def __init__(self, netns: Netns) -> None:
        self.netns = netns
        self.name: str | None = None
        self.kind: str | None = None
        self.master: Device | None = None
        self.up = False

    def read(self, keyword: str, words: Words) -> None:
        """Read one condition; a word that is no keyword is the device's name."""
        if keyword == "type":
            self.kind = words.take()
        elif keyword == "master":
            self.master = master_named(self.netns, words.take())
        elif keyword == "up":
            self.up = True
        else:
            name = words.take() if keyword == "dev" else keyword
            if self.name is not None:
                raise garbage("dev", name)
            self.name = name

    def devices(self) -> list[Device]:
        """The devices that fulfil all conditions, by index. CommandError if the one that is named is not there."""
        if self.name is not None and self.name not in self.netns.devices:
            raise CommandError(f'Device "{self.name}" does not exist.', code=1, errno="ENODEV")
        in_order = sorted(self.netns.devices.values(), key=lambda each: each.index)
        for each in in_order:
            number_peer(each)
        return [each for each in in_order if self._fits(each)]

    def _fits(self, each: Device) -> bool:
        return (
            self.name in (None, each.name)
            and self.kind in (None, each.kind)
            and (self.master is None or each.master is self.master)
            and (each.up or not self.up)
        )


def master_named(netns: Netns, name: str) -> Device:
    """The device that a keyword ``master`` names."""
    if name not in netns.devices:
        raise wrong(name, "Device does not exist\n")
    return device(netns, name)


# --- the common lines --------------------------------------------------------------------------------------------


def entry(each: Device, options: Options, *, mode: str = "") -> str:
    """The lines about a device; ``mode`` is the word that only ``ip link`` prints."""
    head = f"{each.index}: {title(each)}: <{','.join(flags(each))}> mtu {each.mtu} qdisc {each.qdisc} "
    head += f"master {each.master.name} " if each.master is not None else ""
    head += f"state {state(each)} {mode}group default qlen 1000"
    if options.inet and not options.details and not mode:
        return head + _link_netns(each)
    details = _details(each, generated="addrgenmode eui64 " if mode else "") if options.details else ""
    return f"{head}\n    link/{_link_type(each)} {each.mac} brd {_broadcast(each)}{_link_netns(each)}{details}"


def title(each: Device) -> str:
    """The name; of a veth also its peer's, or the peer's index when that is in another namespace."""
    if not isinstance(each, Veth) or each.peer is None:
        return each.name
    return f"{each.name}@{each.peer.name if each.peer.netns is each.netns else f'if{each.peer.index}'}"


def flags(each: Device) -> list[str]:
    """The flags in the order in which ``ip`` prints them."""
    found = {
        "NO-CARRIER": each.up and not each.running,
        "LOOPBACK": isinstance(each, Loopback),
        "BROADCAST": not isinstance(each, Loopback),
        "MULTICAST": not isinstance(each, Loopback),
        "PROMISC": each.promiscuous,
        "UP": each.up,
        "LOWER_UP": each.running,
        "M-DOWN": _peer_is_down_here(each),
    }
    return [flag for flag, is_set in found.items() if is_set]


def _peer_is_down_here(each: Device) -> bool:
    return isinstance(each, Veth) and each.peer is not None and each.peer.netns is each.netns and not each.peer.up


def state(each: Device) -> str:
    """The operational state. A veth whose peer is at hand and without carrier says LOWERLAYERDOWN (link_watch.c)."""
    if not each.up:
        return "DOWN"
    if isinstance(each, Loopback | Vxlan) or (isinstance(each, Bridge) and each.is_fresh):
        return "UNKNOWN"
    if each.running:
        return "UP"
    if isinstance(each, Veth) and each.peer is not None:
        lower = each.netns.device(each.peer.index)
        return "DOWN" if lower is None or lower.running else "LOWERLAYERDOWN"
    return "DOWN"


def _link_type(each: Device) -> str:
    return "loopback" if isinstance(each, Loopback) else "ether"


def _broadcast(each: Device) -> str:
    return "00:00:00:00:00:00" if isinstance(each, Loopback) else "ff:ff:ff:ff:ff:ff"


def _link_netns(each: Device) -> str:
    """Where the peer is: by name if ``ip netns`` has one for it, else by the number that it has here."""
    if not isinstance(each, Veth) or each.peer is None or each.peer.netns is each.netns:
        return ""
    other = each.peer.netns
    if other.name in each.netns.world.netns:
        return f" link-netns {other.name}"
    return f" link-netnsid {each.netns.nsids.find(other.name)}"


# --- what -d adds ------------------------------------------------------------------------------------------------

QUEUES = (
    "numtxqueues 1 numrxqueues 1 gso_max_size 65536 gso_max_segs 65535 tso_max_size {} tso_max_segs 65535 "
    "gro_max_size 65536 "
)
BRIDGE = (
    "bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time {ageing} stp_state 0 priority 32768 "
    "vlan_filtering 0 bridge_id {id} designated_root {id} root_port 0 root_path_cost 0 topology_change 0 "
    "topology_change_detected 0 hello_timer    0.00 tcn_timer    0.00 topology_change_timer    0.00 gc_timer    0.00 "
    "group_fwd_mask 0 group_address 01:80:c2:00:00:00 mcast_snooping 1 no_linklocal_learn 0 mcast_vlan_snooping 0 "
    "mcast_router 1 mcast_query_use_ifaddr 0 mcast_querier 0 mcast_hash_elasticity 16 mcast_hash_max 4096 "
    "mcast_last_member_count 2 mcast_startup_query_count 2 mcast_last_member_interval 100 mcast_membership_interval "
    "26000 mcast_querier_interval 25500 mcast_query_interval 12500 mcast_query_response_interval 1000 "
    "mcast_startup_query_interval 3124 mcast_stats_enabled 0 mcast_igmp_version 2 mcast_mld_version 1 "
    "nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0 "
)
SLAVE = (
    "\n    bridge_slave state {state} priority 32 cost {cost} hairpin {hairpin} guard off root_block off fastleave off "
    "learning {learning} flood {flood} port_id 0x80{number:02x} port_no {number:#x} designated_port {designated} "
    "designated_cost 0 designated_bridge {id} designated_root {id} hold_timer    0.00 message_age_timer    0.00 "
    "forward_delay_timer    0.00 topology_change_ack 0 config_pending 0 proxy_arp {proxy_arp} proxy_arp_wifi off "
    "mcast_router 1 mcast_fast_leave off mcast_flood {mcast_flood} bcast_flood {bcast_flood} mcast_to_unicast off "
    "neigh_suppress {neigh_suppress} group_fwd_mask 0 group_fwd_mask_str 0x0 vlan_tunnel off isolated {isolated} "
    "locked off "
)
PORT_SWITCHES = (
    "hairpin", "isolated", "learning", "flood", "mcast_flood", "bcast_flood", "proxy_arp", "neigh_suppress",
)
"""The switches of a bridge port that the model obeys, under the names that `Port` has for them."""


def on_off(value: bool) -> str:
    """As ip and bridge print a switch."""
    return "on" if value else "off"


def port_state(each: Device) -> str:
    """A port forwards while it has a carrier and its bridge is up (there is no spanning tree)."""
    return "forwarding" if each.running and each.master is not None and each.master.up else "disabled"


def port_cost(each: Device) -> int:
    """What the spanning tree would count for a port, by its speed; a tunnel has its lower device's, or none (br_if.c)."""
    return 100 if isinstance(each, Vxlan) and each.lower is None else 2


def _details(each: Device, *, generated: str) -> str:
    port = int(each.master is not None)
    limits = "minmtu 0 maxmtu 0 " if isinstance(each, Loopback) else "minmtu 68 maxmtu 65535 "
    text = f" promiscuity {port + each.promiscuous}  allmulti {port} {limits}"
    tso = 524280
    if isinstance(each, Veth):
        text += "\n    veth " + _slave(each)
    elif isinstance(each, Bridge):
        text += "\n    " + BRIDGE.format(ageing=round(each.ageing_time * 100), id=_bridge_id(each))
        tso = 524280 if each.ports else 65536
    elif isinstance(each, Vxlan):
        text += "\n    " + vxlan.details(each) + _slave(each)
        tso = vxlan.offload_limit(each)
    return text + generated + QUEUES.format(tso)


def _slave(each: Device) -> str:
    if each.master is None or each.port is None:
        return ""
    switches = {name: on_off(getattr(each.port, name)) for name in PORT_SWITCHES}
    number, bridge_id = each.master.ports.index(each) + 1, _bridge_id(each.master)
    own = {"state": port_state(each), "cost": port_cost(each), "number": number, "designated": 0x8000 + number}
    return SLAVE.format(**own, id=bridge_id, **switches)


def _bridge_id(bridge: Bridge) -> str:
    """Priority and MAC, without leading zeros in its bytes."""
    return "8000." + ":".join(f"{int(byte, 16):x}" for byte in bridge.mac.split(":"))
