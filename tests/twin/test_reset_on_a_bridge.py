"""REJECT with a RST, of packets that came in by a port of a bridge: it leaves by that port, from whom the frame was for.

It meets no rule on its way, so NAT does not translate it: who asked a Service is left waiting. Random worlds found this.
"""

from __future__ import annotations

import pytest

from tests.twin.network import HERE, agree, figure

pytestmark = pytest.mark.usefixtures("kernel")

NODE_A = "ip netns exec node-a "
SERVICE = ("10.96.0.10", 80)


@pytest.mark.parametrize(
    ("chain", "endpoint", "asked", "fate"),
    [
        pytest.param("FORWARD", "", ("10.1.1.2", 4000), "refused", id="bridged"),
        pytest.param("FORWARD", "", ("10.1.2.2", 4000), "refused", id="routed"),
        pytest.param("INPUT", "", ("10.1.1.254", 4000), "refused", id="for the bridge itself"),
        pytest.param("INPUT", "", ("10.100.0.2", 4000), "refused", id="for the node"),
        pytest.param("FORWARD -s 10.1.1.2", "", ("10.1.1.2", 4000), "timeout", id="the answer is rejected"),
        pytest.param("FORWARD", "10.1.1.2", SERVICE, "timeout", id="a Service on the same bridge"),
        pytest.param("FORWARD", "10.1.2.2", SERVICE, "timeout", id="a Service on another node"),
    ],
)
def test_the_reset_leaves_by_the_port(chain: str, endpoint: str, asked: tuple[str, int], fate: str) -> None:
    world = figure()
    world.sh(NODE_A + f"iptables -A {chain} -p tcp -j REJECT --reject-with tcp-reset")
    if endpoint:
        rules = HERE.joinpath("service.rules").read_text().replace("10.1.2.2", endpoint)
        world.sh(NODE_A + "iptables-restore --noflush", stdin=rules)
    agree(world, world.connect("pod-a", *asked, timeout=0.8), fate)
