"""The sequence diagram: each write once, in order, by whom it was; news only where the history can tell; nothing invented."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from k8snet import show
from k8snet.kube.author import Author, author
from k8snet.kube.evidence import without_housekeeping
from k8snet.kube.history import History
from k8snet.kube.narrate import brief
from k8snet.kube.reactions import reactions
from k8snet.show.calls import calls, cast
from k8snet.show.diagram import Box, DiagramFigure, Path
from k8snet.show.scene import Text
from tests.show import histories
from tests.show.histories import HISTORIES

every_history = pytest.mark.parametrize("make", HISTORIES, ids=lambda make: make.__name__)


def drawn(history: History) -> DiagramFigure:
    figure = show.sequence(history)
    assert isinstance(figure, DiagramFigure)
    return figure


@every_history
def test_each_write_is_a_call_in_its_order(make: Callable[[], History]) -> None:
    writes = without_housekeeping(make())
    plain = calls(writes, fold=False)
    assert [(row.who, row.label, row.count) for row in plain] == [(author(write), brief(write), 1) for write in writes]
    told = [who for row in plain for who in row.told]
    assert len(told) == len(reactions(writes))


@every_history
def test_folding_loses_no_write_and_no_news(make: Callable[[], History]) -> None:
    writes = without_housekeeping(make())
    plain, folded = calls(writes, fold=False), calls(writes)
    assert sum(row.count for row in folded) == len(writes)
    assert [row.who for row in folded for _ in range(row.count)] == [row.who for row in plain]
    assert {who for row in folded for who in row.told} == {who for row in plain for who in row.told}


def test_a_run_of_like_calls_is_one_with_their_number() -> None:
    rows = calls(histories.deployed())
    assert [(row.label, row.count) for row in rows if row.count > 1] == [
        ("PUT Deployment web status: unavailable 0 → 3, NewReplicaSetCreated, Available=False", 2),
        ("POST Pod web-5b54d89d5b-…", 3),
    ]
    marked = next(row for row in calls(histories.deleted()) if row.count == 3)
    assert marked.label == "DELETE Pod web-5b54d89d5b-…: 30 s to end"
    assert marked.told == (Author("kubelet", "node1"), Author("kubelet", "node2"))
    assert (marked.news, rows[0].news) == ("Pod MODIFIED", "Deployment ADDED")


def test_the_words() -> None:
    lines = str(show.sequence(histories.deployed(), title="Nobody commands")).splitlines()
    assert lines[:8] == [
        "Nobody commands",
        "   0.000  kubectl → kube-apiserver: POST Deployment web: 3 × nginx:1.29",
        "          kube-apiserver ⇢ deployment-controller: watch, Deployment ADDED",
        "   0.000  deployment-controller → kube-apiserver: POST ReplicaSet web-5b54d89d5b: 3 × nginx:1.29",
        "          kube-apiserver ⇢ replicaset-controller: watch, ReplicaSet ADDED",
        "   0.000  deployment-controller → kube-apiserver: PUT Deployment web: revision 1",
        "   0.000  deployment-controller → kube-apiserver: PUT Deployment web status: unavailable 0 → 3, NewReplicaSetCreated, "
        "Available=False ×2",
        "   0.000  replicaset-controller → kube-apiserver: POST Pod web-5b54d89d5b-… ×3",
    ]


def test_housekeeping_is_left_out_and_counted() -> None:
    history = histories.unplugged()
    leases = len(history.of("Lease"))
    figure = show.sequence(history)
    assert "Lease" not in str(figure)
    assert str(figure).endswith(f"left out: {leases} writes that say that all is as it was")
    assert "Lease" in str(show.sequence(history[:6], housekeeping=True))


def test_lifelines_stand_in_the_order_of_the_course() -> None:
    there = cast([author(write) for write in [*histories.deployed(), *histories.unplugged()]])
    assert [str(who) for who in there.people] == ["kubectl"]
    assert [str(who) for who in there.programs] == [
        "deployment-controller", "replicaset-controller", "node-lifecycle-controller", "taint-eviction-controller",
        "kube-scheduler", "kubelet on control-plane", "kubelet on node1", "kubelet on node2"]


def test_a_kubelet_is_known_by_the_node_of_what_it_writes() -> None:
    born = {str(author(write)) for write in histories.born() if write.who == "kubelet"}
    assert born == {"kubelet on control-plane", "kubelet on node1", "kubelet on node2"}


# --- the picture ------------------------------------------------------------------------------------------------------


@every_history
def test_every_arrow_begins_or_ends_at_the_api_server(make: Callable[[], History]) -> None:
    """Calls come to it, news leaves it, and etcd is spoken to by nobody else."""
    figure = drawn(make())
    names = {shape.text: shape for shape in figure.diagram.shapes if isinstance(shape, Text) and shape.look == "strong"}
    server = names["kube-apiserver"].x
    paths = [shape for shape in figure.diagram.shapes if isinstance(shape, Path) and shape.head and shape.points[0][0] > 20]
    legend = max(path.points[0][1] for path in paths)
    for path in (each for each in paths if each.points[0][1] < legend - 30):
        if path.look == "call":
            assert abs(path.points[-1][0] - server) <= 2
        elif path.look == "store":
            assert path.points[0][0] == server
            assert path.points[-1][0] < server
        else:
            assert path.look == "watch"
            assert path.points[0][0] >= server
            assert path.points[-1][0] > path.points[0][0]


@every_history
def test_nothing_is_cut_off_and_no_label_lies_on_another(make: Callable[[], History]) -> None:
    diagram = drawn(make()).diagram
    texts = [shape for shape in diagram.shapes if isinstance(shape, Text)]
    for text in texts:
        assert text.rect.x >= 0
        assert text.rect.right <= diagram.width
        assert text.y <= diagram.height
    boxes = [shape for shape in diagram.shapes if isinstance(shape, Box)]
    assert all(box.x >= 0 and box.x + box.width <= diagram.width for box in boxes)
    rows = sorted(text.y for text in texts if text.look == "label")
    assert all(below - above >= 14 for above, below in pairwise(rows))


def test_a_notebook_gets_a_png_the_words_and_the_alt_text() -> None:
    figure = show.sequence(histories.deployed(), title="Nobody <commands>")
    data, facts = figure._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == str(figure)
    assert facts["image/png"]["alt"] == figure.alt == "Nobody <commands>"
    assert "Nobody &lt;commands&gt;" in figure.svg
    assert figure.svg == show.sequence(histories.deployed(), title="Nobody <commands>").svg


def test_only_the_palette_knows_colours() -> None:
    from k8snet.show import palette

    known = palette.COLOURS | {palette.NOW, palette.LIGHT["quiet"]}
    assert set(re.findall(r"#[0-9A-Fa-f]{6}\b", drawn(histories.deployed()).svg)) <= known


def test_what_cannot_be_read_is_refused_with_a_way_out() -> None:
    history = histories.rolled()
    with pytest.raises(ValueError, match=r"110 calls are too many .* \(at most 60\): take a slice, as history\[-30:\]"):
        show.sequence([*history, *history], fold=False)
    with pytest.raises(ValueError, match="there is nothing to draw"):
        show.sequence(history[:0])
