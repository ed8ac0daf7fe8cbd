"""What all players have in common, in a real JupyterLab: keys, buttons, play, sizes, without a kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Lab
from tests.browser.players import KEYS, LAST, RULES, STEPPER, WORKFLOW, Kind, Player, in_front, write


@pytest.fixture(scope="module", params=[STEPPER, WORKFLOW, RULES], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """One after the other."""
    kind: Kind = request.param
    return kind


@KEYS
@pytest.mark.parametrize("focused", ["slider", "button", "region"])
def test_keys(at_first: Player, focused: str, keys: list[str], number: int) -> None:
    at_first.expect_keys(focused, keys, number)


def test_buttons(at_first: Player) -> None:
    noun = at_first.kind.noun
    for name, number in {f"{noun} forward": 2, f"{noun} back": 1}.items():
        at_first.button(name).click()
        at_first.expect_at(number)
    for end, number in {"Last": LAST, "First": 1}.items():
        at_first.to_end(end)
        at_first.expect_at(number)


def test_tab_reaches_everything_in_order(at_first: Player) -> None:
    order = at_first.kind.focus_order
    at_first.element.get_by_label(order[0], exact=True).focus()
    reached = []
    for _ in order:
        reached.append(at_first.lab.page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        at_first.press("Tab")
    assert tuple(reached) == order


def test_a_click_anywhere_takes_the_keys(at_first: Player) -> None:
    for number, place in enumerate(at_first.kind.clicked, 2):
        at_first.lab.page.evaluate("() => document.activeElement.blur()")
        at_first.element.locator(place).first.click(position={"x": 4, "y": 4})
        at_first.press("ArrowRight")
        at_first.expect_at(number)


def test_play_stops_at_the_end_and_by_itself_says_little(at_first: Player) -> None:
    status = at_first.element.get_by_role("status")
    at_first.pace.select_option("quick")
    at_first.go(LAST - 3)
    said = status.inner_text()
    at_first.slider.focus()
    at_first.press(" ")
    expect(at_first.button("Pause")).to_be_visible()
    at_first.expect_at(LAST)
    expect(at_first.button("Play")).to_be_visible()
    assert status.inner_text() == said
    at_first.pace.select_option("steady")


def test_each_moment_says_what_the_words_say_and_keeps_its_size(player: Player) -> None:
    seen = player.element.evaluate(
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
    assert [sentence for sentence, _, _ in seen] == [told.sentence for told in player.told]
    assert len({(width, height) for _, width, height in seen}) == 1


def test_nothing_glides_where_motion_is_unwanted(player: Player) -> None:
    glide = f"node => getComputedStyle(node.querySelector('{player.kind.gliding}')).transitionDuration"
    assert player.element.evaluate(glide) != "0s"
    player.lab.page.emulate_media(reduced_motion="reduce")
    assert player.element.evaluate(glide) == "0s"
    player.lab.page.emulate_media(reduced_motion="no-preference")


def test_it_goes_on_without_a_kernel(lab: Lab, kind: Kind) -> None:
    name = f"alone_{kind.name}.ipynb"
    write(lab, kind, name, kind.make)
    lab.run(name)
    alone = Player(lab, kind, in_front(lab, kind))
    alone.element.wait_for()
    lab.end_kernel()
    alone.slider.focus()
    for number in (2, 3, 4):
        alone.press("ArrowRight")
        alone.expect_at(number)
    alone.to_end("Last")
    alone.expect_at(LAST)
    lab.close()
