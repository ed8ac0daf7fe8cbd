"""A node's computer: a kernel to give commands to, and a disk. All that kube/ does to the network goes through here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.linux import World
from k8snet.linux.address import Ip
from k8snet.linux.tools import Output


class Machine:
    """The computer called ``name``: its own network namespace in the world has that name too."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.files: dict[str, str] = {}
        """The disk: path -> text. It outlives a power failure."""

    def sh(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run a command in the machine's own network namespace. CommandError if it is refused, unless ``check`` is False."""
        return self.world.sh(f"ip netns exec {self.name} {line}", stdin, check=check)

    def do(self, deed: Callable[..., None], *facts: Any, netns: str = "", instead_of: str = "") -> None:
        """Have something done to this kernel that waits for no answer: ``deed(machine, *facts)``, facts that never change.

        A machine that sleeps does it when it wakes (`World.when_touched`). ``netns``: the pod's namespace that it is about.
        ``instead_of``: what was put off under that name is not done then.
        """
        self.world.when_touched(netns or self.name, _do, self.name, deed, facts, machine=self.name, instead_of=instead_of)

    @property
    def is_asleep(self) -> bool:
        """Whether it boots only when it is touched."""
        return self.name in self.world.sleepers

    @property
    def is_on(self) -> bool:
        """Whether its kernel runs."""
        return self.name in self.world.netns

    def switch_on(self, lines: tuple[str, ...], address: str, *, asleep: bool = False) -> None:
        """Boot it with these command lines; one that is ``asleep`` boots when it is touched, or asked for by its address."""
        if asleep:
            self.world.when_touched(self.name, _boot, lines, machine=self.name, addresses=[Ip(address)])
        else:
            _boot(self.world, lines)


def _do(world: World, name: str, deed: Callable[..., None], facts: tuple[Any, ...]) -> None:
    deed(Machine(world, name), *facts)


def _boot(world: World, lines: tuple[str, ...]) -> None:
    for line in lines:
        world.sh(line)
