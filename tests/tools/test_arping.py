"""``arping`` in iputils' own words; the texts are recorded from the real one, but for times and MAC addresses."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from tests.tools.network import in_a, world

TWICE = """\
ARPING 10.1.1.254 from 10.1.1.1 eth0
Unicast reply from 10.1.1.254 [{0}]  0.020ms
Unicast reply from 10.1.1.254 [{0}]  0.020ms
Sent 2 probes (1 broadcast(s))
Received 2 response(s)
"""
NOBODY = """\
ARPING 10.1.1.9 from 10.1.1.1 eth0
Sent 1 probes (1 broadcast(s))
Received 0 response(s)
"""


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("arping -c 2 -I eth0 10.1.1.254", TWICE, 0),
        ("arping -c 2 10.1.1.254", TWICE, 0),
        ("arping -c 1 -w 1 -I eth0 10.1.1.9", NOBODY, 1),
        ("arping -c 1 -I zz 10.1.1.254", "arping: Device zz not available.", 2),
        ("arping -c 1 -I lo 10.1.1.254", 'Interface "lo" is not ARPable', 2),
        ("arping -c 1 -I eth0 web", "arping: web: Temporary failure in name resolution", 2),
    ],
)
def test_arping_prints(command: str, printed: str, code: int) -> None:
    made = world()
    assert in_a(made, command) == (printed.format(made.root.devices["va"].mac.upper()), code)


def test_arping_over_a_device_that_is_down() -> None:
    assert in_a(world("ip -n a link set eth0 down"), "arping -c 1 -I eth0 10.1.1.254") == ('Interface "eth0" is down', 2)


def test_tcpdump_sees_what_arping_sends() -> None:
    made = world()
    made.sh("ip netns exec a arping -c 1 -I eth0 10.1.1.254")
    first = made.sh("ip netns exec a tcpdump -n -t -i eth0").splitlines()[0]
    assert first == "ARP, Request who-has 10.1.1.254 (ff:ff:ff:ff:ff:ff) tell 10.1.1.1, length 28"


def test_arping_says_what_is_not_modelled() -> None:
    with pytest.raises(NotModelled):
        in_a(world(), "arping -D -c 1 -I eth0 10.1.1.254")
