"""A chain's rules in rows: few, however long the chain.

What matched stands with its neighbours, and between them a row says how many rules said no, and by what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from k8snet.linux.fact import Fact
from k8snet.linux.walks import Visit, Walk
from k8snet.linux.why import MATCHED, UNTRIED, Answer, Seen
from k8snet.linux.whywords import effect, end, first_words, reason

SHORT = 14
"""A chain of so many rules is shown whole."""
AROUND = 2
"""In a longer one so many rules are shown before and behind each that matched, and at both ends."""
GAP, END, NAT = "gap", "end", "nat"
"""The kinds of row that are not a rule; a rule's kind is what came of it."""

WORDS = {
    "row.untried": "not asked",
    "gap.failed": "{count} rules not matching, {by}",
    "gap.untried": "{count} more rules, not asked",
    "gap.by": "by {kind} {count}",
    "gap.all": "by {kind}",
    "rule.failed": "rule {number} does not match: {why}",
    "rule.matched": "rule {number} matches ({why}): {effect}",
    "gap": "rules {first} to {last} do not match ({by})",
    "known": "{sentence}; its connection is known, so no rule is asked",
    "Destination": "destination", "Source": "source", "Protocol": "protocol", "Transport": "port", "Multiport": "port",
    "InDevice": "device", "OutDevice": "device", "MarkIs": "mark", "Conntrack": "state of the connection",
    "AddressType": "kind of address", "Random": "chance", "Nth": "turn", "Limit": "limit", "Recent": "list",
    "": "other conditions",
}  # fmt: skip
"""What an explorer says beside the sentences of whywords.py and words.py."""


class Row(Fact, frozen=True):
    """A line of a chain: a rule, several in one (``kind`` gap), or the chain's end. ``number`` is the first rule's.

    ``why`` says why it matched or not, or how many did not; ``point`` are the words of the rule that failed.
    """

    kind: str
    number: int
    last: int
    text: str
    why: str = ""
    effect: str = ""
    point: str = ""


def said(row: Row) -> str:
    """What is said of a row that the packet came to."""
    if row.kind == END:
        return row.why
    if row.kind == GAP:
        return WORDS["gap"].format(first=row.number, last=row.last, by=row.effect)
    return WORDS[f"rule.{row.kind}"].format(number=row.number, why=row.why, effect=row.effect)


def rows_of(walk: Walk, visit: Visit, found: Sequence[Answer]) -> Iterator[Row]:
    """A chain's rows, from its answers."""
    gap: list[Answer] = []
    shown = _shown(found)
    for answer in found:
        if gap and (answer.number in shown or answer.outcome != gap[0].outcome):
            yield from _together(walk, visit, gap)
            gap = []
        if answer.number in shown:
            yield _single(walk, visit, answer)
        else:
            gap.append(answer)
    yield from _together(walk, visit, gap)
    if visit.ended:
        yield Row(END, len(found) + 1, len(found) + 1, "", end(walk, visit))


def _shown(found: Sequence[Answer]) -> set[int]:
    """The numbers of the rules that have a row of their own."""
    if len(found) <= SHORT:
        return {answer.number for answer in found}
    ends = {*range(1, AROUND + 1), *range(len(found) - AROUND + 1, len(found) + 1)}
    matched = [answer.number for answer in found if answer.outcome == MATCHED]
    return ends.union(*(range(number - AROUND, number + AROUND + 1) for number in matched))


def _together(walk: Walk, visit: Visit, gap: Sequence[Answer]) -> Iterator[Row]:
    """Several rules in one row; a single one as it is."""
    if len(gap) == 1:
        yield _single(walk, visit, gap[0])
    elif gap:
        kinds = Counter(WORDS.get(type(answer.unmet[0]).__name__, WORDS[""]) for answer in gap if answer.unmet)
        key = "gap.all" if len(kinds) == 1 else "gap.by"
        by = ", ".join(WORDS[key].format(kind=kind, count=f"{count:,}") for kind, count in kinds.most_common())
        said = WORDS["gap.failed" if by else "gap.untried"].format(count=f"{len(gap):,}", by=by)
        yield Row(GAP, gap[0].number, gap[-1].number, "", said, by)


def _single(walk: Walk, visit: Visit, answer: Answer) -> Row:
    text = answer.rule.line(visit.chain)
    if answer.outcome == UNTRIED:
        return Row(UNTRIED, answer.number, answer.number, text)
    why = reason(answer, Seen(walk.asked, answer.mark))
    done = effect(walk, visit, answer.number) if answer.outcome == MATCHED else ""
    return Row(answer.outcome, answer.number, answer.number, text, why, done, first_words(answer.unmet))
