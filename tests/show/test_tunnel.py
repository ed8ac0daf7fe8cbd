"""A tunnel in the views: the table of captures, the figure and its words."""

from __future__ import annotations

from k8snet import show
from tests.linux.vxlan_network import tunnel


def test_the_table_tells_what_a_wrapped_frame_carries() -> None:
    world = tunnel()
    table = show.frame(world.ping("a", "192.168.7.2"))
    wrapped = table[(table.device == "eth0") & (table.proto == "udp") & (table.netns == "a")]
    assert wrapped.what.tolist() == [
        "VXLAN 7: who has 192.168.7.2?", "VXLAN 7: 192.168.7.2 is at 02:00:00:00:07:0b",
        "VXLAN 7: echo request 1, 56 bytes", "VXLAN 7: echo reply 1, 56 bytes",
    ]
    assert wrapped.dst.tolist() == ["10.0.0.2:4789", "10.0.0.1:4789"] * 2


def test_the_figure_marks_where_a_packet_is_wrapped_and_unwrapped() -> None:
    world = tunnel()
    figure = show.path(world.ping("a", "192.168.7.2"))
    lines = str(figure).splitlines()
    assert lines.count("    ■ vx0 wraps the packet for 10.0.0.2") == 1
    assert lines.count("    ■ vx0 unwraps the packet from 10.0.0.2") == 1
    assert "into or out of a tunnel" in figure.svg
    assert [mark.look for mark in figure.scene.marks if mark.symbol == "tunnel"].count("reply") == 2
