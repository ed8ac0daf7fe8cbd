"""The stepper in a real JupyterLab: keys, buttons, slider and play, in both themes, for all senses, and without a kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from k8snet.linux import words
from k8snet.show.timeline import timeline
from tests.browser.driver import THEMES, Lab
from tests.show import journeys
from tests.show.journeys import JOURNEYS, translated

PREPARE = Path(journeys.__file__).read_text(encoding="utf-8")
TRACE = translated()
TOLD = [(moment.hop.netns, words.sentence(moment.step)) for moment in timeline(TRACE)] + [("pod-a", words.verdict(TRACE))]
LAST = len(TOLD)
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden) .k8snet-stepper"


@pytest.fixture(scope="module")
def stepper(lab: Lab) -> Iterator[Locator]:
    """A notebook with a stepper: a connection to a Service's address, with ARP, NAT and replies."""
    before = len(lab.errors)
    open_notebook(lab, "stepper.ipynb", "show.stepper(translated())")
    yield lab.page.locator(".k8snet-stepper").first
    lab.close()
    assert lab.errors[before:] == []


def open_notebook(lab: Lab, name: str, *expressions: str) -> None:
    """Write, open and run a notebook with a cell for each expression; the functions of journeys.py are there."""
    sources = [PREPARE, *(f"from k8snet import show\n{expression}" for expression in expressions)]
    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
                                    "execution_count": None, "id": f"cell-{number}"} for number, source in enumerate(sources)]
    cells[0]["metadata"] = {"jupyter": {"source_hidden": True}}
    notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                "nbformat": 4, "nbformat_minor": 5}
    lab.page.evaluate(
        "([path, content]) => window.jupyterapp.serviceManager.contents"
        ".save(path, {type: 'notebook', format: 'json', content}).then(() => {})",
        [name, notebook],
    )
    lab.open(name)
    lab.run_all_cells(60)
    lab.page.locator(SHOWN).first.wait_for()


@pytest.fixture
def at_first(stepper: Locator) -> Locator:
    """The stepper at its first step, the slider in focus."""
    stepper.get_by_role("button", name="First step").click()
    slider(stepper).focus()
    return stepper


def slider(stepper: Locator) -> Locator:
    """Its slider."""
    return stepper.get_by_role("slider", name="Step")


def expect_step(stepper: Locator, number: int) -> None:
    """The step of that number (from 1) is shown: the sentence, the count, and what a screen reader says of the slider."""
    netns, sentence = TOLD[number - 1]
    expect(stepper.locator(".count")).to_have_text(f"{number} / {LAST}")
    expect(stepper.locator(".sentence")).to_have_text(f"{netns} {sentence}")
    expect(slider(stepper)).to_have_attribute("aria-valuetext", f"{number} / {LAST}, {netns}: {sentence}")


def test_it_is_there(at_first: Locator) -> None:
    assert at_first.count() == 1
    expect_step(at_first, 1)


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        pytest.param(["ArrowRight"], 2, id="right"),
        pytest.param(["ArrowRight", "ArrowRight", "ArrowLeft"], 2, id="right and left"),
        pytest.param(["ArrowLeft"], 1, id="not before the first"),
        pytest.param(["End"], LAST, id="end"),
        pytest.param(["End", "ArrowRight"], LAST, id="not behind the last"),
        pytest.param(["End", "Home"], 1, id="home"),
    ],
)
@pytest.mark.parametrize("focused", ["slider", "button", "listbox", "region"])
def test_keys(lab: Lab, at_first: Locator, focused: str, keys: list[str], number: int) -> None:
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = lab.page.evaluate(active)
    at_first.get_by_role(focused).first.focus()  # type: ignore[arg-type]  # a role by its name
    for key in keys:
        lab.page.keyboard.press(key)
    expect_step(at_first, number)
    assert lab.page.evaluate(active) == before
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.mode") != "edit"


def test_keys_jump_from_packet_to_packet(lab: Lab, at_first: Locator) -> None:
    firsts = [next(place for place, moment in enumerate(timeline(TRACE), 1) if moment.number == number)
              for number in range(len(TRACE.packets))]
    for number in firsts[1:]:
        lab.page.keyboard.press("ArrowDown")
        expect_step(at_first, number)
    lab.page.keyboard.press("ArrowUp")
    expect_step(at_first, firsts[-2])
    options = at_first.get_by_role("listbox").get_by_role("option")
    options.nth(1).click()
    expect_step(at_first, firsts[1])
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert options.nth(1).inner_text().startswith("2 ")


def test_buttons(at_first: Locator) -> None:
    for name, number in {"Step forward": 2, "Step back": 1, "Last step": LAST, "First step": 1}.items():
        at_first.get_by_role("button", name=name).click()
        expect_step(at_first, number)


def test_tab_reaches_everything_in_order(lab: Lab, at_first: Locator) -> None:
    at_first.get_by_role("button", name="First step").focus()
    reached = []
    for _ in range(10):
        reached.append(lab.page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        lab.page.keyboard.press("Tab")
    assert reached == ["First step", "Step back", "Play", "Step forward", "Last step", "Step", "Pace", "Packets",
                       "Headers of the packet", "Evidence of the step"]


def test_a_click_anywhere_takes_the_keys(lab: Lab, at_first: Locator) -> None:
    for number, place in enumerate(["svg[role=img] .box", ".sentence", "header h3"], 2):
        lab.page.evaluate("() => document.activeElement.blur()")
        at_first.locator(place).first.click(position={"x": 4, "y": 4})
        lab.page.keyboard.press("ArrowRight")
        expect_step(at_first, number)


def test_a_stretch_passed_twice_is_drawn_once(at_first: Locator) -> None:
    at_first.get_by_role("button", name="Last step").click()
    stretches = str(at_first.locator(".way").get_attribute("d")).split("M")[1:]
    assert len(stretches) > 10
    assert len(stretches) == len({frozenset(stretch.split("L")) for stretch in stretches})


def test_the_slider_can_be_dragged(lab: Lab, at_first: Locator) -> None:
    box = slider(at_first).bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    lab.page.mouse.up()
    number = int(at_first.locator(".count").inner_text().split(" / ")[0])
    assert LAST * 0.4 < number < LAST * 0.6
    expect_step(at_first, number)


def test_play_stops_at_the_end_and_by_itself_says_little(lab: Lab, at_first: Locator) -> None:
    at_first.get_by_role("combobox", name="Pace").select_option("quick")
    slider(at_first).evaluate("(node, number) => { node.value = number; node.dispatchEvent(new Event('input')); }", LAST - 4)
    said = at_first.get_by_role("status").inner_text()
    slider(at_first).focus()
    lab.page.keyboard.press(" ")
    expect(at_first.get_by_role("button", name="Pause")).to_be_visible()
    expect_step(at_first, LAST)
    expect(at_first.get_by_role("button", name="Play")).to_be_visible()
    assert at_first.get_by_role("status").inner_text() == said
    at_first.get_by_role("combobox", name="Pace").select_option("steady")


def test_each_step_says_what_the_story_says_and_keeps_its_size(stepper: Locator) -> None:
    seen = stepper.evaluate(
        """node => {
            const slider = node.querySelector('input[type=range]'), seen = [];
            for (let n = 0; n <= Number(slider.max); n++) {
                slider.value = n;
                slider.dispatchEvent(new Event('input'));
                const { width, height } = node.getBoundingClientRect();
                seen.push([node.querySelector('.sentence').textContent, width, height]);
            }
            return seen;
        }"""
    )
    assert [sentence for sentence, _, _ in seen] == [f"{netns} {sentence}" for netns, sentence in TOLD]
    assert len({(width, height) for _, width, height in seen}) == 1


def test_evidence_and_changes(stepper: Locator) -> None:
    """The route among the others, the rule, both tuples, the bridge's ports, and old and new header fields."""
    def shown_at(beginning: str) -> str:
        number = next(place for place, (_, sentence) in enumerate(TOLD) if sentence.startswith(beginning))
        slider(stepper).evaluate("(node, n) => { node.value = n; node.dispatchEvent(new Event('input')); }", number)
        return stepper.get_by_role("region", name="Evidence of the step").inner_text()

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
    changed = stepper.locator(".headers .changed")
    assert changed.all_inner_texts() == ["destination\n10.1.2.2\n10.96.0.10 →", "to port\n4000\n80 →"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("beginning", ["route to", "br0 <", "NAT (DNAT)", "delivered to client"])
def test_axe_finds_nothing(lab: Lab, stepper: Locator, theme: str, beginning: str) -> None:
    lab.change_theme(theme)
    number = next(place for place, (_, sentence) in enumerate(TOLD) if sentence.startswith(beginning))
    slider(stepper).evaluate("(node, n) => { node.value = n; node.dispatchEvent(new Event('input')); }", number)
    found = Axe().run(lab.page, context=".k8snet-stepper").response
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert {"color-contrast", "button-name"} <= {each["id"] for each in found["passes"]}
    lab.change_theme("light")


def test_nothing_glides_where_motion_is_unwanted(lab: Lab, stepper: Locator) -> None:
    glide = "node => getComputedStyle(node.querySelector('.token')).transitionDuration"
    assert stepper.evaluate(glide) != "0s"
    lab.page.emulate_media(reduced_motion="reduce")
    assert stepper.evaluate(glide) == "0s"
    lab.page.emulate_media(reduced_motion="no-preference")


def test_it_goes_on_without_a_kernel(lab: Lab) -> None:
    open_notebook(lab, "alone.ipynb", "show.stepper(translated())")
    alone = lab.page.locator(SHOWN)
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    slider(alone).focus()
    for number in (2, 3, 4):
        lab.page.keyboard.press("ArrowRight")
        expect_step(alone, number)
    alone.get_by_role("button", name="Last step").click()
    expect_step(alone, LAST)
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save().then(() => {})")
    lab.execute("application:close")


def test_every_kind_of_journey_is_drawn(lab: Lab) -> None:
    before = len(lab.errors)
    open_notebook(lab, "journeys.ipynb", *(f"show.stepper({make.__name__}())" for make in JOURNEYS))
    steppers = lab.page.locator(SHOWN)
    expect(steppers).to_have_count(len(JOURNEYS))
    for number in range(len(JOURNEYS)):
        steppers.nth(number).scroll_into_view_if_needed()
        last = steppers.nth(number).get_by_role("button", name="Last step")
        last.click()
        count = steppers.nth(number).locator(".count").inner_text()
        assert len(set(count.split(" / "))) == 1
    assert lab.page.get_by_role("alert").count() == 0
    lab.close()
    assert lab.errors[before:] == []


def test_another_journey_and_an_error_in_the_element(lab: Lab) -> None:
    """The kernel sends a further journey to the map that is there; what the module cannot draw, it says in its place."""
    broken = "from k8snet.show.widget import StepperWidget\ndisplay(StepperWidget(scene={}, journey={}))"
    follow = "shown.follow(shown.trace.world.ping('pod-a', '10.1.2.2'))\nprint(len(shown), 'steps')"
    open_notebook(lab, "further.ipynb", f"shown = show.stepper(across())\ndisplay(shown)\n{broken}", follow)
    steps = lab.cells()[2]["outputs"][0]["text"].removesuffix(" steps\n")
    expect(lab.page.locator(SHOWN).locator(".count")).to_have_text(f"1 / {steps}")
    assert lab.page.get_by_role("alert").inner_text().startswith("k8snet: TypeError")
    lab.close()


def test_no_other_host_was_asked(lab: Lab) -> None:
    assert lab.elsewhere == []
