"""``sleep``: the world's clock moves on, and what is due happens."""

from __future__ import annotations

from math import inf

from k8snet.errors import CommandError
from k8snet.linux.netns import Netns


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run ``sleep SECONDS``."""
    if len(args) < 2:
        raise CommandError("sleep: missing operand\nTry 'sleep --help' for more information.")
    world = netns.world
    world.run(until=lambda: False, deadline=world.now + sum(_seconds(word) for word in args[1:]))
    return ""


def _seconds(word: str) -> float:
    try:
        seconds = float(word.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < inf:
        raise CommandError(f"sleep: invalid time interval '{word}'\nTry 'sleep --help' for more information.")
    return seconds
