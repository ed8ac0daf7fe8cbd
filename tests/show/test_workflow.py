"""The workflow timeline's data: told back, it is the history and the objects at each write; and it is small."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from k8snet import show
from k8snet.kube import narrate
from k8snet.kube.author import author
from k8snet.kube.history import History
from k8snet.kube.objects import KINDS, meta
from k8snet.kube.reactions import reactions
from k8snet.show.cards import card, fields
from k8snet.show.diagram import Box, DiagramFigure
from k8snet.show.letters import width_of
from k8snet.show.moments import Workflow
from k8snet.show.scene import Text
from k8snet.show.seats import BESIDE, LETTERS, call_lines
from k8snet.show.widget import STATIC
from tests.show import histories
from tests.show.histories import HISTORIES, running

every_history = pytest.mark.parametrize("make", HISTORIES, ids=lambda make: make.__name__)


def scene_of(workflow: Workflow) -> dict[str, Any]:
    """What the browser gets."""
    scene: dict[str, Any] = json.loads(json.dumps(workflow.scene))
    return scene


def tell(workflow: Workflow) -> list[dict[int, Any]]:
    """What the browser's `tell` does: the cards of all objects after each write."""
    scene = scene_of(workflow)
    cards, told = dict(scene["first"]), []
    for _, _, _, thing, new, *_ in scene["moments"]:
        cards = {place: each for place, each in cards.items() if place != thing} | ({} if new is None else {thing: new})
        told.append(cards)
    return told


@every_history
def test_each_moment_is_its_write(make: Callable[[], History]) -> None:
    history = make()
    workflow = show.workflow(history)
    scene = scene_of(workflow)
    seats = [seat[0] for seat in scene["seats"]]
    assert len(scene["moments"]) == len(history)
    for write, (now, seat, request, thing, _, sentence, changed, told, _) in zip(history, scene["moments"], strict=True):
        assert now == round(write.now, 3)
        assert seats[seat] == str(author(write))
        assert "".join(request) == f"{write.verb} {write.path}"
        assert max(map(len, request)) <= LETTERS
        assert scene["things"][thing][0] == write.kind
        assert scene["things"][thing][1].endswith(write.name)
        assert sentence == narrate.sentence(write)
        assert changed == [list(each) for each in fields(write)]
        assert all(0 <= each < len(seats) - 1 for each in told)
    assert sum(len(moment[7]) for moment in scene["moments"]) == len(reactions(history))


@pytest.mark.parametrize("make", [histories.born, histories.unplugged], ids=["born", "unplugged"])
def test_the_objects_are_those_that_there_were(make: Callable[[], History]) -> None:
    """After each write: the same objects, with the same cards, as the history itself comes to."""
    history = make()
    workflow = show.workflow(history)
    there: dict[str, Any] = {}
    known = {_uid(write): write.before for write in reversed(history) if write.before is not None}
    there |= {uid: obj for uid, obj in known.items() if next(each for each in history if _uid(each) == uid).before is obj}
    for write, cards in zip(history, tell(workflow), strict=True):
        there = {uid: obj for uid, obj in there.items() if uid != _uid(write)}
        if write.after is not None:
            there[_uid(write)] = write.after
        names = sorted((type(obj).__name__, meta(obj).name, [list(fact) for fact in card(obj)]) for obj in there.values())
        told = [(workflow.things.all[place], facts) for place, facts in cards.items()]
        assert sorted((thing.kind, thing.name.rpartition("/")[2], facts) for thing, facts in told) == names


def _uid(write: Any) -> str:
    return str(meta(write.object).uid)


@every_history
def test_python_and_the_page_count_the_same(make: Callable[[], History]) -> None:
    workflow = show.workflow(make())
    for place, cards in enumerate(tell(workflow)):
        counted = workflow.things.cards(workflow.writes, place)
        assert {at: [list(fact) for fact in facts] for at, facts in counted.items() if facts is not None} == cards


def test_owners_come_before_what_they_own() -> None:
    workflow = show.workflow(histories.deployed())
    now = workflow.things.cards(workflow.writes, len(workflow.writes) - 1)
    rows = [(workflow.things.all[place].kind, depth) for place, depth in workflow.things.tree(now)]
    assert rows == [("Deployment", 0), ("ReplicaSet", 1), ("Pod", 2), ("Pod", 2), ("Pod", 2)]


@pytest.mark.parametrize("make", [histories.unplugged, histories.replaced], ids=["unplugged", "replaced"])
def test_an_owner_of_which_the_history_tells_late_is_in_its_place(make: Callable[[], History]) -> None:
    workflow = show.workflow(make())
    rows = workflow.things.tree(workflow.things.cards(workflow.writes, len(workflow.writes) - 1))
    assert [(workflow.things.all[place].kind, depth) for place, depth in rows][:2] == [("Deployment", 0), ("ReplicaSet", 1)]


def test_since_knows_what_was_there_before() -> None:
    cluster = running()
    before = len(cluster.history)
    cluster.apply(histories.changed(replicas=4))
    workflow = show.workflow(cluster, since=before)
    assert len(workflow) == len(cluster.history) - before
    first = tell(workflow)[0]
    kinds = [workflow.things.all[place].kind for place in first]
    assert (kinds.count("Node"), kinds.count("Pod")) == (3, 3)
    bare = show.workflow(cluster.history[before:])
    assert "Node" not in {thing.kind for thing in bare.things.all}


def test_housekeeping_is_hidden_and_counted() -> None:
    history = histories.unplugged()
    workflow, all_of_it = show.workflow(history), show.workflow(history, housekeeping=True)
    assert len(all_of_it) == len(history)
    assert len(workflow) == len(history) - len(history.of("Lease"))
    assert str(workflow).endswith(f"left out: {len(history.of('Lease'))} writes that say that all is as it was")
    assert len(show.workflow(history.of("Lease"))) == len(history.of("Lease"))  # else there would be nothing


# --- cards and fields ---------------------------------------------------------------------------------------------------


def test_a_pods_status_is_kubectls_word() -> None:
    def words(make: Callable[[], History], name: str) -> list[str]:
        history = make()
        pods = [write.after for write in history.of("Pod") if write.after is not None and write.name.startswith(name)]
        return list(dict.fromkeys(dict(card(pod))["status"] for pod in pods))

    assert words(histories.crashing, "crash") == ["Pending", "ContainerCreating", "Error", "CrashLoopBackOff"]
    assert words(histories.without_image, "nope") == ["Pending", "ContainerCreating", "ErrImagePull", "ImagePullBackOff"]
    assert words(histories.deleted, "web") == ["Terminating"]
    assert words(histories.deployed, "web")[-1] == "Running"


def test_fields_go_by_name_and_times_come_last() -> None:
    bound = next(write for write in histories.deployed() if narrate.key(write) == "Pod.bound")
    assert fields(bound) == [
        ("spec.nodeName", "-", "node1"),
        ("status.conditions[PodScheduled].status", "-", "True"),
        ("status.conditions[PodScheduled].lastTransitionTime", "-", "2026-11-01T00:00:00Z"),
        ("status.conditions[PodScheduled].observedGeneration", "-", "1"),
    ]
    tainted = next(write for write in histories.unplugged() if narrate.key(write) == "Node.tainted.on")
    assert [path for path, _, _ in fields(tainted)] == [
        "spec.taints[node.kubernetes.io/unreachable:NoSchedule].timeAdded",
        "spec.taints[node.kubernetes.io/unreachable:NoExecute].timeAdded"]
    made = next(write for write in histories.deployed() if write.kind == "Deployment")
    assert ("spec.template.spec.containers[nginx].image", "", "nginx:1.29") in fields(made)
    assert fields(histories.deleted()[0]) == []


@every_history
def test_each_write_with_a_sentence_about_it_has_fields(make: Callable[[], History]) -> None:
    for write in make():
        if write.before is not None and write.after is not None:
            assert fields(write)


# --- what a notebook gets -----------------------------------------------------------------------------------------------


@every_history
def test_a_saved_notebook_has_a_picture_and_a_line_for_each_write(make: Callable[[], History]) -> None:
    workflow = show.workflow(make())
    data, facts = workflow._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    lines = data["text/plain"].splitlines()
    assert lines[0] == workflow.title == facts["image/png"]["alt"]
    shown = [workflow.writes[place] for place in workflow.shown]
    assert lines[1 : len(shown) + 1] == [f"{write.now:8.3f}  {narrate.sentence(write)}" for write in shown]
    assert data["image/png"].startswith(b"\x89PNG")
    assert repr(workflow) == f"<Workflow: {len(workflow)} writes>"


@every_history
def test_nothing_of_a_picture_is_cut_off(make: Callable[[], History]) -> None:
    workflow = show.workflow(make())
    for moment in range(len(workflow)):
        figure = workflow.at(moment).still
        assert isinstance(figure, DiagramFigure)
        diagram = figure.diagram
        for text in (shape for shape in diagram.shapes if isinstance(shape, Text)):
            assert text.rect.x >= 0
            assert text.rect.right <= diagram.width
            assert text.y <= diagram.height
        assert len([shape for shape in diagram.shapes if isinstance(shape, Box) and shape.look == "now"]) in (1, 2)


@every_history
def test_a_call_fits_between_the_seats(make: Callable[[], History]) -> None:
    seats = show.workflow(make()).seats
    for seat in seats.seats[:-1]:
        assert seat.x + seat.width + BESIDE + width_of("/" * LETTERS) < seats.server.x
        assert seats.own < seat.y


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/api/v1/nodes", ["POST /api/v1/nodes"]),
        ("/apis/apps/v1/namespaces/default/deployments", ["POST /apis/apps/v1/namespaces/default", "/deployments"]),
        (f"/api/v1/nodes/{'n' * 50}/status", ["POST /api/v1/nodes", f"/{'n' * 37}", "n" * 13, "/status"]),
        (f"/{'n' * 40}", ["POST ", f"/{'n' * 37}", "n" * 3]),
    ],
)
def test_a_request_is_broken_before_a_slash_if_it_can_be(path: str, lines: list[str]) -> None:
    assert call_lines("POST", path) == lines
    assert "".join(lines) == f"POST {path}"


def test_a_chosen_moment_is_the_picture() -> None:
    workflow = show.workflow(histories.deployed())
    last = workflow.still.svg
    assert f"{len(workflow)} / {len(workflow)}" in last
    assert workflow.at(-1).still.svg == last
    assert "4 / 25" in workflow.at(3).still.svg
    assert workflow.at(3)._repr_mimebundle_()[0]["text/plain"] == str(workflow)
    assert workflow._widget is not None
    assert workflow._widget.at == 3
    with pytest.raises(IndexError):
        workflow.at(25)


def test_it_is_small() -> None:
    workflow = show.workflow(histories.deployed())
    assert len(json.dumps(workflow.scene, separators=(",", ":"), ensure_ascii=False).encode()) <= 40_000


def test_what_cannot_be_looked_through_is_refused_with_a_way_out() -> None:
    history = histories.deployed()
    with pytest.raises(ValueError, match=r"625 writes are too many .* \(at most 600\): take a slice, as history\[-100:\]"):
        show.workflow([*history] * 25)
    with pytest.raises(ValueError, match="there is nothing to show"):
        show.workflow(history[:0])


def test_each_fact_has_its_label() -> None:
    labels = show.workflow(histories.deployed()).scene["labels"]
    facts = {name for make in HISTORIES for write in make() if write.after is not None for name, _ in card(write.after)}
    assert facts <= set(labels)
    assert {write.kind for make in HISTORIES for write in make()} <= set(KINDS)


@pytest.mark.parametrize("name", ["workflow.css", "workflow.js", "player.css", "player.js"])
def test_only_the_palette_knows_colours(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|https?://(?!www\.w3\.org)", text) == []
