"""A trace to step through: forward, back, by packet, or at a steady pace; each step with its place and its evidence.

Everything is worked out here and played in the browser, so a slider never waits for Python, and the stepper goes on
when the kernel is gone. Where no page runs (a saved notebook) there is the path as a picture, and the story in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snet.linux.words import story
from k8snet.show.path import path
from k8snet.show.reel import Reel
from k8snet.show.stage import Stage
from k8snet.show.topology import topology

if TYPE_CHECKING:
    from k8snet.linux.trace import Trace
    from k8snet.show.figure import Figure
    from k8snet.show.widget import StepperWidget

LABELS = {
    "stepper": "Step by step:",
    "map": "The map of the network, with the packet where it is at this step",
    "controls": "Steps",
    "first": "First step",
    "back": "Step back",
    "play": "Play",
    "pause": "Pause",
    "forward": "Step forward",
    "last": "Last step",
    "slider": "Step",
    "pace": "Pace",
    "slow": "slow",
    "steady": "steady",
    "quick": "quick",
    "packets": "Packets",
    "none": "no packet was made",
    "headers": "Headers of the packet",
    "proof": "Evidence of the step",
    "hint": "← → step, ↑ ↓ packet, space plays",
    "routes": "routes for {dst}",
    "chosen": "{length}, table {table}: chosen",
    "covers": "{length}, table {table}: covers it too",
    "elsewhere": "for other addresses",
    "gone": "chosen then; no longer there",
    "longest": "Tables are asked in order; in a table the longest prefix that covers {dst} wins.",
    "nothing": "The routes that there are.",
    "later": "The routes are those of now: commands were given since.",
    "ports": "which way to {mac_dst}?",
    "out": "out",
    "came": "came in here",
    "itself": "this machine itself",
    "Bridged.forward": "The bridge has learnt behind which port this address lives.",
    "Bridged.flood": "The bridge does not know this address yet: to all other ports.",
    "Bridged.everybody": "This address means everybody: out of every port but the one that it came by.",
    "Bridged.local": "The address is the bridge's own.",
    "Tracked": "conntrack",
    "original": "as it began",
    "replied": "the answer that is expected",
    "tuples": "Where the two do not mirror each other, NAT is at work.",
    "walk": "{table} at {hook}",
    "rule": "rule {number} of {chain}",
    "tried": "{tried} rules asked",
    "verdict": "what the asker learns",
    "end": "the question's end",
    "device": "device",
    "mac": "MAC address",
    "ip": "IP address",
    "port": "port",
    "state": "state",
    "hook": "hook",
    "table": "table",
    "number": "number",
    "target": "target",
    "change": "change",
    "owner": "whose socket",
    "reason": "reason",
    "evidence": "rule",
    "answer": "answer",
    "pieces": "pieces",
    "mtu": "MTU",
    "before": "before",
    "after": "after",
    "prefix": "prefix",
    "errno": "error",
    "vni": "virtual network",
    "src": "source",
    "dst": "destination",
    "sport": "from port",
    "dport": "to port",
    "Captured": "a frame passes a device",
    "device.in": "comes in",
    "device.out": "goes out",
    "wire.in": "sent it",
    "wire.out": "at the wire's other end",
    "mac_src": "has the source MAC",
    "mac_dst": "has the destination MAC",
    "Learned": "forwarding table",
    "Resolved": "neighbour table",
    "Awaited": "neighbour table",
    "REACHABLE": "REACHABLE: it has answered lately.",
    "DELAY": "DELAY: known from before. It is used, and asked again soon unless something confirms it.",
    "Forwarded": "forwarding",
    "Judged": "the table's last word",
    "Rewritten": "NAT",
    "Delivered": "delivered",
    "Dropped": "dropped",
    "Rejected": "rejected",
    "Ignored": "ignored",
    "Fragmented": "fragments",
}
"""What the page says beside the sentences of words.py."""


class Stepper:
    """A trace on the map of its world, to be stepped through. `show.stepper` makes it; a notebook shows it.

    ``scene`` is the map and all that journeys on it share, ``journey`` what this trace adds; both are plain JSON.
    ``len(stepper)`` is the number of steps.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._stage = Stage(trace.world, LABELS)
        self._reel = Reel(trace, self._stage)
        self._widget: StepperWidget | None = None

    @property
    def scene(self) -> dict[str, Any]:
        """The map as data: drawn once."""
        return self._stage.data

    @property
    def journey(self) -> dict[str, Any]:
        """The trace as data: numbers that point into the scene, and its own strings."""
        return self._reel.data

    @property
    def still(self) -> Figure:
        """A picture of the whole, for where nothing can be stepped: the path, or the map if there is no packet."""
        return topology(self.trace.world) if self.trace.request is None else path(self.trace)

    def follow(self, trace: Trace) -> None:
        """Step through another trace on the same map; where it is shown already, only the journey is sent there.

        ValueError if the trace is another world's.
        """
        if trace.world is not self.trace.world:
            raise ValueError("the trace is of another world: show.stepper(trace) draws that one's map")
        self.trace = trace
        self._reel = Reel(trace, self._stage)
        if self._widget is not None:
            self._widget.journey = self.journey

    def __len__(self) -> int:
        return self._reel.length

    def __repr__(self) -> str:
        return f"<Stepper: {len(self)} steps, {len(self.trace.packets)} packets>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict[str, Any], dict[str, Any]]:
        from k8snet.show.widget import StepperWidget  # heavy, and only needed when someone looks

        if self._widget is None:
            self._widget = StepperWidget(scene=self.scene, journey=self.journey)
        still, facts = self.still._repr_mimebundle_()
        return {**self._widget.bundle, "image/png": still["image/png"], "text/plain": story(self.trace)}, facts


def stepper(trace: Trace) -> Stepper:
    """Step through a trace on the map of its world, with buttons, a slider, or the arrow keys.

    At each step the place at work is lit; the panel shows the packet's headers and what has just changed in them, and
    the evidence: the chosen route among the others, the rule that matched, the connection, the bridge's ports. The map
    and the other routes are those of the world as it is now.

    >>> from k8snet.linux import World
    >>> w = World()
    >>> _ = w.sh("ip link set lo up")
    >>> stepper(w.ping("root", "127.0.0.1"))
    <Stepper: 11 steps, 2 packets>
    """
    return Stepper(trace)
