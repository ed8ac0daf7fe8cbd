"""The real kernel counts packets as the rows say, and so does the model (tests/linux/test_netfilter.py)."""

from __future__ import annotations

import subprocess

import pytest

from tests.linux.walk_rows import NETWORK, WALKS, Walk, counters, listing

PREPARE = "mount -t tmpfs none /run; for each in all default; do echo 1 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done\n"


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.title)
def test_the_kernel_counts_the_same(walk: Walk) -> None:
    quiet = "{ %s; } </dev/null >/dev/null 2>&1\n"
    setup = "".join(f"{line} >/dev/null || exit 1\n" for line in (*NETWORK, *(f"iptables {rule}" for rule in walk.rules)))
    script = PREPARE + setup + "sleep 0.3\n" + "".join(quiet % line for line in walk.packets) + "\n".join(listing(walk))
    done = subprocess.run(["unshare", "-Urnm", "sh", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert counters(done.stdout) == walk.counted
