"""``tcpdump``: our text is judged by the real one, which reads the same frames from a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from k8snet.errors import CommandError, NotModelled
from k8snet.show.pcap import pcap
from tests.conftest import require
from tests.linux.vxlan_network import tunnel
from tests.tools.network import world

QUESTIONS = ["ping -c 1 10.1.2.2", "ping -c 1 -W 1 10.1.1.77", "ping -c 1 -t 1 10.1.2.2", "ping -c 1 10.9.9.9",
             "ping -c 1 -s 3000 10.1.2.2", "ping -c 1 -s 1450 -M do 10.1.2.2", "nc -zv 10.1.2.2 4000",
             "nc -zv 10.1.2.2 4001", "nc -zu 10.1.2.2 4001", "curl http://10.1.2.2", "curl http://10.1.2.2:4000",
             "arping -c 2 -I eth0 10.1.1.254"]  # fmt: skip
FILTERS = ["", "arp", "icmp", "tcp port 4000", "not arp and dst host 10.1.2.2", "src net 10.1.2.0/24 or arp", "port 80"]


def real(file: Path, *words: str) -> str:
    program = shutil.which("tcpdump")
    require("kernel", None if program else "tcpdump is not installed")
    assert program is not None
    environment = {**os.environ, "TZ": "UTC"}
    return subprocess.run([program, "-nr", str(file), *words], capture_output=True, text=True, check=True, env=environment).stdout


@pytest.mark.parametrize("option", [(), ("-e",)])
@pytest.mark.parametrize("question", QUESTIONS)
def test_tcpdump_prints_what_the_real_one_reads(tmp_path: Path, question: str, option: tuple[str, ...]) -> None:
    made = world("ip link set vb mtu 1400")
    made.listen("b", 4000)
    made.listen("b", 80)
    trace = made.sh(f"ip netns exec a {question}", check=False).trace
    assert trace is not None
    for netns, device in (("a", "eth0"), ("root", "va"), ("root", "vb"), ("b", "eth0")):
        if not any((captured.netns, captured.device) == (netns, device) for captured in trace.captures):
            continue
        pcap(trace, tmp_path / "file.pcap", netns=netns, device=device)
        inside = "" if netns == "root" else f"ip netns exec {netns} "
        ours = made.sh(f"{inside}tcpdump -n -i {device} {' '.join(option)}")
        assert ours.splitlines() == real(tmp_path / "file.pcap", *option).splitlines()


@pytest.mark.parametrize("option", [(), ("-e",)])
@pytest.mark.parametrize("port", [4789, 8472, 9999])
def test_vxlan_is_known_by_its_port(tmp_path: Path, port: int, option: tuple[str, ...]) -> None:
    made = tunnel(port=port)
    trace = made.ping("a", "192.168.7.2")
    pcap(trace, tmp_path / "file.pcap", netns="a", device="eth0")
    ours = made.sh(f"ip netns exec a tcpdump -n -i eth0 {' '.join(option)}")
    assert ours.splitlines() == real(tmp_path / "file.pcap", *option).splitlines()


@pytest.mark.parametrize("words", FILTERS)
@pytest.mark.parametrize("question", QUESTIONS[-4:])
def test_filters_choose_what_the_real_ones_choose(tmp_path: Path, question: str, words: str) -> None:
    made = world()
    made.listen("b", 4000)
    made.listen("b", 80)
    trace = made.sh(f"ip netns exec a {question}", check=False).trace
    assert trace is not None
    pcap(trace, tmp_path / "file.pcap", netns="root", device="va")
    assert made.sh(f"tcpdump -ni va {words}").splitlines() == real(tmp_path / "file.pcap", *words.split()).splitlines()


def test_any_device_says_which_and_which_way() -> None:
    made = world()
    made.sh("ip netns exec a ping -c 1 10.1.2.2")
    lines = made.sh("tcpdump -n -t -i any icmp").splitlines()
    assert [line.split(" IP ")[0] for line in lines] == ["va    In ", "vb    Out", "vb    In ", "va    Out"]


def test_what_tcpdump_refuses() -> None:
    with pytest.raises(CommandError, match="zz: No such device exists"):
        world().sh("tcpdump -n -i zz")
    for line in ("tcpdump -i va", "tcpdump -n -X", "tcpdump -n -i va 'tcp[13] = 2'"):
        with pytest.raises(NotModelled):
            world().sh(line)
