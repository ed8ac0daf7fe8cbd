"""Many questions to one live world: a log done once on both sides, and what they tell compared after each question.

`twin.compare` builds the network anew for each question; here it stands until the log ends, and the model's clock goes
with the machine's, so that timers and rate limits of both have seen as much time pass.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator

from k8snet.errors import CommandError
from k8snet.lab.dice import loaded
from k8snet.lab.drawn import Section, hide
from k8snet.lab.replay import Entry, Lab, ask_model, devices
from k8snet.lab.ruletrace import RuleTrace
from k8snet.lab.twin import Comparison, Row, aligned, capture_sections, outcome_sections, table_sections
from k8snet.linux.device import Bridge
from k8snet.linux.log import Connect, Ping


def compare_all(log: Iterable[Entry], seed: int = 0) -> list[Comparison]:
    """Do a world's log on both sides, and compare at each question; one Comparison for each, and one for the tables.

    Compared are outcome, captures and rules met of each question, and at the end the tables of all namespaces (what is left out
    is said in `compare`). A command that only one side takes is a difference, and the end. Unavailable where this
    machine has no lab.

    ``compare_all(world.log)`` asks all that was asked of a world.
    """
    with Session(seed) as session:
        return list(session.comparisons(log))


LINKWATCH_SECONDS = 1.1
"""So long the kernel may take to notice that a device has lost its carrier (net/core/link_watch.c)."""
PIECE = re.compile(r" more$| from byte ")
"""What a fragment's line has (capture.py)."""
SILENT = {
    "net.ipv4.tcp_synack_retries": 0, "net.ipv4.tcp_early_retrans": 0, "net.ipv4.tcp_rto_min_us": 30_000_000,
    "net.ipv4.igmp_link_local_mcast_reports": 0,
}  # fmt: skip
"""No second tries of TCP's, and no IGMP: what the model has not, and what would come while a later question is asked."""


class Session(Lab):
    """A lab whose model lives in real time."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._began = time.monotonic()
        self._without_carrier: set[str] = set()

    def comparisons(self, log: Iterable[Entry]) -> Iterator[Comparison]:
        """What the two sides say to each question of a log, and at last what they hold."""
        for entry in log:
            try:
                if isinstance(entry, Connect | Ping):
                    yield self._compared(entry)
                else:
                    self.redo(entry)
            except CommandError as refusal:
                yield Comparison(str(entry), [Row("commands", "takes them all", str(refusal))], self.notes)
                return
        self._settle()
        sections = hide(table_sections(self), self.model.drawn)
        yield Comparison("the tables at the end", [row for each in sections for row in aligned(each)], self.notes)

    def _make_bare(self, netns: str) -> None:
        super()._make_bare(netns)
        self.kernel.request("bare", netns=netns, switches=SILENT)

    def _compared(self, question: Connect | Ping) -> Comparison:
        self._settle()
        notes: list[str] = []
        trace = ask_model(self.model, question)
        with loaded(self.kernel, [trace], notes):
            self.watch()
            rules = RuleTrace(self)
            answer = self.ask(question, trace)
            heard = self.captured(go_on=True)
            matched = rules.sections(trace)
        self._catch_up()
        captures = map(_in_any_order, capture_sections(trace.captures, heard))
        sections = hide([*outcome_sections(trace, answer), *captures, *matched], self.model.drawn)
        return Comparison(str(question), [row for each in sections for row in aligned(each)], notes)

    def _settle(self) -> None:
        """Let both sides have done what they have been told."""
        bridges = (each for each in devices(self.model) if isinstance(each, Bridge))
        silent = {f"{each.netns.name} {each.name}" for each in bridges if each.up and not each.running}
        if silent - self._without_carrier:
            time.sleep(LINKWATCH_SECONDS)
        self._without_carrier = silent
        self._catch_up()

    def _catch_up(self) -> None:
        """Let happen in the model what is due by now."""
        self.model.run(until=lambda: False, deadline=time.monotonic() - self._began)


def _in_any_order(section: Section) -> Section:
    """The lines of a device that saw fragments, sorted: how far the first gets before the second sets out is chance."""
    if not any(PIECE.search(each) for each in (*section.model, *section.kernel)):
        return section
    return Section(section.where, sorted(section.model), sorted(section.kernel))
