"""The rule explorer in a real JupyterLab: chains to choose, rules with their reasons, the packet. Beside it: test_players.py."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from k8snet import show
from tests.browser.driver import THEMES, Lab
from tests.browser.players import LAST, RULES, Kind, Player, shown
from tests.show import ruleworlds

SERVICE, CHOSEN = "nat KUBE-SVC-LOLE4ISW44XBNF3G", "nat KUBE-SEP-AQ2BJBLM5I4W3KQA"
ASIDE = "nat KUBE-SEP-72AF6CGLYZWW3MSN"
WAY = show.rules(ruleworlds.to_service(), "node-a").way


@pytest.fixture(scope="module")
def kind() -> Kind:
    """A pod connects to a Service's address."""
    return RULES


def number_of(who: str, row: int = 1) -> int:
    """The number (from 1) of the moment at a row (from 1) of a chain."""
    return next(at for at, each in enumerate(WAY.moments, 1) if WAY.who(WAY.rooms[each.chain]) == who and each.row == row - 1)


def box(player: Player, who: str) -> Locator:
    """A chain on the map: the first of that name."""
    return player.element.locator(".box").and_(player.element.get_by_label(who)).first


def rows(player: Player) -> list[str]:
    """The rows of the list, each in one line."""
    return [" ".join(row.split()) for row in player.element.locator(".list li").all_inner_texts()]


def test_each_rule_has_its_reason(player: Player) -> None:
    player.go(number_of(SERVICE, 2))
    expect(player.element.locator(".panel h4")).to_have_text(f"{SERVICE}: 4 of 4 rules tried here, 20 in all")
    said = rows(player)
    assert [line.split("-A")[0].strip() for line in said] == ["✗ 1", "✗ 2", "✗ 3", "✓ 4"]
    assert said[0].endswith("does not match: source 10.1.1.1 is in 10.1.0.0/16, and the rule is for all others")
    assert said[1].endswith("does not match: probability 0.333: the dice said no")
    assert said[3].endswith("matches: it has no condition → on to KUBE-SEP-AQ2BJBLM5I4W3KQA")
    expect(player.element.locator(".list li.now mark")).to_have_text("-m statistic --mode random --probability 0.33333333349")
    expect(player.element.locator(".list li.now")).to_have_attribute("aria-current", "step")
    expect(player.element.locator(".box.now .name")).to_have_text(SERVICE.removeprefix("nat "))


def test_what_was_rewritten_stands_beside_it(player: Player) -> None:
    decided = number_of(CHOSEN, 2)
    player.go(decided)
    expect(player.element.locator("dd.changed")).to_have_count(0)
    player.press("ArrowRight")
    player.go(decided + 1)
    assert player.element.locator("dl.nat dd.changed").all_inner_texts() == ["10.96.0.20 → 10.1.2.2", "80 → 4000"]
    assert player.element.locator(".note.nat text").all_text_contents() == ["10.96.0.20:80", "→ 10.1.2.2:4000"]


def test_up_and_down_go_from_chain_to_chain(at_first: Player) -> None:
    last = len(WAY.moments)
    for keys, number in (["ArrowDown"], 2), (["ArrowDown", "ArrowDown"], 5), (["End", "ArrowUp"], last - 1), (["ArrowUp"], 1):
        at_first.to_end("First")
        at_first.slider.focus()
        at_first.press(*keys)
        at_first.expect_at(number)


@pytest.mark.parametrize("choose", ["click", "Enter", " "])
def test_a_chain_is_chosen(at_first: Player, choose: str) -> None:
    for who in (SERVICE, ASIDE, CHOSEN):
        chain = box(at_first, who)
        if choose == "click":
            chain.click()
        else:
            chain.focus()
            at_first.press(choose)
        expect(at_first.element.locator(".panel h4")).to_contain_text(who)
        if who == ASIDE:
            assert all(row.endswith("not asked") for row in rows(at_first))
            expect(at_first.element.locator(".list li.now")).to_have_count(0)
            expect(at_first.element.locator(".box.chosen .name")).to_have_text(ASIDE.removeprefix("nat "))
            at_first.expect_at(number_of(SERVICE))
        else:
            at_first.expect_at(number_of(who))
            expect(at_first.element.locator(".box.chosen")).to_have_count(0)


def test_tab_reaches_every_chain(player: Player) -> None:
    boxes = player.element.locator(".box")
    boxes.first.focus()
    reached = []
    for _ in range(boxes.count()):
        reached.append(player.lab.page.evaluate("() => document.activeElement.dataset.room"))
        player.press("Tab")
    assert reached == [str(number) for number in range(len(WAY.rooms))]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("number", [1, number_of(SERVICE, 2), number_of(CHOSEN, 2) + 1, LAST])
def test_axe_finds_nothing(player: Player, theme: str, number: int) -> None:
    player.expect_accessible(number, theme)


def test_ten_thousand_rules_are_few_rows(lab: Lab) -> None:
    with shown(lab, RULES, "many.ipynb", 'show.rules(past_many(), "node-a")') as element:
        many = Player(lab, RULES, element)
        many.slider.focus()
        many.press("ArrowRight")
        expect(element.locator(".panel h4")).to_have_text("nat KUBE-SERVICES: 10,003 of 10,005 rules tried here, 10,018 in all")
        assert len(rows(many)) < 12
        assert "⋮ … 9,998 rules not matching, by destination" in rows(many)


@pytest.mark.parametrize("make", [make.__name__ for make in ruleworlds.TRACES])
def test_every_kind_of_way_is_drawn(lab: Lab, make: str) -> None:
    with shown(lab, RULES, f"{make}.ipynb", f'show.rules({make}(), "node-a")') as element:
        each = Player(lab, RULES, element)
        last = int(each.count.inner_text().split(" / ")[1])
        each.slider.focus()
        each.press(*["ArrowRight"] * last)
        expect(each.count).to_have_text(f"{last} / {last}")
        assert lab.page.get_by_role("alert").count() == 0
