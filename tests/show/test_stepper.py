"""A stepper's data: told back from its numbers, it is the trace, step by step; and it is small."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from k8snet import show
from k8snet.linux import Trace, words
from k8snet.linux.packet import Arp
from k8snet.linux.steps import Awaited, Captured, Decapsulated, Encapsulated, Forwarded, Resolved, Rewritten, Step
from k8snet.show.headers import state_of
from k8snet.show.stepper import Stepper
from k8snet.show.timeline import timeline
from k8snet.show.widget import STATIC
from tests.show import journeys
from tests.show.journeys import JOURNEYS

State = dict[str, str]
every_journey = pytest.mark.parametrize("make", JOURNEYS, ids=lambda make: make.__name__)


class Told(NamedTuple):
    """A moment, read from the numbers alone."""

    packet: int
    netns: str
    device: str
    sentence: str
    before: State
    after: State


def tell(stepper: Stepper) -> list[Told]:
    """What the browser's `tell` does, from what the browser gets."""
    scene, journey = json.loads(json.dumps([stepper.scene, stepper.journey]))
    strings, kinds = scene["strings"] + journey.get("strings", []), scene["kinds"] + journey.get("kinds", [])
    names = [name for _, name, _ in scene["fields"]]
    steps, at = [], 0
    while at < len(journey["steps"]):
        kind, spot, change = journey["steps"][at : at + 3]
        evidence = journey["steps"][at + 3 : at + 3 + len(kinds[kind][2])]
        steps.append((kinds[kind], spot, change, [strings[each] for each in evidence]))
        at += 3 + len(evidence)

    def changed(state: State, change: list[int]) -> State:
        state = dict(state)
        for field, text in zip(change[::2], change[1::2], strict=True):
            state.pop(names[field], None)
            if text >= 0:
                state[names[field]] = strings[text]
        return state

    states: list[State] = []
    for _, _, base, *change in journey["packets"]:
        states.append(changed(states[base] if base >= 0 else {}, change))
    told = []
    for packet, first, count in zip(*(iter(journey["runs"]),) * 3, strict=True):
        for (_, sentence, blanks, _), spot, change, evidence in steps[first : first + count]:
            before, states[packet] = states[packet], changed(states[packet], journey["changes"][change])
            netns, device = (scene["spots"] + journey.get("spots", []))[spot][:2]
            filled = said(sentence, scene, netns, device, states[packet], dict(zip(blanks, evidence, strict=True)))
            told.append(Told(packet, netns, device, filled, before, states[packet]))
    return told


def said(sentence: str, scene: dict[str, Any], netns: str, device: str, state: State, evidence: State) -> str:
    def fill(template: str, names: State) -> str:
        return re.sub(r"\{(\w+)\}", lambda blank: names.get(blank[1], ""), template)

    everyone = {"mac_dst": "everyone"} if state.get("mac_dst") == "ff:ff:ff:ff:ff:ff" else {}
    packet = fill(scene["forms"].get(f"packet.{state.get('form')}", ""), state)
    frame = fill(scene["forms"]["frame"], state | everyone | {"packet": packet})
    return fill(sentence, state | {"device": device, "bridge": device, "frame": frame} | evidence)


@every_journey
def test_the_sentences_are_those_of_the_story(make: Callable[[], Trace]) -> None:
    trace = make()
    expected = [(moment.number, moment.hop.netns, words.sentence(moment.step)) for moment in timeline(trace)]
    told = [(each.packet, each.netns, each.sentence) for each in tell(show.stepper(trace))]
    assert told[:-1] == expected
    assert told[-1][2] == words.verdict(trace)
    assert trace.question is not None
    assert told[-1][1] == trace.question.netns


@every_journey
def test_the_headers_are_the_packets(make: Callable[[], Trace]) -> None:
    trace = make()
    for moment, told in zip(timeline(trace), tell(show.stepper(trace))[:-1], strict=True):
        step = moment.step
        if isinstance(step, Captured):
            assert told.after == state_of(step.packet, step.frame)
            assert told.device == step.device
        elif isinstance(step, Forwarded):
            assert told.after["ttl"] == str(step.ttl)
        elif isinstance(step, Rewritten):
            assert told.after.items() >= state_of(step.after).items()
            assert told.before.items() >= state_of(step.before).items()
        elif isinstance(step, Encapsulated):
            assert told.after == state_of(step.outer)
        elif isinstance(step, Decapsulated):
            assert step.outer.inner is not None
            assert told.after == state_of(step.outer.inner.frame.payload, step.outer.inner.frame)
        else:
            assert told.after == told.before


@every_journey
def test_back_is_forward_the_other_way(make: Callable[[], Trace]) -> None:
    """Each moment knows the headers before it: the same that the packet's moment before it left."""
    trace = make()
    latest = {number: state_of(traced.packet) for number, traced in enumerate(trace.packets)}
    for told in tell(show.stepper(trace)):
        assert told.before == latest.get(told.packet, {})
        latest[told.packet] = told.after


@every_journey
def test_a_packets_steps_stay_in_order(make: Callable[[], Trace]) -> None:
    trace = make()
    moments = timeline(trace)
    for number, traced in enumerate(trace.packets):
        for hop in traced.hops:
            assert [id(each.step) for each in moments if each.number == number and each.hop is hop] == [id(s) for s in hop.steps]
        seen = [id(each.step) for each in moments if each.number == number and isinstance(each.step, Captured)]
        assert seen == [id(each) for each in trace.captures if id(each) in set(seen)]
    assert len(moments) == sum(len(hop.steps) for traced in trace.packets for hop in traced.hops)


def test_arp_comes_while_the_packet_waits() -> None:
    trace = journeys.across()
    moments = timeline(trace)
    waits = [at for at, moment in enumerate(moments) if isinstance(moment.step, Awaited)]
    goes_on = [at for at, moment in enumerate(moments) if isinstance(moment.step, Resolved) and moment.number == 0]
    assert len(waits) == len(goes_on) == 4
    for start, stop in zip(waits, goes_on, strict=True):
        between = {moment.number for moment in moments[start + 1 : stop]}
        assert len(between) == 2
        assert all(isinstance(trace.packets[number].packet, Arp) for number in between)


@pytest.mark.parametrize("make", [journeys.silent, journeys.far_silence], ids=lambda make: make.__name__)
def test_a_packet_ends_after_the_last_arp_request_for_its_neighbour(make: Callable[[], Trace]) -> None:
    trace = make()
    numbers = [number for number, following in pairwise([each.number for each in timeline(trace)] + [-1]) if number != following]
    requests = [number for number, traced in enumerate(trace.packets) if isinstance(traced.packet, Arp)]
    complaint = [number for number in range(len(trace.packets)) if number not in (0, *requests)]
    assert list(dict.fromkeys(numbers)) == [0, *requests[-3:], *complaint] or numbers[-2 - len(complaint) :][0] == requests[-1]
    assert numbers[len(numbers) - len(complaint) - 1] == 0


# --- how much it is ----------------------------------------------------------------------------------------------------


def size(data: object) -> int:
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


def test_one_map_serves_all_journeys() -> None:
    trace = journeys.across()
    first = show.stepper(trace)
    scene = json.dumps(first.scene)
    for other in (trace.world.ping("pod-a", "10.1.2.2"), trace.world.connect("pod-c", "10.1.1.1", 4000)):
        first.follow(other)
        assert json.dumps(first.scene) == scene
        assert [told.sentence for told in tell(first)] == [told.sentence for told in tell(show.stepper(other))]
    with pytest.raises(ValueError, match="another world"):
        first.follow(journeys.echo())


def test_a_further_question_and_its_answer_are_a_kilobyte() -> None:
    trace = journeys.across()
    stepper = show.stepper(trace)
    assert size(stepper.journey) <= 10 * len(stepper)
    assert size(stepper.journey) <= 1024 * len(trace.packets) / 4
    stepper.follow(trace.world.ping("pod-a", "10.1.2.2"))
    assert size(stepper.journey) <= 1024
    assert size(stepper.scene) <= 20_000


# --- what a notebook gets ----------------------------------------------------------------------------------------------


@every_journey
def test_a_saved_notebook_has_a_picture_and_the_story(make: Callable[[], Trace]) -> None:
    trace = make()
    stepper = show.stepper(trace)
    data, facts = stepper._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == str(trace)
    assert data["image/png"].startswith(b"\x89PNG")
    assert facts["image/png"]["alt"]
    assert repr(stepper) == f"<Stepper: {len(stepper)} steps, {len(trace.packets)} packets>"


class Frozen(Step, frozen=True):
    """A kind of step that words.py does not know."""

    degrees: int
    why: str


def test_an_unknown_kind_of_step_says_its_name_and_its_evidence() -> None:
    trace = journeys.echo()
    trace.packets[0].hops[0].steps.append(Frozen(-4, "winter"))
    assert "Frozen: degrees -4, why winter" in [told.sentence for told in tell(show.stepper(trace))]
    assert "Frozen: degrees -4, why winter" in str(trace)


def test_what_is_no_longer_there_is_still_told() -> None:
    trace = journeys.across()
    before = [told.sentence for told in tell(show.stepper(trace))]
    for line in ("ip -n node-a link del br0", "ip netns del pod-d", "ip netns del underlay"):
        trace.world.sh(line)
    assert [told.sentence for told in tell(show.stepper(trace))] == before


def test_only_the_palette_knows_colours() -> None:
    for name in ("stepper.css", "stepper.js"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|https?://(?!www\.w3\.org)", text) == []


def test_the_sentence_and_the_label_of_each_kind_are_there() -> None:
    scene = show.stepper(journeys.echo()).scene
    for key, _, names, tag in scene["kinds"]:
        assert tag
        assert all(name in scene["labels"] for name in names if not key.startswith(("Routed", "Tracked", "Matched", "Bridged")))


def test_the_command_that_asked_is_not_one_that_came_later() -> None:
    asked = journeys.echo().world.sh("ip netns exec pod-a ping -c 1 10.1.2.1").trace
    assert asked is not None
    assert "later" not in show.stepper(asked).journey


def test_routes_are_said_to_be_of_now_where_commands_came_later() -> None:
    trace = journeys.echo()
    assert "later" not in show.stepper(trace).journey
    trace.world.sh("ip -n pod-a route del default")
    assert show.stepper(trace).journey["later"] == 1
