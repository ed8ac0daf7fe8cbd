"""The walk through the rules: what is counted, what is on record, what a fork keeps apart."""

from __future__ import annotations

import pytest

from k8snet.linux import World
from k8snet.linux.steps import Judged, Logged, Marked, Matched
from tests.linux.walk_rows import WALKS, Walk, on_the_model


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.title)
def test_the_model_counts_as_the_kernel_does(walk: Walk) -> None:
    assert on_the_model(walk) == walk.counted


@pytest.fixture
def pair() -> World:
    """A pod (10.1.1.1) on a wire to the outer namespace (10.1.1.254)."""
    world = World(seed=3)
    for line in (
        "ip netns add pod", "ip link add veth0 type veth peer name eth0 netns pod", "ip link set lo up",
        "ip addr add 10.1.1.254/24 dev veth0", "ip link set veth0 up",
        "ip -n pod addr add 10.1.1.1/24 dev eth0", "ip -n pod link set eth0 up",
    ):  # fmt: skip
        world.sh(line)
    return world


def test_each_rule_that_matched_is_on_record(pair: World) -> None:
    for rule in ("-N OWN", "-A INPUT -s 10.9.0.0/16", "-A INPUT -p icmp -j OWN", "-A OWN -m mark --mark 0 -j ACCEPT"):
        pair.sh(f"iptables {rule}")
    steps = pair.ping("pod", "10.1.1.254").hops[-1].steps
    assert [step for step in steps if isinstance(step, Matched | Judged)] == [
        Matched("INPUT", "filter", "INPUT", 2, "-A INPUT -p icmp -j OWN", "OWN"),
        Matched("INPUT", "filter", "OWN", 1, "-A OWN -m mark --mark 0x0 -j ACCEPT", "ACCEPT"),
        Judged("INPUT", "filter", "INPUT", "ACCEPT", 3),
    ]


def test_marks_and_log_entries_are_on_record(pair: World) -> None:
    pair.sh("iptables -t mangle -A PREROUTING -j MARK --set-mark 0x2a")
    pair.sh("iptables -A INPUT -j LOG --log-prefix 'seen: '")
    steps = pair.ping("pod", "10.1.1.254").hops[-1].steps
    assert [step for step in steps if isinstance(step, Marked | Logged)] == [Marked(0, 42), Logged("seen: ")]
    assert pair.root.kernel_log == [
        "seen: IN=veth0 OUT= SRC=10.1.1.1 DST=10.1.1.254 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=0 DF "
        "PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=1 MARK=0x2a"
    ]


@pytest.mark.parametrize(
    ("rule", "fate", "reason", "icmp"),
    [
        ("-P INPUT DROP", "timeout", "-P INPUT DROP", None),
        ("-A INPUT -j DROP", "timeout", "-A INPUT -j DROP", None),
        ("-A INPUT -j REJECT", "refused", "-A INPUT -j REJECT --reject-with icmp-port-unreachable", (3, 3)),
        ("-A INPUT -j REJECT --reject-with icmp-admin-prohibited", "unreachable",
         "-A INPUT -j REJECT --reject-with icmp-admin-prohibited", (3, 13)),
    ],
)  # fmt: skip
def test_the_rule_is_the_reason(pair: World, rule: str, fate: str, reason: str, icmp: tuple[int, int] | None) -> None:
    pair.sh(f"iptables {rule}")
    trace = pair.ping("pod", "10.1.1.254")
    assert (trace.reason, trace.icmp) == (reason, icmp)
    assert trace.fate == fate or icmp is not None


@pytest.mark.parametrize(
    ("rule", "wakes"),
    [
        ("-t nat -A POSTROUTING -j ACCEPT", False),
        ("-A INPUT -m recent --set", False),
        ("-t raw -A PREROUTING -j CT --notrack", False),
        ("-t raw -A PREROUTING -j NOTRACK", False),
        ("-A INPUT -m conntrack --ctstate NEW", True),
        ("-A INPUT -m state --state NEW", True),
        ("-A INPUT -m conntrack --ctdir ORIGINAL", True),
        ("-t nat -A POSTROUTING -d 10.9.9.9 -j MASQUERADE", True),
        ("-t nat -A POSTROUTING -d 10.9.9.9 -j SNAT --to-source 10.0.0.1", True),
        ("-t nat -A OUTPUT -d 10.9.9.9 -j DNAT --to-destination 10.0.0.1", True),
        ("-t nat -A OUTPUT -d 10.9.9.9 -j REDIRECT", True),
    ],
)
def test_what_wakes_conntrack(pair: World, rule: str, wakes: bool) -> None:
    assert not pair.root.netfilter.uses_conntrack
    pair.sh(f"iptables {rule}")
    assert pair.root.netfilter.uses_conntrack is wakes
    pair.sh(f"iptables {rule.replace('-A', '-D')}")
    assert not pair.root.netfilter.uses_conntrack


def test_a_fork_counts_for_itself(pair: World) -> None:
    for rule in ("-A INPUT -m statistic --mode nth --every 2 --packet 0", "-A INPUT -m recent --set --name seen"):
        pair.sh(f"iptables {rule}")
    pair.ping("pod", "10.1.1.254")
    fork = pair.fork()
    for _ in range(2):
        fork.ping("pod", "10.1.1.254")
    pair.sh("iptables -A INPUT -j DROP")
    lists = [world.root.netfilter.recent.by_name["seen"] for world in (pair, fork)]
    assert [len(times) for entries in lists for times in entries.values()] == [1, 3]
    assert pair.sh("iptables -vS INPUT").splitlines()[1].startswith("-A INPUT -c 1 84 ")
    assert fork.sh("iptables -vS INPUT").splitlines()[1].startswith("-A INPUT -c 2 168 ")
    assert "DROP" not in fork.sh("iptables -S INPUT")


def test_a_list_of_recent_lives_as_long_as_a_rule_names_it(pair: World) -> None:
    pair.sh("iptables -A INPUT -m recent --set --name seen")
    pair.ping("pod", "10.1.1.254")
    pair.sh("iptables -A INPUT -m recent --rcheck --name seen")
    pair.sh("iptables -D INPUT 1")
    assert pair.root.netfilter.recent.by_name["seen"]
    pair.sh("iptables -F INPUT")
    assert not pair.root.netfilter.recent.by_name


def test_chance_has_as_many_outcomes_as_turns(pair: World) -> None:
    pair.sh("iptables -A INPUT -m statistic --mode random --probability 0.25 -j DROP")
    outcomes = pair.outcomes(lambda world: world.ping("pod", "10.1.1.254"))
    assert sorted((outcome.share, outcome.trace.fate) for outcome in outcomes) == [(0.25, "timeout"), (0.75, "delivered")]


@pytest.mark.parametrize(
    ("rules", "seen", "source"),
    [
        (("-t nat -A OUTPUT -d 10.9.9.9 -j DNAT --to-destination 10.1.1.1",), "10.1.1.1", "10.1.1.254"),
        (("-t nat -A POSTROUTING -d 10.1.1.1 -j SNAT --to-source 10.1.1.254",), "10.1.1.1", "10.1.1.254"),
        (("-t nat -A OUTPUT -d 10.9.9.9 -j REDIRECT",), "127.0.0.1", "10.1.1.254"),
    ],
)
def test_nat_targets_tell_conntrack(pair: World, rules: tuple[str, ...], seen: str, source: str) -> None:
    for rule in rules:
        pair.sh(f"iptables {rule}")
    pair.sh("ip route add 10.9.9.0/24 via 10.1.1.1")
    pair.ping("root", "10.9.9.9" if "10.9.9.9" in rules[0] else "10.1.1.1")
    (line,) = pair.sh("conntrack -L").splitlines()[:1]
    reply = dict(word.split("=") for word in line.split() if "=" in word)
    assert (reply["src"], reply["dst"]) == (seen, source)
