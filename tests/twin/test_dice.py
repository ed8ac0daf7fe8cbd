"""Chance on the kernel: its dice fall as the model's did, whichever way that was, and afterwards its rules are as before."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from k8snet import Cluster, lab
from k8snet.lab.dice import dice, throws
from k8snet.linux import Trace, World
from tests.twin.network import SOON, agree
from tests.twin.routed import CLIENT, ROUTED, ROUTER

pytestmark = pytest.mark.usefixtures("kernel")

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"
SERVICE, STICKY, NODE_PORT = "10.96.0.20", "10.96.0.21", 30080
SEEDS = range(2)


def pod(name: str, labels: dict[str, str]) -> dict[str, Any]:
    """A pod that answers on port 4000, over TCP and UDP."""
    container = {"name": "app", "image": AGNHOST, "args": ["netexec", "--http-port=4000", "--udp-port=4000"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": {"containers": [container]}}


def service(name: str, ip: str, **more: Any) -> dict[str, Any]:
    """A Service in front of the pods of the app."""
    ports = [{"name": proto.lower(), "protocol": proto, "port": 80, "targetPort": 4000} for proto in ("TCP", "UDP")]
    spec = {"selector": {"app": "web"}, "clusterIP": ip, "ports": ports, **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@cache
def built(seed: int) -> Cluster:
    """Two nodes, three pods behind two Services, of which one is sticky, and a client."""
    made = Cluster(nodes=2, seed=seed)
    exposed = service("web", SERVICE, type="NodePort")
    exposed["spec"]["ports"][0]["nodePort"] = NODE_PORT
    sticky = service("sticky", STICKY, sessionAffinity="ClientIP")
    made.apply([*(pod(f"web-{number}", {"app": "web"}) for number in range(3)), pod("client", {}), exposed, sticky])
    return made


def cluster(seed: int) -> Cluster:
    """A cluster that nobody has asked yet."""
    return built(seed).fork()


def by_pod(made: Cluster) -> Trace:
    """From a pod to the ClusterIP."""
    return made.pod("client").connect(SERVICE, 80)


def by_pod_udp(made: Cluster) -> Trace:
    """The same over UDP."""
    return made.pod("client").connect(SERVICE, 80, proto="udp")


def by_node(made: Cluster) -> Trace:
    """From a node to the ClusterIP: the OUTPUT hook."""
    return made.node("node1").connect(SERVICE, 80)


def from_outside(made: Cluster) -> Trace:
    """From outside to a node's port."""
    return made.external.connect(made.node("node2").ip, NODE_PORT)


def to_itself(made: Cluster) -> Trace:
    """From a pod to the Service that it is behind itself; with luck it reaches itself."""
    return made.pod("web-1").connect(SERVICE, 80)


def sticky(made: Cluster) -> Trace:
    """To the Service that remembers its clients."""
    return made.pod("client").connect(STICKY, 80)


WAYS: list[Callable[[Cluster], Trace]] = [by_pod, by_pod_udp, by_node, from_outside, to_itself, sticky]


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize("seed", [1])
def test_one_question(seed: int, ask: Callable[[Cluster], Trace]) -> None:
    made = cluster(seed)
    trace = ask(made)
    assert throws([trace]) != {}
    agree(made.world, trace, "delivered")


def test_curl_as_a_learner_types_it() -> None:
    made = cluster(3)
    agree(made.world, made.pod("client").curl(f"http://{SERVICE}"), "delivered")


@pytest.mark.parametrize("seed", SEEDS)
def test_many_questions_one_after_the_other(seed: int) -> None:
    made = cluster(seed)
    answers = {ask(made).answered_by for _ in range(3) for ask in WAYS}
    assert answers == {"web-0", "web-1", "web-2"}
    comparisons = lab.compare_all(made.world.log, seed)
    assert len(comparisons) == 3 * len(WAYS) + 1
    assert [str(each) for each in comparisons if not each.agrees] == []
    assert [each.notes for each in comparisons] == [[]] * len(comparisons)


def test_questions_before_the_one_that_is_compared() -> None:
    made = cluster(0)
    for ask in WAYS:
        ask(made)
    made.pod("client").curl(f"http://{SERVICE}")
    agree(made.world, made.pod("client").connect(STICKY, 80), "delivered")


def test_a_fork_goes_its_own_way() -> None:
    made = cluster(0)
    by_pod(made)
    fork = made.fork()
    for each in (made, fork):
        agree(each.world, by_node(each))
    from_outside(fork)
    agree(fork.world, by_pod(fork))


@pytest.mark.parametrize("asker", ["client", "web-1"])
def test_all_that_could_have_come_out(asker: str) -> None:
    made = cluster(0)
    by_pod(made)
    ways = made.pod(asker).outcomes(SERVICE)
    assert sorted(way.trace.answered_by or "" for way in ways) == ["web-0", "web-1", "web-2"]
    by_node(made)  # what is asked later changes nothing
    for way in ways:
        agree(made.world, way.trace, "delivered")


def test_ways_on_which_machines_wake() -> None:
    made = Cluster(nodes=70)
    web = [pod(f"web-{number}", {"app": "web"}) for number in range(2)]
    made.apply([*web, pod("client", {}), service("web", SERVICE)])
    ways = made.pod("client").outcomes(SERVICE)
    assert any(way.trace.has_woken for way in ways)
    for way in ways:
        agree(made.world, way.trace, "delivered")


# --- rules that somebody typed ------------------------------------------------------------------------------------------

HALF = "-m statistic --mode random --probability 0.5"
TO_SERVER = "-j DNAT --to-destination 10.0.2.2"


def routed(seed: int, *rules: str) -> World:
    """``client - router - server``, with these rules on the router, and a server that listens."""
    made = World(seed)
    for line in (*ROUTED, *(f"{ROUTER}iptables {rule}" for rule in rules)):
        made.sh(line)
    for proto in ("tcp", "udp"):
        made.listen("server", 80, proto)
    return made


def ask_by(proto: str, made: World, dst: str) -> Trace:
    """By ping, or over UDP or TCP; of TCP, so long that the SYN is sent again three times."""
    if proto == "icmp":
        return made.ping("client", dst, timeout=SOON)
    return made.connect("client", dst, 80, proto=proto, timeout=SOON if proto == "udp" else 3.5)


@pytest.mark.parametrize("seed", [3])
@pytest.mark.parametrize(
    ("rules", "proto"),
    [
        pytest.param([f"-A FORWARD {HALF} -j DROP"], "icmp", id="lossy, for echo requests and their answers"),
        pytest.param([f"-A FORWARD {HALF} -j DROP"], "udp", id="lossy, for datagrams"),
        pytest.param([f"-A FORWARD -p tcp --syn {HALF} -j DROP"], "tcp", id="lossy, for SYNs, which are sent again"),
        pytest.param([f"-A FORWARD -p udp {HALF.replace('--p', '! --p')} -m comment --comment '\"{HALF}\"' -j DROP"], "udp",
                     id="inverted, and a comment that looks alike"),
        pytest.param([f"-t nat -A PREROUTING -d 10.0.9.9 {HALF} {HALF} {TO_SERVER}",
                      f"-t nat -A PREROUTING -p udp {TO_SERVER}:81"], "udp", id="two dice in one rule"),
        pytest.param([f"-t nat -A PREROUTING -d 10.0.9.9 {HALF} {TO_SERVER}", "-A FORWARD -d 10.0.2.2 -j DROP"],
                     "tcp", id="a SYN sent again that has left no connection"),
        pytest.param([f"-t mangle -A PREROUTING {HALF} -j MARK --set-mark 1", "-A FORWARD -m mark --mark 1 -j ACCEPT",
                      "-P FORWARD DROP", f"-t raw -A PREROUTING {HALF}"], "icmp", id="in other tables"),
    ],
)
def test_somebodys_own_rules(seed: int, rules: list[str], proto: str) -> None:
    made = routed(seed, *rules)
    dst = "10.0.9.9" if any("10.0.9.9" in rule for rule in rules) else "10.0.2.2"
    for _ in range(2):
        ask_by(proto, made, dst)
    trace = ask_by(proto, made, dst)
    comparison = lab.compare(made, trace)
    assert comparison.differences == [], str(comparison)
    assert comparison.notes == []


def test_a_lost_syn_among_all_packets_of_a_connection() -> None:
    """A rule that is asked about each of them can be loaded if it held but once, and before the first ACK."""
    made = routed(2, "-A FORWARD -m statistic --mode random --probability 0.1 -j DROP")
    trace = made.connect("client", "10.0.2.2", 80)
    [fell] = throws([trace]).values()
    assert [throw.held for throw in fell] == [True] + [False] * (len(fell) - 1)
    agree(made, trace, "delivered")


def test_a_syn_sent_again_throws_again_while_the_network_stands() -> None:
    made = routed(6, f"-t nat -A PREROUTING -d 10.0.9.9 {HALF} {TO_SERVER}", "-A FORWARD -d 10.0.2.2 -j DROP")
    for _ in range(3):
        ask_by("tcp", made, "10.0.9.9")
    assert any(len({throw.held for throw in fell}) == 2 for trace in made.traces for fell in throws([trace]).values())
    assert [str(each) for each in lab.compare_all(made.log, 6) if not each.agrees] == []


def test_what_cannot_be_loaded_is_said() -> None:
    """A rule that falls both ways for one TCP connection, whose acknowledgements on the kernel nobody can count."""
    made = routed(1, f"-A FORWARD {HALF}", f"-A FORWARD -p icmp {HALF}")
    trace = made.connect("client", "10.0.2.2", 80)
    [(place, fell)] = throws([trace]).items()
    assert dice(fell) is None
    note = f"{place} did not fall alike for all {len(fell)} packets: there the kernel threw its own dice"
    assert lab.compare(made, trace).notes == [note]
    assert [each.notes for each in lab.compare_all(made.log, 1)] == [[note], []]


# --- nothing is left ----------------------------------------------------------------------------------------------------


def test_rules_and_what_they_count_are_as_if_nobody_had_touched_them() -> None:
    """Pings, of which the kernel sends as many packets as the model, so that counters can be held against each other."""
    made = routed(2, f"-A FORWARD -m comment --comment 'a \"b\"' {HALF} -j ACCEPT",
                  f"-t nat -A PREROUTING {HALF} -d 10.0.9.9 {TO_SERVER}", f"-t nat -A PREROUTING -d 10.0.9.9 {TO_SERVER}",
                  f"-t mangle -A FORWARD {HALF}")
    for _ in range(4):
        made.ping("client", "10.0.9.9")
    made.sh(CLIENT + "ping -c 3 -i 0.2 10.0.2.2")
    with lab.replay(made) as real:
        kernel = real.sh(ROUTER + "iptables-save -c")
        assert real.notes == []
    assert rules_in(kernel) == rules_in(made.sh(ROUTER + "iptables-save -c"))
    assert re.search(r"\[[1-9]\d*:\d+\] -A FORWARD .*--probability 0.50000000000 -j ACCEPT", kernel)


def rules_in(saved: str) -> list[str]:
    """The rules, with their counters."""
    return sorted(line for line in saved.splitlines() if "-A " in line)
