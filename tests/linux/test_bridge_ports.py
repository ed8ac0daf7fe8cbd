"""What a bridge takes from its ports, which is not looked for anew each time one comes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.linux import World
from k8snet.linux.address import ZERO_MAC
from k8snet.linux.device import Bridge

PORTS = 4
port = st.integers(0, PORTS - 1).map(lambda number: f"v{number}")
commands = st.one_of(
    port.map("ip link set {} master br0".format),
    port.map("ip link set {} nomaster".format),
    port.map("ip link del {}".format),
    st.tuples(port, st.integers(1, 9)).map(lambda said: f"ip link set {said[0]} address 02:00:00:00:00:0{said[1]}"),
    st.tuples(port, st.sampled_from([1300, 1400, 1500, 1600])).map(lambda said: f"ip link set {said[0]} mtu {said[1]}"),
)


@settings(deadline=None)
@given(st.lists(commands, max_size=20))
def test_the_lowest_mac_and_the_smallest_mtu(lines: list[str]) -> None:
    world = World()
    world.sh("ip link add br0 type bridge")
    bridge = world.root.devices["br0"]
    assert isinstance(bridge, Bridge)
    for number in reversed(range(PORTS)):
        world.sh(f"ip link add v{number} mtu 1500 type veth peer name p{number}")
    for line in lines:
        world.sh(line, check=False)
        macs = {each.mac for each in bridge.ports}
        if bridge.has_had_ports:
            assert bridge.mac == min(macs, default=ZERO_MAC)
            assert bridge.mtu == min((each.mtu for each in bridge.ports), default=1500)
        assert all(bridge.owns(each.mac) == (each.mac in {*macs, bridge.mac}) for each in world.root.devices.values())
