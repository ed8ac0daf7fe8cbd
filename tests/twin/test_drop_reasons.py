"""The words that the model gives as reasons: the kernel counts the same packets under the same names (snmp, netstat)."""

from __future__ import annotations

import pytest

from k8snet import lab
from k8snet.course import figure

pytestmark = pytest.mark.usefixtures("kernel")


@pytest.mark.parametrize(
    ("line", "netns", "reason", "counter"),
    [
        pytest.param("ip -n router route del 10.1.2.0/24", "router", "IP_INNOROUTES", "InNoRoutes", id="no route"),
        pytest.param(
            "ip netns exec node-b sysctl -w net.ipv4.ip_forward=0", "node-b", "IP_INADDRERRORS", "InAddrErrors", id="no router"
        ),
    ],
)
def test_a_drop_has_the_name_of_the_kernels_counter(line: str, netns: str, reason: str, counter: str) -> None:
    world = figure.whole()
    world.sh(line)
    assert world.fork().ping("pod-a", "10.1.2.1").reason == reason
    with lab.replay(world) as real:
        before = counters(real, netns)
        real.sh("ip netns exec pod-a ping -c 1 -W 1 10.1.2.1 || true")
        after = counters(real, netns)
    grown = [name for name in ("InNoRoutes", "InAddrErrors") if after[name] > before[name]]
    assert grown == [counter]


def counters(real: lab.Lab, netns: str) -> dict[str, int]:
    """The counters of a namespace's IP layer: pairs of lines, names above numbers."""
    lines = real.sh(f"ip netns exec {netns} cat /proc/net/snmp /proc/net/netstat").splitlines()
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return {name: int(value) for names, values in pairs
            for name, value in zip(names.split()[1:], values.split()[1:], strict=True)}
