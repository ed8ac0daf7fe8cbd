"""``hostname``."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from k8snet.linux import World


def test_name_and_addresses() -> None:
    world = World()
    for line in ("ip netns add a", "ip link add v1 netns a type veth peer name v2",
                 "ip -n a addr add 10.1.1.1/24 dev v1",
                 "ip -n a addr add 10.1.1.2/24 dev v1", "ip -n a link set lo up"):  # fmt: skip
        world.sh(line)
    assert world.sh("ip netns exec a hostname") == "a\n"
    assert world.sh("ip netns exec a hostname -I") == "\n"
    world.sh("ip -n a link set v1 up")
    assert world.sh("ip netns exec a hostname -I") == "10.1.1.1 10.1.1.2 \n"


def test_other_uses_are_not_modelled() -> None:
    with pytest.raises(NotModelled):
        World().sh("hostname another")
