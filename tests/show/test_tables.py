"""Traces as pandas tables, worlds as networkx graphs."""

from __future__ import annotations

import networkx
import pytest

from k8snet import show
from k8snet.linux import World


def test_frame_has_a_row_for_each_sighting(figure: World) -> None:
    trace = figure.ping("pod-a", "10.1.1.2")
    table = show.frame(trace)
    assert len(table) == len(trace.captures)
    pings = table[table.proto == "icmp"].drop(columns=["time", "packet", "proto", "src_mac", "dst_mac"])
    assert pings.to_string(index=False) == """\
 netns device direction      src      dst  ttl                     what
 pod-a   eth0       out 10.1.1.1 10.1.1.2   64 echo request 1, 56 bytes
node-a  veth0        in 10.1.1.1 10.1.1.2   64 echo request 1, 56 bytes
node-a  veth1       out 10.1.1.1 10.1.1.2   64 echo request 1, 56 bytes
 pod-b   eth0        in 10.1.1.1 10.1.1.2   64 echo request 1, 56 bytes
 pod-b   eth0       out 10.1.1.2 10.1.1.1   64   echo reply 1, 56 bytes
node-a  veth1        in 10.1.1.2 10.1.1.1   64   echo reply 1, 56 bytes
node-a  veth0       out 10.1.1.2 10.1.1.1   64   echo reply 1, 56 bytes
 pod-a   eth0        in 10.1.1.2 10.1.1.1   64   echo reply 1, 56 bytes"""
    assert table[table.proto == "arp"].ttl.isna().all()


def test_each_link_has_its_own_pair_of_mac_addresses(figure: World) -> None:
    table = show.frame(figure.ping("pod-a", "10.1.2.1"))
    ping = table[(table.packet == 1) & (table.direction == "in")]
    macs = {(name, device.name): device.mac for name, netns in figure.netns.items() for device in netns.devices.values()}
    ends = [("pod-a", "eth0"), ("node-a", "br0"), ("node-a", "eth0"), ("router", "eth0"), ("router", "eth0"),
            ("node-b", "eth0"), ("node-b", "br0"), ("pod-c", "eth0")]
    pairs = [(macs[src], macs[dst]) for src, dst in zip(ends[::2], ends[1::2], strict=True)]
    assert list(dict.fromkeys(zip(ping.src_mac, ping.dst_mac, strict=True))) == pairs
    assert set(table[table.what.str.startswith("who has")].dst_mac) == {"ff:ff:ff:ff:ff:ff"}


def test_rows_of_one_packet_have_one_number(figure: World) -> None:
    table = show.frame(figure.connect("pod-a", "10.1.2.2", 4000))
    syn = table[table.packet == 1]
    assert set(syn.what) == {"SYN"}
    assert sorted(set(syn.ttl), reverse=True) == [64, 63, 62, 61]
    assert table["time"].is_monotonic_increasing


def test_what_is_shown_is_never_cut(figure: World) -> None:
    traces = [figure.connect("pod-a", "10.1.2.2", 4000), figure.ping("pod-a", "10.1.2.2", ttl=1)]
    traces.append(figure.ping("pod-a", "10.9.9.9"))
    assert all(len(text) <= 50 for trace in traces for text in show.frame(trace)["what"])  # pandas' display.max_colwidth


def test_steps_has_a_row_for_each_step(figure: World) -> None:
    trace = figure.ping("pod-a", "10.1.2.2")
    table = show.steps(trace)
    assert len(table) == sum(len(hop.steps) for packet in trace.packets for hop in packet.hops)
    first = table[(table.packet == 1) & (table.netns == "router")]
    assert list(first.step) == ["captured", "routed", "forwarded", *first.step[3:-1], "captured"]
    assert "forwarded: TTL is now 62" in list(first.detail)


def test_the_graph_knows_what_is_wired_to_what(figure: World) -> None:
    graph = show.graph(figure)
    assert graph.nodes["node-a"] == {"kind": "machine"}
    assert graph.nodes["node-a", "br0"]["addresses"] == ("10.1.1.254/24",)
    assert graph.edges[("node-a", "veth0"), ("pod-a", "eth0")] == {"kind": "wire"}
    assert graph.edges[("node-a", "veth0"), ("node-a", "br0")] == {"kind": "port"}
    assert networkx.has_path(graph, "pod-a", "pod-d")
    graph.remove_edge(("node-b", "eth0"), ("underlay", "port3"))
    assert not networkx.has_path(graph, "pod-a", "pod-d")


def test_the_graph_is_the_same_every_time(figure: World) -> None:
    first, second = show.graph(figure), show.graph(figure.fork())
    assert list(first.nodes(data=True)) == list(second.nodes(data=True))
    assert list(first.edges(data=True)) == list(second.edges(data=True))


@pytest.mark.parametrize("device", ["lo", "eth0"])
def test_all_devices_are_in_the_graph(figure: World, device: str) -> None:
    assert show.graph(figure).edges["pod-a", ("pod-a", device)] == {"kind": "in"}
