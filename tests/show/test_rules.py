"""The rule explorer's data: told back, it is the record of what the kernel tried; and it is small, whatever the rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from k8snet import show
from k8snet.course.figure import whole
from k8snet.linux import Trace
from k8snet.linux.steps import Judged, Matched
from k8snet.linux.trace import Hop
from k8snet.linux.walks import walks
from k8snet.linux.why import FAILED, MATCHED, UNTRIED
from k8snet.show import palette
from k8snet.show.chainmap import BOX, ChainMap
from k8snet.show.diagram import Box, DiagramFigure
from k8snet.show.layout import Rect
from k8snet.show.rulerows import END, GAP, NAT
from k8snet.show.rules import Rules
from k8snet.show.ruleway import FIELDS, Way
from k8snet.show.scene import Text
from k8snet.show.widget import STATIC
from tests.show import ruleworlds
from tests.show.charts import overlaps, within

TRACES = (*ruleworlds.TRACES, lambda: ruleworlds.past_many(300))
every_trace = pytest.mark.parametrize("make", TRACES, ids=lambda make: make.__name__.strip("<>"))


def hops(trace: Trace) -> list[Hop]:
    """The request's stays in node-a."""
    return [hop for hop in trace.hops if hop.netns == "node-a"]


def explorer(make: Callable[[], Trace]) -> Rules:
    """The rules of node-a for the request."""
    return show.rules(make(), "node-a")


@every_trace
def test_the_record_has_what_was_asked_for_each_verdict(make: Callable[[], Trace]) -> None:
    for packet in make().packets:
        for hop in packet.hops:
            told = list(walks(hop))
            assert [walk.judged for walk in told] == [step for step in hop.steps if isinstance(step, Judged)]
            assert len(hop.asked) == len(told)
            assert all(sum(visit.tried for visit in walk.visits) == walk.judged.tried for walk in told)


@every_trace
def test_each_rule_that_matched_is_a_moment_in_its_order(make: Callable[[], Trace]) -> None:
    trace = make()
    way = show.rules(trace, "node-a").way
    there = [(way.rooms[each.chain], way.rooms[each.chain].rows[each.row]) for each in way.moments if not each.rewrites]
    steps = [step for hop in hops(trace) for step in hop.steps if isinstance(step, Matched)]
    matched = [(way.stations[room.station].table, room.name, row.number, row.text) for room, row in there if row.kind == MATCHED]
    assert matched == [(step.table, step.chain, step.number, step.rule) for step in steps]


@every_trace
def test_all_that_were_tried_are_told_and_no_more(make: Callable[[], Trace]) -> None:
    trace = make()
    rules = show.rules(trace, "node-a")
    judged = [step for hop in hops(trace) for step in hop.steps if isinstance(step, Judged)]
    there = {(each.chain, each.row) for each in rules.way.moments}
    rows = [rules.way.rooms[chain].rows[row] for chain, row in there]
    tried = sum(row.last - row.number + 1 for row in rows if row.kind in (MATCHED, FAILED, GAP))
    assert rules.tried == tried == sum(step.tried for step in judged)
    for room in rules.way.rooms:
        numbers = [number for row in room.rows if row.kind not in (END, NAT) for number in range(row.number, row.last + 1)]
        assert numbers == list(range(1, room.count + 1))


@every_trace
def test_what_was_rewritten_is_in_the_header(make: Callable[[], Trace]) -> None:
    trace = make()
    way = show.rules(trace, "node-a").way
    rewrites = [(str(step.after.src), str(step.after.dst)) for hop in hops(trace) for step in hop.rewrites]
    assert [each.header[:2] for each in way.moments if each.rewrites] == rewrites


def test_a_mark_is_in_the_header_from_its_rule_on() -> None:
    way = explorer(ruleworlds.to_node_port).way
    mark = list(FIELDS).index("mark")
    marks = [(way.rooms[each.chain].name, each.header[mark]) for each in way.moments]
    changes = [marks[at] for at in range(1, len(marks)) if marks[at - 1][1] != marks[at][1]]
    assert changes == [("KUBE-MARK-MASQ", "0x4000"), ("KUBE-POSTROUTING", "0x0")]


def test_the_answer_is_translated_without_a_rule() -> None:
    trace = ruleworlds.to_service()
    assert trace.answer is not None
    way = show.rules(trace.answer, "node-a").way
    last = way.stations[-1]
    assert (last.hook, last.table, last.judged) == ("POSTROUTING", "nat", None)
    assert way.moments[-1].sentence == ("NAT (reply) in POSTROUTING: src 10.1.2.2:4000 -> 10.96.0.20:80; its connection is "
                                        "known, so no rule is asked")


def test_the_first_kernel_with_rules_is_taken() -> None:
    assert show.rules(ruleworlds.to_node_port()).netns == "node-a"


def test_rules_are_those_of_that_time() -> None:
    trace = ruleworlds.to_service()
    before = str(show.rules(trace, "node-a"))
    for line in ("iptables -t nat -F", "iptables -F", "iptables -A FORWARD -j DROP"):
        trace.world.sh(f"ip netns exec node-a {line}")
    assert str(show.rules(trace, "node-a")) == before


def test_what_cannot_be_shown_is_refused_with_a_way_out() -> None:
    trace = ruleworlds.to_service()
    with pytest.raises(ValueError, match="the packet met no rules in 'node-b'; it did in node-a"):
        show.rules(trace, "node-b")
    bare = whole().ping("pod-a", "10.1.1.2")
    with pytest.raises(ValueError, match="there is nothing to show: the packet met no rules"):
        show.rules(bare)
    world = ruleworlds.node()
    text = "*filter\n" + "-I FORWARD -p tcp\n" * 700 + "COMMIT\n"
    world.sh("ip netns exec node-a iptables-restore --noflush", stdin=text)
    with pytest.raises(ValueError, match=r"\d+ moments are too many to look through \(at most 600\)"):
        show.rules(world.connect("pod-a", "10.96.0.20", 80), "node-a")


# --- what a page gets ---------------------------------------------------------------------------------------------------


def test_ten_thousand_rules_are_few_rows() -> None:
    rules = explorer(ruleworlds.past_many)
    assert rules.tried == 10_018
    [services] = [room for room in rules.way.rooms if room.name == "KUBE-SERVICES" and room.count > 1]
    assert (services.tried, services.count, len(services.rows)) == (10_003, 10_005, 8)
    [gap] = [row for row in services.rows if row.kind == GAP]
    assert (gap.number, gap.last, gap.why) == (3, 10_000, "9,998 rules not matching, by destination")
    assert "3-10000 … 9,998 rules not matching, by destination" in str(rules)
    assert len(json.dumps(rules.scene, ensure_ascii=False).encode()) <= 20_000


def test_rules_in_one_row_are_counted_by_what_said_no() -> None:
    world = ruleworlds.node()
    text = "*filter\n" + "-I FORWARD -p udp\n-I FORWARD -s 192.0.2.1\n" * 10 + "-I FORWARD -p udp\nCOMMIT\n"
    world.sh("ip netns exec node-a iptables-restore --noflush", stdin=text)
    way = show.rules(world.connect("pod-a", "10.96.0.20", 80), "node-a").way
    [gap] = [row for room in way.rooms for row in room.rows if row.kind == GAP]
    assert (gap.number, gap.last, gap.why) == (3, 19, "17 rules not matching, by protocol 9, by source 8")
    assert [each.sentence for each in way.moments if "rules" in each.sentence] == [
        "rules 3 to 19 do not match (by protocol 9, by source 8)"]


@every_trace
def test_the_scene_is_whole(make: Callable[[], Trace]) -> None:
    rules = explorer(make)
    scene: dict[str, Any] = json.loads(json.dumps(rules.scene))
    assert sorted(box[0] for box in scene["boxes"]) == list(range(len(scene["rooms"])))
    for chain, row, sentence, header, _ in scene["moments"]:
        assert scene["rooms"][chain][4][row][0] != UNTRIED
        assert sentence
        assert len(scene["headers"][header]) == len(scene["fields"])
    assert {row[0] for room in scene["rooms"] for row in room[4]} <= {MATCHED, FAILED, UNTRIED, GAP, END, NAT}


# --- the map and the picture --------------------------------------------------------------------------------------------


@every_trace
def test_nothing_lies_on_another(make: Callable[[], Trace]) -> None:
    chains = ChainMap(Way(hops(make())))
    frames = [Rect(frame.x, frame.y, frame.width, frame.height) for frame in chains.frames]
    boxes = [Rect(place.x, place.y, place.width, BOX) for place in chains.places]
    for some in (frames, boxes):
        assert not any(overlaps(one, other) for one, other in combinations(some, 2))
    assert all(any(within(box, frame) for frame in frames) for box in boxes)
    assert all(within(frame, Rect(0, 0, chains.width, chains.height)) for frame in frames)


def test_many_hooks_go_on_below() -> None:
    """The way of a node's own connection to itself: OUTPUT, POSTROUTING, PREROUTING, INPUT, in rows that fit."""
    world = ruleworlds.node()
    world.listen("node-a", 4000)
    chains = show.rules(world.connect("node-a", "10.100.0.2", 4000), "node-a").map
    assert [frame.hook for frame in chains.frames] == ["OUTPUT", "POSTROUTING", "INPUT"]
    assert len({frame.y for frame in chains.frames}) == 2
    assert chains.width < 1000


@every_trace
def test_nothing_of_the_picture_is_cut_off(make: Callable[[], Trace]) -> None:
    rules = explorer(make)
    for figure in (rules.still, explorer(make).at(3).still):
        assert isinstance(figure, DiagramFigure)
        diagram = figure.diagram
        for text in (shape for shape in diagram.shapes if isinstance(shape, Text)):
            assert within(text.rect, Rect(0, 0, diagram.width, diagram.height)), text
        assert set(re.findall(r'(?:fill|stroke)="(#[^"]*)"', figure.svg)) <= palette.COLOURS | {palette.LIGHT["quiet"]}


def test_a_chosen_moment_is_the_picture() -> None:
    rules = explorer(ruleworlds.to_service)
    assert palette.NOW not in rules.still.svg
    figure = rules.at(5).still
    assert isinstance(figure, DiagramFigure)
    assert len([shape for shape in figure.diagram.shapes if isinstance(shape, Box) and shape.look == "now"]) == 1
    assert "rule 2 does not match: probability 0.333: the dice said no" in figure.svg
    with pytest.raises(IndexError):
        rules.at(27)


@every_trace
def test_a_saved_notebook_has_a_picture_and_all_in_words(make: Callable[[], Trace]) -> None:
    rules = explorer(make)
    data, facts = rules._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == str(rules)
    assert facts["image/png"]["alt"] == rules.title == str(rules).splitlines()[0]
    assert data["image/png"].startswith(b"\x89PNG")
    for moment in rules.way.moments:
        row = rules.way.rooms[moment.chain].rows[moment.row]
        assert row.text in str(rules)
        assert row.why in str(rules)


@pytest.mark.parametrize("name", ["rules.css", "rules.js"])
def test_only_the_palette_knows_colours(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|https?://(?!www\.w3\.org)", text) == []
