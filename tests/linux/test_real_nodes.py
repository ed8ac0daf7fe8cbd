"""What ``iptables-save`` prints on real nodes: understood as a whole, or refused naming every line that is not.

The texts in nodes/ are our own, put together after listings of kind, Docker, Calico, k3s (flannel, kube-router), GKE, Cilium,
kube-proxy in IPVS mode, and of a host with a firewall.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import World
from k8snet.linux.iptables import understood
from tests.linux.rule_rows import by_table

FOLDER = Path(__file__).parent / "nodes"
NODES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.save"))}

MISSING = {
    "calico": "-m rpfilter in line 15; -m set in lines 40, 44, 77",
    "cilium": "-m socket in line 22; -j CONNMARK in line 23; -j TPROXY in line 24",
    "firewall": "iptables --zone in line 5; iptables --helper in line 6; -m pkttype in line 19; -m mac in line 20; "
                "-m u32 in line 21; -m hashlimit in line 23; -m iprange in line 26",
    "gke": "iptables -t security in lines 2, 3, 4, 5, 6, 7; -j TCPMSS in line 18; -j CONNMARK in line 19; "
           "-m nfacct in line 36; iptables --ctorigdst in line 51",
    "ipvs": "-m set in lines 19, 20, 21, 40, 41, 46, 48",
    "k3s": "-m set in line 16; -j NFLOG in line 21",
}  # fmt: skip
"""What the model does not understand, and where."""


def rules(text: str) -> list[str]:
    """The lines with rules, without their counters."""
    return [line for line in re.sub(r"^\[\d+:\d+\] ", "", text, flags=re.MULTILINE).splitlines() if line.startswith("-A")]


@pytest.mark.parametrize("name", sorted(NODES.keys() - MISSING.keys()))
def test_a_text_that_is_understood_comes_back_as_it_was(name: str) -> None:
    world = World()
    world.sh("iptables-restore --counters", stdin=NODES[name])
    saved = world.sh("iptables-save --counters" if "] -A" in NODES[name] else "iptables-save")
    assert by_table(saved) == by_table(NODES[name])
    assert sorted(re.findall(r"^:\S+ \S+ .*", saved, re.MULTILINE)) == sorted(re.findall(r"^:.*", NODES[name], re.MULTILINE))


@pytest.mark.parametrize("name", MISSING)
def test_otherwise_every_line_is_named_and_nothing_is_changed(name: str) -> None:
    world = World()
    world.sh("iptables -A INPUT -s 192.0.2.1 -j DROP")
    before = world.sh("iptables-save")
    with pytest.raises(NotModelled) as no:
        world.sh("iptables-restore --counters", stdin=NODES[name])
    assert no.value.asked == MISSING[name]
    assert world.sh("iptables-save") == before


@pytest.mark.parametrize("name", NODES)
def test_what_is_understood_of_it_restores_and_the_rest_says_so_in_its_place(name: str) -> None:
    node = understood(NODES[name])
    missing = {each.text: each for each in node.missing}
    world = World()
    world.sh("iptables-restore", stdin=node.text)
    expected = [line for line in NODES[name].splitlines() if line not in missing or missing[line].table != "security"]
    for theirs, line in zip(rules(node.text), rules("\n".join(expected)), strict=True):
        found = next((each for text, each in missing.items() if text.endswith(line)), None)
        assert theirs == line if found is None else f"not understood, line {found.line}: " in theirs
    assert len(rules(world.sh("iptables-save"))) == len(rules(node.text))


@pytest.mark.parametrize("name", NODES)
def test_the_model_takes_what_it_printed_itself(name: str) -> None:
    first, second = World(), World()
    first.sh("iptables-restore --counters", stdin=understood(NODES[name]).text)
    second.sh("iptables-restore --counters", stdin=first.sh("iptables-save --counters"))
    assert second.sh("iptables-save --counters") == first.sh("iptables-save --counters")


@pytest.mark.parametrize(
    ("rule", "stand_in"),
    [
        pytest.param("-A INPUT -p tcp -m set ! --match-set a src -m tcp --dport 80 -j DROP", "-A INPUT -p tcp -m tcp --dport 80",
                     id="a match goes"),
        pytest.param("-A INPUT -m set --match-set a src ! -s 10.0.0.1 -j DROP", "-A INPUT ! -s 10.0.0.1",
                     id="the next condition keeps its !"),
        pytest.param("-A INPUT -p udp -m mac ! --mac-source 2:0:0:0:0:1 -m u32 --u32 1=1 -j NFLOG", "-A INPUT -p udp",
                     id="two matches and the target go"),
        pytest.param('-A INPUT -m comment --comment "a b" -m conntrack ! --ctorigdst 10.0.0.1 --ctstate NEW -j ACCEPT',
                     '-A INPUT -m comment --comment "a b"', id="an option's match goes"),
        pytest.param("-A INPUT -s 10.0.0.1 -p tcp --tcp-option 3 -j ACCEPT", "-A INPUT -s 10.0.0.1",
                     id="an option that hangs on -p"),
        pytest.param("-A INPUT -p tcp -j NFLOG --nflog-group 1", "-A INPUT -p tcp", id="a target goes"),
        pytest.param("-A INPUT -m set --match-set a src", "-A INPUT", id="nothing else was asked"),
    ],
)
def test_a_stand_in_asks_all_that_is_understood(rule: str, stand_in: str) -> None:
    node = understood(f"*filter\n{rule}\nCOMMIT\n")
    found = node.text.splitlines()[1]
    assert found.startswith(f'{stand_in} -m comment --comment "not understood, line 2: ')
    World().sh("iptables-restore", stdin=node.text)


def test_what_iptables_refuses_is_refused_still() -> None:
    node = understood("*filter\n-A INPUT -m set --match-set a src -j DROP\n-A INPUT -j NOWHERE\n-A INPUT --foo\nCOMMIT\n")
    with pytest.raises(CommandError, match="unknown option \"--foo\"\nError occurred at line: 4"):
        World().sh("iptables-restore", stdin=node.text)


# --- packets traced through them ---------------------------------------------------------------------------------


@pytest.fixture
def node() -> World:
    """A node, two pods on a wire each, and the rest of the world; no rules yet."""
    world = World(seed=1)
    for name in ("node", "pod5", "pod7", "outside"):
        world.sh(f"ip netns add {name}")
        world.sh(f"ip -n {name} link set lo up")
    for name, dev, here, there in (
        ("pod5", "veth5", "10.42.0.1/32", "10.42.0.5"), ("pod7", "veth7", "10.42.0.1/32", "10.42.0.7"),
        ("outside", "eth0", "172.18.0.2/32", "172.18.0.9"),
    ):  # fmt: skip
        for line in (f"ip link add {dev} netns node type veth peer name eth0 netns {name}",
                     f"ip -n node addr add {here} dev {dev}", f"ip -n node link set {dev} up",
                     f"ip -n {name} addr add {there}/32 dev eth0", f"ip -n {name} link set eth0 up",
                     f"ip -n {name} route add default via {here[:-3]} dev eth0 onlink",
                     f"ip -n node route add {there} dev {dev}"):  # fmt: skip
            world.sh(line)
        world.listen(name, 80)
    world.sh("ip -n node route add default via 172.18.0.9 dev eth0")
    world.sh("ip netns exec node sysctl -qw net.ipv4.ip_forward=1")
    return world


@pytest.mark.parametrize(
    ("asker", "dst", "fate", "met"),
    [
        pytest.param("outside", "10.42.0.5", "refused", ["line 16: -m set", "line 21: -j NFLOG"],
                     id="the policy's set might have let it in"),
        pytest.param("outside", "10.42.0.7", "delivered", [], id="nothing unknown on its way"),
        pytest.param("outside", "172.18.0.2", "delivered", [], id="a host port leads to the pod"),
        pytest.param("node", "10.42.0.5", "delivered", [], id="the node's own packets are not forwarded"),
    ],
)
def test_a_packet_is_told_which_rules_it_met_that_are_not_understood(
    node: World, asker: str, dst: str, fate: str, met: list[str]
) -> None:
    k3s = understood(NODES["k3s"])
    node.sh("ip netns exec node iptables-restore", stdin=k3s.text)
    trace = node.connect(asker, dst, 80)
    assert (trace.fate, [str(each) for each in k3s.met(trace)]) == (fate, met)
    assert met == [] or "not understood, line 16: " in str(trace)


def test_a_packet_goes_through_a_kind_nodes_rules(node: World) -> None:
    text = NODES["kind"].replace("10.244.0.5", "10.42.0.5").replace("10.244.1.5", "10.42.0.7").replace("10.244.0.0", "10.42.0.0")
    node.sh("ip netns exec node iptables-restore", stdin=text.replace(":8080", ":80"))
    outcomes = node.outcomes(lambda world: world.connect("outside", "172.18.0.2", 30080))
    assert {outcome.trace.answered_by for outcome in outcomes} == {"pod5", "pod7"}
    assert {str(outcome.trace.seen_from).partition(":")[0] for outcome in outcomes} == {"10.42.0.1"}
    assert node.connect("pod5", "10.96.140.7", 80).fate == "refused"
