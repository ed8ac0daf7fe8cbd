"""The stepper in a real JupyterLab: packets, evidence, journeys of all kinds, both themes. Beside it: test_players.py."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from k8snet.show.timeline import timeline
from tests.browser.driver import THEMES, Lab
from tests.browser.players import KEYS, STEPPER, Kind, Player, shown
from tests.show.journeys import JOURNEYS, translated


@pytest.fixture(scope="module")
def kind() -> Kind:
    """A connection to a Service's address, with ARP, NAT and replies."""
    return STEPPER


def number_of(beginning: str) -> int:
    """The number (from 1) of the first step whose sentence begins so, behind the name of its namespace."""
    return next(number for number, told in enumerate(STEPPER.tell(), 1)
                if told.sentence.removeprefix(f"{told.who} ").startswith(beginning))  # fmt: skip


@KEYS
def test_keys_in_the_list_of_packets(at_first: Player, keys: list[str], number: int) -> None:
    at_first.expect_keys("listbox", keys, number)


def test_keys_jump_from_packet_to_packet(at_first: Player) -> None:
    trace = translated()
    firsts = [next(place for place, moment in enumerate(timeline(trace), 1) if moment.number == number)
              for number in range(len(trace.packets))]
    for number in firsts[1:]:
        at_first.press("ArrowDown")
        at_first.expect_at(number)
    at_first.press("ArrowUp")
    at_first.expect_at(firsts[-2])
    options = at_first.element.get_by_role("listbox").get_by_role("option")
    options.nth(1).click()
    at_first.expect_at(firsts[1])
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert options.nth(1).inner_text().startswith("2 ")


def test_a_stretch_passed_twice_is_drawn_once(at_first: Player) -> None:
    at_first.to_end("Last")
    stretches = str(at_first.element.locator(".way").get_attribute("d")).split("M")[1:]
    assert len(stretches) > 10
    assert len(stretches) == len({frozenset(stretch.split("L")) for stretch in stretches})


def test_the_slider_can_be_dragged(lab: Lab, at_first: Player) -> None:
    box = at_first.slider.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    lab.page.mouse.up()
    number = int(at_first.count.inner_text().split(" / ")[0])
    last = len(at_first.told)
    assert last * 0.4 < number < last * 0.6
    at_first.expect_at(number)


def test_evidence_and_changes(player: Player) -> None:
    """The route among the others, the rule, both tuples, the bridge's ports, and old and new header fields."""
    def shown_at(beginning: str) -> str:
        player.go(number_of(beginning))
        return player.element.get_by_role("region", name="Evidence of the step").inner_text()

    evidence = shown_at("route to 10.1.2.2")
    assert "✔\tdefault via 10.100.0.1 dev eth0\t/0, table main: chosen" in evidence
    assert "10.1.1.0/24 dev br0\tfor other addresses" in evidence
    assert "-t nat -A KUBE-SEP-DEMO" in shown_at("nat KUBE-SEP-DEMO")
    assert "4 rules asked" in shown_at("nat KUBE-SEP-DEMO")
    evidence = shown_at("conntrack: ESTABLISHED, in reply direction")
    assert "tcp 10.1.1.1:40000 > 10.96.0.10:80" in evidence
    assert "tcp 10.1.2.2:4000 > 10.100.0.2:40000" in evidence
    evidence = shown_at("br0 forwards the frame to port1")
    assert "✔\tport1\tout" in evidence
    assert "The bridge has learnt behind which port this address lives." in evidence
    assert "REACHABLE: it has answered lately." in shown_at("neighbour 10.1.1.254 on eth0")
    evidence = shown_at("br0 floods the frame to veth1")
    assert "✔\tveth1\tout" in evidence
    assert "✔\tbr0\tthis machine itself" in evidence
    assert "This address means everybody" in evidence
    assert "✔\tbr0\tthis machine itself" in shown_at("br0 keeps the frame")
    assert "✔\tlocal 10.1.2.2/32 dev eth0\t/32, table local: chosen" in shown_at("route to 10.1.2.2: local")
    shown_at("NAT (DNAT)")
    changed = player.element.locator(".headers .changed")
    assert changed.all_inner_texts() == ["destination\n10.1.2.2\n10.96.0.10 →", "to port\n4000\n80 →"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("beginning", ["route to", "br0 <", "NAT (DNAT)", "delivered to client"])
def test_axe_finds_nothing(player: Player, theme: str, beginning: str) -> None:
    player.expect_accessible(number_of(beginning), theme)


def test_every_kind_of_journey_is_drawn(lab: Lab) -> None:
    with shown(lab, STEPPER, "journeys.ipynb", *(f"show.stepper({make.__name__}())" for make in JOURNEYS)) as steppers:
        expect(steppers).to_have_count(len(JOURNEYS))
        for number in range(len(JOURNEYS)):
            steppers.nth(number).scroll_into_view_if_needed()
            stepper = Player(lab, STEPPER, steppers.nth(number))
            stepper.to_end("Last")
            assert len(set(stepper.count.inner_text().split(" / "))) == 1
        assert lab.page.get_by_role("alert").count() == 0


def test_another_journey_and_an_error_in_the_element(lab: Lab) -> None:
    """The kernel sends a further journey to the map that is there; what the module cannot draw, it says in its place."""
    broken = "from k8snet.show.widget import StepperWidget\ndisplay(StepperWidget(scene={}, journey={}))"
    follow = "shown.follow(shown.trace.world.ping('pod-a', '10.1.2.2'))\nprint(len(shown), 'steps')"
    first = f"shown = show.stepper(across())\ndisplay(shown)\n{broken}"
    with shown(lab, STEPPER, "further.ipynb", first, follow) as stepper:
        steps = lab.cells()[2]["outputs"][0]["text"].removesuffix(" steps\n")
        expect(stepper.locator(".count")).to_have_text(f"1 / {steps}")
        assert lab.page.get_by_role("alert").inner_text().startswith("k8snet: TypeError")
