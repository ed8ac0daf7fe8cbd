"""Is this true? The table of model and kernel, from a kernel and from a record; and whether the records are still true."""

from __future__ import annotations

import re

import pytest

from k8snet import lab
from k8snet.course import figure, is_this_true, truth
from k8snet.linux import Trace, World
from scripts import records

REASON = "this is a container, whose seccomp profile forbids them"
KEYS = sorted(path.stem for path in records.RECORDS.iterdir())


@pytest.fixture
def trace() -> Trace:
    """A question that a lesson asks."""
    return figure.whole().ping("pod-a", "10.1.2.1")


def compared(*rows: tuple[str, str, str]) -> truth.Truth:
    """A comparison with these rows."""
    return truth.Truth(lab.Comparison("ping", [lab.Row(*row) for row in rows], []), "Both:")


def test_where_no_kernel_can_be_asked_a_record_is_shown_as_a_record(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "available", lambda: REASON)
    shown = is_this_true("03", trace)
    words = " ".join(repr(shown).split())
    assert re.match(r"The model, and a record of Linux \d+\.\d+, iptables v[\d.]+ \(\w+\), made of this lesson", words)
    assert f"Here the kernel cannot be asked: {REASON}." in words
    assert "pod-c eth0 2 ARP, TTL 61 64 2 ARP, TTL 61 64 the same" in words
    assert max(map(len, repr(shown).splitlines())) <= 100


def test_an_unknown_lesson_has_no_record(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "available", lambda: REASON)
    with pytest.raises(FileNotFoundError, match="99"):
        is_this_true("99", trace)


def test_the_kernel_is_asked_where_it_can_be(kernel: None, trace: Trace) -> None:
    shown = is_this_true("03", trace)
    assert shown.source == f"The model, and this machine's own kernel ({truth.this_kernel()}):"
    assert shown.comparison.agrees, shown


def test_the_records_say_what_the_kernel_says(kernel: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert records.main(["--check"]) == 0, "".join(capsys.readouterr())


def test_a_changed_record_is_found(kernel: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = records.record
    monkeypatch.setattr(records, "record", lambda trace, version: said(trace, "Linux 9.9").replace("ttl 61", "ttl 60"))
    assert records.main(["--check"]) == 1
    assert "03.txt: the kernel says something else" in capsys.readouterr().out


@pytest.mark.parametrize("key", KEYS)
def test_model_and_kernel_agree_in_a_record(key: str) -> None:
    text = (records.RECORDS / f"{key}.txt").read_text(encoding="utf-8")
    version, comparison = truth.read(text)
    assert comparison.agrees
    assert truth.record(comparison, version) == text


def test_each_lesson_that_asks_has_a_record() -> None:
    asked = {key for lesson in records.LESSONS for key, _ in records.questions(lesson)}
    assert sorted(asked) == KEYS


SAW = "in  x > y 1.1.1.1 > 2.2.2.2 icmp 8/0 ttl 9"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        pytest.param([("outcome", "fate delivered", "fate delivered")], "the asker learns|delivered|delivered|the same", id="ok"),
        pytest.param(
            [("outcome", "fate unreachable", "fate timeout"), ("outcome", "errno ENETUNREACH", "errno None")],
            "the asker learns|unreachable, ENETUNREACH|timeout|DIFFERS", id="another outcome",
        ),
        pytest.param([("captures a eth0", SAW, "")], "a eth0|TTL 9||DIFFERS", id="seen by one"),
        pytest.param([("captures a eth0", "in ARP who-has x", "in ARP who-has y")], "a eth0|1 ARP|1 ARP|DIFFERS", id="other ARP"),
        pytest.param([("routes a", "x", "x"), ("routes b", "y", "y")], "routes|2 lines|2 lines|the same", id="tables"),
    ],
)
def test_a_line_of_the_table(rows: list[tuple[str, str, str]], line: str) -> None:
    [_, found] = compared(*rows).cells
    assert "|".join(found) == line


def test_what_differs_is_told_in_full() -> None:
    text = " ".join(repr(compared(("routes a", "default via 1.1.1.1", "default via 2.2.2.2"), ("routes a", "x", "x"))).split())
    assert "The two differ in 1 of 2 lines:" in text
    assert "routes a: the model has 'default via 1.1.1.1', the kernel 'default via 2.2.2.2'" in text


def test_a_record_keeps_what_differs() -> None:
    rows = [lab.Row("routes a", "one\ttab", "one\ttab"), lab.Row("routes a", "x", "")]
    version, comparison = truth.read(truth.record(lab.Comparison("ping", rows, []), "Linux 6.18"))
    assert (version, comparison.question, comparison.rows) == ("Linux 6.18", "ping", rows)


def test_a_world_that_was_changed_is_asked_about_as_it_is(kernel: None) -> None:
    world = World()
    world.sh("ip link set lo up")
    shown = is_this_true("03", world.ping("root", "127.0.0.1"))
    assert shown.comparison.agrees, shown
    assert [place for place, *_ in shown.cells][:3] == ["", "the asker learns", "root lo"]
