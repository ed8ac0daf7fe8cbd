"""Where each who takes part has a seat: people and programs in a column, the API server a tall bar at their right, etcd below.

Between the two is the room in which calls are drawn: towards the API server, and news the other way. In CSS pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from k8snet.kube.api import SERVER
from k8snet.kube.author import Author
from k8snet.linux.fact import Fact
from k8snet.show.calls import MANAGER, Cast, cast
from k8snet.show.letters import width_of
from k8snet.show.palette import mono_width

SEAT, PITCH, PAUSE = 26.0, 35.0, 10.0
ABOVE = 46.0
"""Room over the first seat: for the call that it makes, and for those of the API server itself."""
LETTERS = 38
"""So many letters at most has a line of a call."""
BESIDE = 12.0
"""From a seat to the letters of its call, and from these to the API server."""
BETWEEN = BESIDE + mono_width("/" * LETTERS) + BESIDE
BAR, DRUM = 118.0, 34.0


class Seat(Fact, frozen=True):
    """One who takes part, and where. ``look``: person, program, kubelet, server."""

    who: Author
    look: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Half its height down."""
        return self.y + self.height / 2


class Seats(Fact, frozen=True):
    """All seats, the API server's last. ``frame`` is around the controllers: x, y, width, height; None if there are none.

    ``own`` is how far down a call of the API server to itself is.
    """

    seats: tuple[Seat, ...]
    frame: tuple[float, float, float, float] | None
    drum: tuple[float, float, float, float]
    own: float
    width: float
    height: float

    @property
    def server(self) -> Seat:
        """The API server's."""
        return self.seats[-1]

    def number(self, who: Author) -> int:
        """Which seat somebody has."""
        return next(number for number, seat in enumerate(self.seats) if seat.who == who)


def take_seats(authors: Sequence[Author]) -> Seats:
    """A seat for each."""
    there: Cast = cast(authors)
    width = max((width_of(str(who), "strong") for who in (*there.people, *there.programs)), default=60.0) + 18
    width = max(width, width_of(MANAGER, "quiet") + 8 if there.controllers else 0.0)
    left, y, frame, seats = 10.0, ABOVE, None, []
    for look, group in (("person", there.people), ("program", there.controllers), *_others(there)):
        if group and group is there.controllers:
            frame = (left - 6, y - 2, width + 12, len(group) * PITCH + 24)
            y += 20
        for who in group:
            seats.append(Seat(who, look, left, y, width, SEAT))
            y += PITCH
        y += PAUSE if group else 0
    bottom = max(y - PAUSE - (PITCH - SEAT), ABOVE + 70)
    bar = left + width + BETWEEN
    server = Seat(Author(SERVER), "server", bar, 14.0, BAR, bottom - 14.0)
    drum = (bar + BAR / 2 - 28, bottom + 12, 56.0, DRUM)
    return Seats((*seats, server), frame, drum, ABOVE - 10, bar + BAR + 10, bottom + DRUM + 20)


def _others(there: Cast) -> list[tuple[str, tuple[Author, ...]]]:
    """The scheduler and its like; and who is on a node."""
    somewhere = tuple(who for who in there.others if who.node)
    return [("program", tuple(who for who in there.others if not who.node)), ("kubelet", somewhere)]


def call_lines(verb: str, path: str) -> list[str]:
    """A request in lines that fit between the seats, broken before slashes if it can be; joined they are the request again.

    >>> call_lines("PUT", "/apis/apps/v1/namespaces/default/deployments/web/status")
    ['PUT /apis/apps/v1/namespaces/default', '/deployments/web/status']
    """
    lines = [f"{verb} "]
    for part in re.findall("/[^/]*", path):
        if len(lines[-1]) + len(part) > LETTERS:
            lines.append("")
        lines[-1] += part
    return [line[at : at + LETTERS] for line in lines for at in range(0, len(line), LETTERS)]
