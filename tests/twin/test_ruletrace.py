"""Which rules packets met: the kernel tells it packet by packet, and listening changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from k8snet import lab
from k8snet.lab import kernel as real_kernel
from k8snet.lab import twin
from k8snet.lab.drawn import Section
from k8snet.lab.ruletrace import RuleTrace
from k8snet.linux import Trace, World
from k8snet.linux.fact import changed
from k8snet.linux.steps import Matched
from tests.twin.network import bridged, world
from tests.twin.routed import ROUTED, ROUTER

pytestmark = pytest.mark.usefixtures("kernel")

SERVICE = """*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-DEMO - [0:0]
-A PREROUTING -m comment --comment "service portals # handle 7" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.99/32 -j RETURN
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-DEMO
-A KUBE-SVC-DEMO -s 10.9.0.0/16 -j RETURN
-A KUBE-SVC-DEMO -p tcp -j DNAT --to-destination 10.0.2.2:80
COMMIT
*filter
-A FORWARD -p udp -j DROP
-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD
COMMIT
"""


@pytest.fixture
def service() -> World:
    net = world(*ROUTED)
    net.sh(ROUTER + "iptables-restore", stdin=SERVICE)
    net.listen("server", 80)
    return net


def test_a_line_is_a_packet_and_its_rules_in_order(service: World) -> None:
    trace = service.connect("client", "10.96.0.10", 80)
    comparison = lab.compare(service, trace)
    assert comparison.differences == []
    assert [row.kernel for row in comparison.rows if row.where == "matched router"] == [
        "10.0.1.1:40000 > 10.96.0.10:80 tcp [F.] ttl 64: filter FORWARD 2",
        "10.0.1.1:40000 > 10.96.0.10:80 tcp [P.] ttl 64: filter FORWARD 2",
        "10.0.1.1:40000 > 10.96.0.10:80 tcp [S] ttl 64: "
        "nat PREROUTING 1, nat KUBE-SERVICES 2, nat KUBE-SVC-DEMO 2, filter FORWARD 3",
        "10.0.2.2:80 > 10.0.1.1:40000 tcp [F.] ttl 64: filter FORWARD 2",
        "10.0.2.2:80 > 10.0.1.1:40000 tcp [P.] ttl 64: filter FORWARD 2",
        "10.0.2.2:80 > 10.0.1.1:40000 tcp [S.] ttl 64: filter FORWARD 2",
    ]


def swap(steps: list[Matched]) -> list[Matched]:
    """The first two in the other order."""
    return [steps[1], steps[0], *steps[2:]]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda steps: steps[1:], id="a rule too few"),
        pytest.param(lambda steps: [*steps, steps[-1]], id="a rule too many"),
        pytest.param(lambda steps: [changed(steps[0], number=2), *steps[1:]], id="another rule"),
        pytest.param(swap, id="another order"),
    ],
)
def test_a_wrong_model_is_noticed(service: World, wrong: Callable[[list[Matched]], list[Matched]]) -> None:
    trace = service.connect("client", "10.96.0.10", 80)
    steps = trace.hop("router").steps
    at = next(index for index, step in enumerate(steps) if isinstance(step, Matched))
    walked = [step for step in steps[at : at + 3] if isinstance(step, Matched)]
    steps[at : at + 3] = wrong(walked)
    assert [line.split(":")[0] for line in lab.compare(service, trace).differences] == ["matched router"]


class NotAtAll:
    """A rule trace that is switched off."""

    def __init__(self, opened: lab.Lab) -> None:
        pass

    def sections(self, trace: Trace) -> list[Section]:
        """Nothing."""
        return []


def test_listening_changes_nothing_else(service: World, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = service.connect("client", "10.96.0.10", 80)
    listening = [row for row in lab.compare(service, trace).rows if not row.where.startswith("matched")]
    monkeypatch.setattr(twin, "RuleTrace", NotAtAll)
    assert listening == lab.compare(service, trace).rows


def test_our_table_is_not_seen_by_iptables_and_wakes_nothing() -> None:
    net = world(*ROUTED, ROUTER + "iptables -t nat -A PREROUTING", ROUTER + "iptables -A FORWARD")
    trace = net.ping("client", "10.0.2.2")
    with lab.replay(net, trace.log_position) as real:
        before = real.sh(ROUTER + "iptables-save | grep -v '^#'")
        RuleTrace(real)
        assert trace.question is not None
        assert real.ask(trace.question, trace).fate == "delivered"
        assert real.sh(ROUTER + "iptables-save | grep -v '^#'") == before
        assert real.sh(ROUTER + "conntrack -L 2>/dev/null") == ""


def test_where_nft_is_not_installed_a_note_says_so(
    service: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for tool in (*real_kernel.TOOLS, "sh"):
        found = shutil.which(tool, path=real_kernel._path())
        assert found is not None
        tmp_path.joinpath(tool).symlink_to(found)
    trace = service.connect("client", "10.96.0.10", 80)
    monkeypatch.setattr(real_kernel, "_path", lambda: str(tmp_path))
    comparison = lab.compare(service, trace)
    assert comparison.differences == []
    assert comparison.notes == ["which rules packets met is not compared: sh: 1: nft: not found"]


# --- packets that are not as simple as one that comes and goes ------------------------------------------------------------

NODE = "ip netns exec node "
BRIDGED = [*bridged("node", "10.1.1.254/24", ("pod-a", "10.1.1.1/24"), ("pod-b", "10.1.1.2/24"), ("pod-c", "10.1.1.3/24")),
           *(f"ip -n {pod} route add default via 10.1.1.254" for pod in ("pod-a", "pod-b", "pod-c")),
           NODE + "sysctl -w net.ipv4.ip_forward=1"]
COUNTED = [f"iptables -t {table} -A {chain}" for table, chain in
           (("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("filter", "INPUT"), ("mangle", "FORWARD"),
            ("filter", "FORWARD"), ("raw", "OUTPUT"), ("filter", "OUTPUT"), ("mangle", "POSTROUTING"))]
AWAKE = "iptables -t nat -A POSTROUTING -s 10.0.1.1 -j MASQUERADE"


@pytest.mark.parametrize(
    ("lines", "ask"),
    [
        pytest.param([*BRIDGED, *(NODE + each for each in COUNTED)],
                     lambda net: net.ping("pod-a", "10.1.1.2"), id="over a bridge"),
        pytest.param([*BRIDGED, *(NODE + each for each in COUNTED),
                      NODE + "iptables -t nat -A PREROUTING -d 10.96.0.1 -j DNAT --to-destination 10.1.1.2",
                      NODE + "iptables -t nat -A POSTROUTING -j MASQUERADE"],
                     lambda net: net.ping("pod-a", "10.96.0.1"), id="over a bridge, translated"),
        pytest.param([*BRIDGED, NODE + "bridge link set dev pod-b learning off",
                      NODE + "iptables -A FORWARD -m physdev --physdev-is-bridged --physdev-out pod-b",
                      NODE + "iptables -t mangle -A POSTROUTING -m physdev --physdev-is-bridged --physdev-out pod-c"],
                     lambda net: net.ping("pod-a", "10.1.1.2"), id="copies of a flooded frame"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED)],
                     lambda net: net.ping("router", "10.0.1.254"), id="over lo"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED), ROUTER + "iptables -I FORWARD -j REJECT"],
                     lambda net: net.connect("client", "10.0.2.2", 80), id="an ICMP error"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED), ROUTER + AWAKE],
                     lambda net: net.connect("client", "10.0.2.2", 80, proto="udp"), id="an ICMP error through NAT"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED), ROUTER + "iptables -I FORWARD -p tcp -j DROP"],
                     lambda net: net.connect("client", "10.0.2.2", 80, timeout=1.5), id="a SYN sent again"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED)], lambda net: net.ping("client", "10.0.2.2", size=2000),
                     id="pieces"),
        pytest.param([*ROUTED, *(ROUTER + each for each in COUNTED), ROUTER + AWAKE],
                     lambda net: net.ping("client", "10.0.2.2", size=2000), id="pieces put together"),
    ],
)
def test_packets_of_all_kinds(lines: list[str], ask: Callable[[World], Trace]) -> None:
    net = world(*lines)
    comparison = lab.compare(net, ask(net))
    matched = [row for row in comparison.rows if row.where.startswith("matched")]
    assert [row for row in matched if not row.agrees] == [], str(comparison)
    assert matched != [], str(comparison)
