"""The chains of a Service as a picture: what leads in, the dice, the shares; read from live rules."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest

from k8snet import show
from k8snet.course.figure import whole
from k8snet.linux import World
from k8snet.show.diagram import Box
from k8snet.show.endpoints import read_chains
from k8snet.show.layout import Rect
from k8snet.show.scene import Text
from tests.show import ruleworlds
from tests.show.charts import overlaps, within

LOCAL = """\
*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-EXT-A - [0:0]
:KUBE-FW-A - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SVL-A - [0:0]
:KUBE-SEP-1 - [0:0]
:KUBE-SEP-2 - [0:0]
-A KUBE-SERVICES -d 10.96.0.5 -p tcp -m comment --comment "shop/till:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-A
-A KUBE-SERVICES -d 192.0.2.7 -p tcp -m comment --comment "shop/till:http loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-A
-A KUBE-NODEPORTS -p tcp -m comment --comment shop/till:http -m tcp --dport 30080 -j KUBE-EXT-A
-A KUBE-FW-A -s 192.0.2.0/24 -j KUBE-EXT-A
-A KUBE-EXT-A -s 10.1.0.0/16 -j KUBE-SVC-A
-A KUBE-EXT-A -j KUBE-SVL-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.5 -j KUBE-SEP-1
-A KUBE-SVC-A -j KUBE-SEP-2
-A KUBE-SVL-A -j KUBE-SEP-1
-A KUBE-SEP-1 -p tcp -j DNAT --to-destination 10.1.1.1:4000
-A KUBE-SEP-2 -p tcp -j DNAT --to-destination 10.1.2.2:4000
COMMIT
"""


def world(text: str) -> World:
    """A world whose own namespace has these rules."""
    made = World()
    made.sh("iptables-restore", stdin=text)
    return made


def many(count: int) -> World:
    """A Service with so many endpoints."""
    chains = "".join(f":KUBE-SEP-{n} - [0:0]\n" for n in range(count))
    dice = "".join(f"-A KUBE-SVC-A -m statistic --mode random --probability {1 / (count - n):.10f} -j KUBE-SEP-{n}\n"
                   for n in range(count - 1))
    ends = "".join(f"-A KUBE-SEP-{n} -p tcp -j DNAT --to-destination 10.1.{n // 250}.{n % 250 + 1}:80\n" for n in range(count))
    entry = '-A KUBE-SERVICES -d 10.96.0.5 -p tcp -m comment --comment "default/a cluster IP" -m tcp --dport 80 -j KUBE-SVC-A\n'
    rules = f"{entry}{dice}-A KUBE-SVC-A -j KUBE-SEP-{count - 1}\n{ends}"
    return world(f"*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-A - [0:0]\n{chains}{rules}COMMIT\n")


def test_the_shares_are_equal_though_the_probabilities_are_not() -> None:
    found = read_chains(ruleworlds.node().netns["node-a"].netfilter, "web")
    [(chain, chances)] = found.choices
    assert chain == "KUBE-SVC-LOLE4ISW44XBNF3G"
    assert [each.probability and round(each.probability, 3) for each in chances] == [0.333, 0.5, None]
    assert [each.share for each in chances] == [Fraction(1, 3)] * 3
    assert [each.address for each in chances] == ["10.1.1.2:4000", "10.1.2.1:4000", "10.1.2.2:4000"]


@pytest.mark.parametrize("count", [1, 2, 7, 100, 300])
def test_any_number_of_endpoints(count: int) -> None:
    [(_, chances)] = read_chains(many(count).root.netfilter, "a").choices
    assert [each.share for each in chances] == [Fraction(1, count)] * count


@pytest.mark.parametrize("name", ["web", "default/web", "10.96.0.20"])
def test_a_service_by_its_name_or_address(name: str) -> None:
    figure = show.chains(ruleworlds.node().netns["node-a"], name)
    assert "10.96.0.20:80/tcp (cluster IP): to KUBE-SVC-LOLE4ISW44XBNF3G" in str(figure)


def test_in_words() -> None:
    node = ruleworlds.node().netns["node-a"]
    assert str(show.chains(node, "web")).splitlines() == [
        "The dice send a new connection to default/web to one of 3 endpoints, each with a chance of 1/3",
        "KUBE-SERVICES 3 in nat: 10.96.0.20:80/tcp (cluster IP): to KUBE-SVC-LOLE4ISW44XBNF3G",
        "KUBE-NODEPORTS 1 in nat: any address:30080/tcp: to KUBE-EXT-LOLE4ISW44XBNF3G",
        "KUBE-EXT-LOLE4ISW44XBNF3G: to KUBE-SVC-LOLE4ISW44XBNF3G",
        "KUBE-SVC-LOLE4ISW44XBNF3G",
        "  2 probability 0.333: KUBE-SEP-EZ64ZTW72BMS2TAX, 10.1.1.2:4000: 1/3 of new connections",
        "  3 probability 0.5: KUBE-SEP-72AF6CGLYZWW3MSN, 10.1.2.1:4000: 1/3 of new connections",
        "  4 probability 1: KUBE-SEP-AQ2BJBLM5I4W3KQA, 10.1.2.2:4000: 1/3 of new connections",
    ]
    assert "probability 0.5, or seen < 10800 s ago: KUBE-SEP-IVUYEBKMOXTU3UVB" in str(show.chains(node, "shop"))
    assert str(show.chains(node, "empty")).splitlines() == [
        "A connection to default/empty goes nowhere: it has no endpoint to go to",
        "KUBE-SERVICES 1 in filter: 10.96.0.40:80/tcp (has no endpoints): REJECT",
    ]
    assert str(show.chains(node, "web", "Mine")).startswith("Mine\n")


def test_the_way_in_may_decide() -> None:
    found = read_chains(world(LOCAL).root.netfilter, "shop/till")
    assert found.name == "shop/till:http"
    assert found.between == (("KUBE-FW-A", ("KUBE-EXT-A",)), ("KUBE-EXT-A", ("KUBE-SVC-A", "KUBE-SVL-A")))
    assert [(chain, [each.share for each in chances]) for chain, chances in found.choices] == [
        ("KUBE-SVC-A", [Fraction(1, 2), Fraction(1, 2)]), ("KUBE-SVL-A", [Fraction(1)])]


def test_what_is_not_there_is_said_with_what_is() -> None:
    with pytest.raises(ValueError, match="no rule here is for the Service 'nope'; there are rules for: default/kubernetes:https"):
        show.chains(ruleworlds.node().netns["node-a"], "nope")
    with pytest.raises(ValueError, match="there are rules for: none"):
        show.chains(whole().netns["node-b"], "web")


@pytest.mark.parametrize(
    ("made", "service"),
    [
        pytest.param(ruleworlds.node, "web", id="node port"),
        pytest.param(ruleworlds.node, "shop", id="affinity"),
        pytest.param(ruleworlds.node, "empty", id="no endpoints"),
        pytest.param(lambda: world(LOCAL), "shop/till", id="local"),
        pytest.param(lambda: many(1), "a", id="one"),
        pytest.param(lambda: many(90), "a", id="ninety"),
    ],
)
def test_nothing_lies_on_another(made: object, service: str) -> None:
    there: World = made()  # type: ignore[operator]
    figure = show.chains(there.netns.get("node-a", there.root), service)
    card = Rect(0, 0, figure.diagram.width, figure.diagram.height)
    boxes = [Rect(each.x, each.y, each.width, each.height) for each in figure.diagram.shapes if isinstance(each, Box)]
    texts = [each for each in figure.diagram.shapes if isinstance(each, Text)]
    assert not any(overlaps(one, other) for one, other in combinations(boxes, 2))
    assert not any(overlaps(one.rect, other.rect) for one, other in combinations(texts, 2))
    assert all(within(rect, card) for rect in (*boxes, *(text.rect for text in texts)))
    assert all(within(text.rect, box) for text in texts for box in boxes if overlaps(text.rect, box))
    assert figure.png.startswith(b"\x89PNG")
    assert len(boxes) <= 45
