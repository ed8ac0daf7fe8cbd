"""Machines that sleep, and what is put off for them until somebody looks.

A world may hold thousands of machines of which a few are ever asked about. What makes such a machine is a list of deeds,
done in order when one of its network namespaces is named, or when somebody asks for the MAC address of one of its
addresses; until then it is not there and hears nothing. `World.find` and `World.call` wake it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from k8snet.linux.address import Ip


class Deed(NamedTuple):
    """Something put off: ``act(world, *facts)``, due when ``netns`` is named or one of ``addresses`` is asked for.

    A fork shares it; so ``act`` is a function of a module, and facts do not change.
    """

    netns: str
    addresses: tuple[Ip, ...]
    act: Callable[..., None]
    facts: tuple[Any, ...]
    name: str = ""
    """Of deeds with the same name only the last is done; without a name it stands for itself."""


class Sleepers:
    """The machines that sleep, by name, and how each can be called."""

    def __init__(self) -> None:
        self._deeds: dict[str, list[Deed]] = {}
        self._by_netns: dict[str, str] = {}
        self._by_address: dict[Ip, str] = {}

    def put_off(self, machine: str, deed: Deed) -> None:
        """Add what is to be done when the machine wakes; it sleeps from now on, if it did not before."""
        deeds = self._deeds.setdefault(machine, [])
        if deed.name:
            deeds[:] = [each for each in deeds if each.name != deed.name]
        deeds.append(deed)
        self._by_netns[deed.netns] = machine
        for address in deed.addresses:
            self._by_address[address] = machine

    def named(self, netns: str) -> str | None:
        """The sleeping machine to which a network namespace belongs."""
        return self._by_netns.get(netns)

    def at(self, address: Ip) -> str | None:
        """The sleeping machine that has an address."""
        return self._by_address.get(address)

    def wake(self, machine: str) -> list[Deed]:
        """All that was put off for a machine, which sleeps no more; nothing if it did not sleep."""
        deeds = self._deeds.pop(machine, [])
        for deed in deeds:
            self._by_netns.pop(deed.netns, None)
            for address in deed.addresses:
                self._by_address.pop(address, None)
        return deeds

    def __contains__(self, machine: str) -> bool:
        return machine in self._deeds

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._deeds))

    def __deepcopy__(self, memo: dict[int, Any]) -> Sleepers:
        """For a fork: the deeds are shared, the lists are its own."""
        copy = Sleepers()
        copy._deeds = {machine: list(deeds) for machine, deeds in self._deeds.items()}
        copy._by_netns, copy._by_address = dict(self._by_netns), dict(self._by_address)
        return copy
