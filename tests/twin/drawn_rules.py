"""Random iptables rules: odd ones anywhere, and a set like kube-proxy's, as command lines and restore input."""

from __future__ import annotations

from hypothesis import strategies as st

from k8snet.linux.log import Command
from k8snet.linux.netfilter import BUILT_IN
from tests.twin.drawn_networks import SERVICES, Plan, inside, rarely, subnets

NODE_PORT = 30080
REJECTS = ("icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
           "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited")  # fmt: skip
PORTS = (" --dport 80", " --sport 80", " --dport 1:100", " -m multiport --dports 53,80", " ! --dport 80")
STATES = ("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "NEW,INVALID", "ESTABLISHED,RELATED", "DNAT", "SNAT")


@st.composite
def rules(draw: st.DrawFn, plan: Plan) -> str:
    """One rule, of any kind, in any table and chain."""
    name = draw(st.sampled_from(plan.machines))
    table = draw(st.sampled_from(["filter", "filter", "nat", "nat", "mangle", "raw"]))
    chain = draw(st.sampled_from([*BUILT_IN[table], "SIDE"]))
    if draw(rarely(12)):
        return _iptables(name, table, f"-P {draw(st.sampled_from(BUILT_IN[table]))} DROP")
    matched = " ".join(draw(st.lists(_matches(plan, name, table), max_size=2, unique=True)))
    proto = draw(st.sampled_from(["", "", "-p tcp", "-p udp", "-p icmp"]))
    if proto in ("-p tcp", "-p udp") and draw(st.booleans()):
        proto += draw(st.sampled_from(PORTS))
    verb = draw(st.sampled_from(["-A", "-A", "-I"]))
    return _iptables(name, table, " ".join(f"{verb} {chain} {proto} {matched} {draw(_targets(plan, table, proto))}".split()))


def side_chains(plan: Plan) -> list[str]:
    """A chain of the user's in some tables, for rules to jump to."""
    return [_iptables(name, table, "-N SIDE") for name in plan.machines[:2] for table in ("filter", "nat", "mangle")]


def _iptables(name: str, table: str, words: str) -> str:
    return inside(name, f"iptables -t {table} {words}")


def _matches(plan: Plan, name: str, table: str) -> st.SearchStrategy[str]:
    where = subnets(plan).map(lambda goal: goal.replace("default", "0.0.0.0/0"))
    devices = st.sampled_from([*plan.devices_of(name), "lo", "w+"])
    return st.one_of(
        where.map(lambda goal: f"-d {goal}"),
        where.map(lambda goal: f"-s {goal}"),
        where.map(lambda goal: f"! -d {goal}"),
        devices.map(lambda dev: f"-i {dev}"),
        devices.map(lambda dev: f"-o {dev}"),
        devices.map(lambda dev: f"! -o {dev}"),
        st.sampled_from(STATES).map(lambda states: f"-m conntrack --ctstate {states}"),
        st.sampled_from(["ORIGINAL", "REPLY"]).map(lambda way: f"-m conntrack --ctdir {way}"),
        st.sampled_from(["LOCAL", "UNICAST", "BROADCAST", "MULTICAST"]).map(lambda kind: f"-m addrtype --dst-type {kind}"),
        st.sampled_from(["LOCAL", "UNICAST"]).map(lambda kind: f"-m addrtype --src-type {kind}"),
        st.sampled_from(["0x1", "0x4000/0x4000", "0x0/0xf"]).map(lambda mark: f"-m mark --mark {mark}"),
        st.sampled_from(["--physdev-is-bridged", "--physdev-is-in", "! --physdev-is-out"]).map(lambda word: f"-m physdev {word}"),
        # Elsewhere it would count bare acknowledgements too, which the kernel sends when it sees fit.
        st.just("-m statistic --mode nth --every 2 --packet 0" if table == "nat" else "-f"),
        st.just("-f"),
        st.just('-m comment --comment "odd"'),
    )


def _targets(plan: Plan, table: str, proto: str) -> st.SearchStrategy[str]:
    words = ["ACCEPT", "DROP", "RETURN", "SIDE", "MARK --set-mark 0x1", "MARK --set-xmark 0x4000/0x4000", "LOG", "DROP"]
    if table == "filter":
        words += ["REJECT", *(f"REJECT --reject-with {answer}" for answer in REJECTS)]
        words += ["REJECT --reject-with tcp-reset"] * (2 * proto.startswith("-p tcp"))
    if table == "raw":
        words += ["CT --notrack"] * 3
    if table == "nat":
        words += _translations(plan, ported=proto[:6] in ("-p tcp", "-p udp"))
    return st.sampled_from(words).map(lambda word: f"-j {word}")


def _translations(plan: Plan, *, ported: bool) -> list[str]:
    targets = ["MASQUERADE", "MASQUERADE", "REDIRECT"]
    places = [place.ip for place in plan.places[:6]]
    targets += [f"DNAT --to-destination {ip}" for ip in [*places, "127.0.0.1", "10.0.0.99"]]
    targets += [f"SNAT --to-source {ip}" for ip in [*places[:3], "10.9.0.1"]]
    if ported:
        targets += [f"DNAT --to-destination {ip}:80" for ip in places] + ["REDIRECT --to-ports 80", "MASQUERADE --random-fully"]
    return targets


# --- like kube-proxy ---------------------------------------------------------------------------------------------


@st.composite
def services(draw: st.DrawFn, plan: Plan) -> Command:
    """The rules of two Services, one of which may have no endpoint, and a node port, on one machine."""
    name = draw(st.sampled_from(plan.machines))
    ips = sorted({place.ip for place in plan.places})
    proto = draw(st.sampled_from(["tcp", "tcp", "udp"]))
    endpoints = draw(st.lists(st.sampled_from(ips), min_size=1, max_size=2, unique=True))
    masqueraded = draw(st.sampled_from(["", "! -s 10.0.0.0/8 ", "! -s 10.0.0.0/24 "]))
    nat = [
        ":KUBE-SERVICES - [0:0]", ":KUBE-NODEPORTS - [0:0]", ":KUBE-POSTROUTING - [0:0]", ":KUBE-MARK-MASQ - [0:0]",
        ":KUBE-SVC-WEB - [0:0]", *(f":KUBE-SEP-{index} - [0:0]" for index, _ in enumerate(endpoints)),
        "-A PREROUTING -j KUBE-SERVICES", "-A OUTPUT -j KUBE-SERVICES", "-A POSTROUTING -j KUBE-POSTROUTING",
        "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000",
        "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN", "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
        "-A KUBE-POSTROUTING -j MASQUERADE" + draw(st.sampled_from(["", " --random-fully"])),
        f"-A KUBE-SERVICES -d {SERVICES[0]}/32 -p {proto} -m {proto} --dport 80 -j KUBE-SVC-WEB",
        "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
        f"-A KUBE-NODEPORTS -p {proto} -m {proto} --dport {NODE_PORT} -j KUBE-MARK-MASQ",
        f"-A KUBE-NODEPORTS -p {proto} -m {proto} --dport {NODE_PORT} -j KUBE-SVC-WEB",
        f"-A KUBE-SVC-WEB {masqueraded}-d {SERVICES[0]}/32 -p {proto} -m {proto} --dport 80 -j KUBE-MARK-MASQ",
    ]  # fmt: skip
    for index, ip in enumerate(endpoints):
        share = "" if index == len(endpoints) - 1 else "-m statistic --mode nth --every 2 --packet 0 "
        nat += [f"-A KUBE-SVC-WEB {share}-j KUBE-SEP-{index}", f"-A KUBE-SEP-{index} -s {ip}/32 -j KUBE-MARK-MASQ",
                f"-A KUBE-SEP-{index} -p {proto} -m {proto} -j DNAT --to-destination {ip}:80"]  # fmt: skip
    rules = ["*nat", *nat, "COMMIT", "*filter", *_filter(draw(st.sampled_from(["ACCEPT", "DROP"]))), "COMMIT", ""]
    return Command(inside(name, "iptables-restore --noflush"), "\n".join(rules))


def _filter(forwarded: str) -> list[str]:
    return [
        ":KUBE-FORWARD - [0:0]", ":KUBE-EXTERNAL - [0:0]", "-A FORWARD -j KUBE-FORWARD",
        "-A FORWARD -m conntrack --ctstate NEW -j KUBE-EXTERNAL", "-A OUTPUT -m conntrack --ctstate NEW -j KUBE-EXTERNAL",
        f"-A KUBE-EXTERNAL -d {SERVICES[1]}/32 -p tcp -m tcp --dport 80 -j REJECT",
        "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
        "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
        f"-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j {forwarded}",
    ]  # fmt: skip
