"""The moments of a history: at each write who acts, the call, the objects as they are then, and what has changed.

Everything is worked out here and played in the browser, so a slider never waits for Python, and it goes on when the kernel
is gone. Where no page runs (a saved notebook) there is one moment as a picture, and a line for each write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from k8snet.kube import narrate
from k8snet.kube.api import SERVER
from k8snet.kube.author import Author, author
from k8snet.kube.evidence import is_housekeeping
from k8snet.kube.reactions import reactions
from k8snet.show.calls import MANAGER
from k8snet.show.cards import FACT_LABELS, Things, card, fields
from k8snet.show.palette import DARK, LIGHT
from k8snet.show.seats import call_lines, take_seats
from k8snet.show.snapshot import draw_snapshot

if TYPE_CHECKING:
    from k8snet.kube.history import Write
    from k8snet.show.figure import Figure
    from k8snet.show.widget import WorkflowWidget


LABELS = {
    "workflow": "Write by write:",
    "picture": "Who acts, and the call to the API server",
    "objects": "Objects at this moment",
    "nodes": "Nodes at this moment",
    "fields": "Fields that this write changed",
    "controls": "Writes",
    "first": "First write",
    "back": "Write back",
    "play": "Play",
    "pause": "Pause",
    "forward": "Write forward",
    "last": "Last write",
    "slider": "Write",
    "pace": "Pace",
    "slow": "slow",
    "steady": "steady",
    "quick": "quick",
    "quiet": "without housekeeping",
    "quiet.title": "Leases, and reports that all is as it was",
    "hint": "← → write, space plays",
    "watch": "watch",
    "none": "there is no object yet",
    "nowhere": "no node yet",
    "new": "new",
    "gone": "gone",
    "is.gone": "The object is gone.",
    "is.bare": "Nothing is said but its name.",
    "at": "at {now} s",
    "manager": MANAGER,
} | FACT_LABELS
"""What the page says beside the sentences of narrate.py."""


class Workflow:
    """A history to be stepped through. `show.workflow` makes it; a notebook shows it.

    ``scene`` is all that a page needs, as plain JSON. ``len(workflow)`` is the number of writes that are shown. ``before`` is
    what was written earlier, so that what there is already is seen too.
    """

    def __init__(self, writes: Sequence[Write], title: str, *, before: Sequence[Write] = (), housekeeping: bool = False) -> None:
        self.writes = list(writes)
        self.title = title
        quiet = [is_housekeeping(write) for write in self.writes]
        self.shown = [place for place, still in enumerate(quiet) if housekeeping or not still] or list(range(len(self.writes)))
        """The places of the writes that are shown at first."""
        authors = list(map(author, self.writes))
        self.seats = take_seats([*authors, Author(SERVER)])
        self.things = Things(self.writes, before)
        self.told: list[list[int]] = [[] for _ in self.writes]
        for news, effect in reactions(self.writes):
            self.told[news].append(self.seats.number(authors[effect]))
        self._quiet = quiet
        self._at: int | None = None
        self._widget: WorkflowWidget | None = None

    @property
    def scene(self) -> dict[str, Any]:
        """What a page gets: seats, objects, and a moment for each write."""
        seats = self.seats
        return {
            "title": self.title,
            "labels": LABELS,
            "colours": {"light": LIGHT, "dark": DARK},
            "view": [0, 0, seats.width, seats.height],
            "seats": [[str(each.who), each.look, each.x, each.y, each.width, each.height] for each in seats.seats],
            "frame": seats.frame,
            "drum": seats.drum,
            "own": seats.own,
            "things": [list(thing) for thing in self.things.all],
            "first": [[place, list(facts)] for place, facts in self.things.first.items()],
            "moments": [self._moment(place) for place in range(len(self.writes))],
            "shown": self.shown,
        }

    def _moment(self, place: int) -> list[Any]:
        """One write: when, by whom, the request in lines, the object, its card (None: gone), the sentence, the changed fields,
        who is told of it and acts, whether it is housekeeping.
        """
        write = self.writes[place]
        return [
            round(write.now, 3), self.seats.number(author(write)), call_lines(write.verb, write.path), self.things.at[place],
            None if write.after is None else card(write.after), narrate.sentence(write), fields(write), self.told[place],
            int(self._quiet[place]),
        ]  # fmt: skip

    def at(self, moment: int) -> Workflow:
        """Show one moment, counted from 0, or with a minus from the end; in the page where it is shown, and in the picture.

        IndexError if there is no such moment.
        """
        self._at = range(len(self.shown))[moment]
        if self._widget is not None:
            self._widget.at = self._at
        return self

    @property
    def still(self) -> Figure:
        """A picture of one moment, for where nothing can be stepped: the chosen one, or the last."""
        chosen = self._at if self._at is not None else len(self.shown) - 1
        return draw_snapshot(self, self.shown[chosen], f"{chosen + 1} / {len(self)}")

    @property
    def words(self) -> str:
        """A line for each write that is shown."""
        told = narrate.story(self.writes[place] for place in self.shown)
        left_out = len(self.writes) - len(self.shown)
        more = f"\nleft out: {left_out} writes that say that all is as it was" if left_out else ""
        return f"{self.title}\n{told}{more}"

    def __len__(self) -> int:
        return len(self.shown)

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        return f"<Workflow: {len(self)} writes>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from k8snet.show.widget import WorkflowWidget  # heavy, and only needed when someone looks

        if self._widget is None:
            self._widget = WorkflowWidget(scene=self.scene, at=self._at or 0)
        still, facts = self.still._repr_mimebundle_()
        return {**self._widget.bundle, "image/png": still["image/png"], "text/plain": self.words}, facts
