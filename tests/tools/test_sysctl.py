"""A switch that the model does not obey keeps its default: setting it otherwise is not accepted in silence."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from k8snet.linux import World


@pytest.mark.parametrize(
    ("name", "default", "other"),
    [
        ("net.ipv4.ip_nonlocal_bind", 0, 1),
        ("net.netfilter.nf_conntrack_tcp_be_liberal", 0, 1),
        ("net.ipv4.conf.all.secure_redirects", 1, 0),
        ("net.ipv4.neigh.lo.unres_qlen", 101, 3),
    ],
)
def test_only_the_default_is_modelled(name: str, default: int, other: int) -> None:
    world = World()
    world.sh(f"sysctl -w {name}={default}")
    with pytest.raises(NotModelled, match=f"{default}"):
        world.sh(f"sysctl -w {name}={other}")
    assert world.sh(f"sysctl -n {name}") == f"{default}\n"
