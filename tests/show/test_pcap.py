"""A trace as a file for Wireshark: tshark reads in it what the trace says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from k8snet import show
from k8snet.linux import World

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

CHECKS = ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")


def read(file: Path, fields: str) -> list[list[str]]:
    options = [word for check in CHECKS for word in ("-o", f"{check}:TRUE")]
    options += ["-T", "fields", *[word for name in fields.split() for word in ("-e", name)]]
    run = subprocess.run(["tshark", "-r", str(file), *options], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in run.stdout.splitlines()]


def test_tshark_sees_each_capture_where_and_when_it_was(figure: World, tmp_path: Path) -> None:
    figure.sleep(1.5)
    trace = figure.connect("pod-a", "10.1.2.2", 4000)
    show.pcap(trace, tmp_path / "t.pcap")
    rows = read(tmp_path / "t.pcap", "frame.interface_name frame.packet_flags_direction frame.time_epoch frame.len")
    assert [(name, int(flags, 16), round(float(time) - 1767225600, 6), int(length)) for name, flags, time, length in rows] == [
        (f"{c.netns}/{c.device}", 1 if c.direction == "in" else 2, round(c.now, 6), c.frame.length) for c in trace.captures
    ]


@pytest.mark.parametrize("size", [56, 4000])
def test_nothing_is_malformed_and_all_checksums_are_good(figure: World, tmp_path: Path, size: int) -> None:
    traces = [figure.connect("pod-a", "10.1.2.2", 4000), figure.connect("pod-a", "10.1.2.2", 9, proto="udp"),
              figure.ping("pod-a", "10.1.2.2", size=size, df=False), figure.ping("pod-a", "10.1.2.2", ttl=2)]
    for number, trace in enumerate(traces):
        file = tmp_path / f"{number}.pcap"
        show.pcap(trace, file)
        for row in read(file, "_ws.malformed ip.checksum.status tcp.checksum.status udp.checksum.status icmp.checksum.status"):
            assert row[0] == ""
            assert not {"0", "bad"} & set(",".join(row[1:]).split(","))


def test_one_device_is_heard_where_one_is_named(figure: World, tmp_path: Path) -> None:
    trace = figure.ping("pod-a", "10.1.2.2")
    show.pcap(trace, tmp_path / "t.pcapng", netns="router", device="eth0")
    assert {name for name, in read(tmp_path / "t.pcapng", "frame.interface_name")} == {"router/eth0"}


def test_the_same_trace_gives_the_same_bytes(figure: World, tmp_path: Path) -> None:
    for name, world in (("one", figure.fork()), ("two", figure)):
        show.pcap(world.ping("pod-a", "10.1.2.2"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
