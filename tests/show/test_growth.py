"""The chart of what grows with Services: the numbers in words, the picture with the palette's colours."""

from __future__ import annotations

import re

import pytest

from k8snet import show
from k8snet.linux.steps import Judged
from k8snet.show import palette
from tests.show import ruleworlds


def counted(services: int) -> tuple[int, int]:
    """So many Services more, and how many rules node-a tries for the first packet."""
    return services, show.rules(ruleworlds.past_many(services), "node-a").tried


def test_what_is_counted_is_drawn() -> None:
    points = [counted(services) for services in (0, 10, 100)]
    assert [tried - services for services, tried in points] == [points[0][1]] * 3
    figure = show.growth(points)
    assert str(figure).splitlines() == [
        "Each Service is one more rule to try", "rules tried for a connection's first packet",
        *(f"  {services} Services: {tried}" for services, tried in points)]  # fmt: skip
    trace = ruleworlds.past_many(10)
    steps = [step for hop in trace.hops if hop.netns == "node-a" for step in hop.steps]
    assert points[1][1] == sum(step.tried for step in steps if isinstance(step, Judged))


def test_several_series_and_what_a_kernel_took() -> None:
    figure = show.growth({"iptables": [(1, 9), (1000, 1008)], "nftables": [(1, 9), (1000, 9)]}, [(1, 30.5), (1000, 36)])
    assert str(figure).splitlines()[1:] == [
        "rules tried for a connection's first packet, iptables", "  1 Services: 9", "  1,000 Services: 1,008",
        "rules tried for a connection's first packet, nftables", "  1 Services: 9", "  1,000 Services: 9",
        "connect(), microseconds", "  1 Services: 30.5", "  1,000 Services: 36"]  # fmt: skip
    assert show.growth([(1, 9), (1000, 9)]).alt == "However many Services there are, as many rules are tried"
    assert show.growth([(1, 9)], title="Mine").alt == "Mine"


def test_the_picture() -> None:
    figure = show.growth({"iptables": [(1, 9), (10_000, 10_008)]}, [(1, 30), (10_000, 195)])
    assert figure.svg == figure.svg
    assert {each.upper() for each in re.findall(r"#[0-9a-fA-F]{6}\b", figure.svg)} <= palette.COLOURS
    data, facts = figure._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert facts["image/png"]["alt"] == figure.alt


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="there is nothing to draw"):
        show.growth([])
