"""``ip netns``: network namespaces by name. They are files in /run/netns, and its refusals speak of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask, tools
from k8snet.linux.netns import Netns
from k8snet.linux.tools import Output
from k8snet.linux.tools.ip import devices
from k8snet.linux.tools.ip.connected import set_down
from k8snet.linux.tools.ip.words import Options, Words, verb

if TYPE_CHECKING:
    from k8snet.linux.world import World


def run(netns: Netns, words: Words, options: Options, stdin: str) -> str | Output:
    """Run ``ip netns COMMAND``."""
    return verb(words, VERBS, "ip netns", default="list")(netns, words, stdin)


def find(world: World, name: str) -> Netns:
    """The network namespace of that name, as setns(2) would find it."""
    found = world.find(name)
    if found is None:
        text = f'Cannot open network namespace "{name}": No such file or directory'
        raise CommandError(text, code=255, errno="ENOENT")
    return found


def _list(netns: Netns, words: Words, stdin: str) -> str:
    """The newest first, as a directory in memory lists its files; with the number that it has in this namespace."""
    netns.world.wake_all()
    lines = []
    for name in reversed(netns.world.netns):
        number = netns.nsids.find(name)
        lines.append(name if number is None else f"{name} (id: {number})")
    return "".join(f"{line}\n" for line in lines)


def _name(words: Words) -> str:
    if not words:
        raise CommandError("No netns name specified", code=1)
    name = words.take()
    if name in ("", ".", "..") or "/" in name:
        raise CommandError(f'Invalid netns name "{name}"', code=255)
    return name


def _add(netns: Netns, words: Words, stdin: str) -> str:
    name = _name(words)
    if netns.world.find(name) is not None:
        raise CommandError(f'Cannot create namespace file "/run/netns/{name}": File exists', code=1, errno="EEXIST")
    if name == netns.world.root.name:
        raise NotModelled(f"a network namespace with the name {name}", known="any other name")
    netns.world.netns[name] = Netns(netns.world, name)
    return ""


def _delete(netns: Netns, words: Words, stdin: str) -> str:
    """Remove a namespace with its programs; its veths go too, and so do their other ends, wherever they are."""
    name, world = _name(words), netns.world
    gone = world.find(name)
    if gone is None:
        text = f'Cannot remove namespace file "/run/netns/{name}": No such file or directory'
        raise CommandError(text, code=1, errno="ENOENT")
    ask.say_last(gone, gone.sockets.end_all())
    set_down(gone.devices["lo"])
    for device in [device for device in gone.devices.values() if device.kind != "loopback"]:
        if gone.devices.get(device.name) is device:  # not yet gone with its other end
            devices.destroy(device)
    devices.forget_netns(gone)
    del world.netns[name]
    return ""


def _exec(netns: Netns, words: Words, stdin: str) -> Output:
    name = _name(words)
    if not words:
        raise CommandError("No command specified", code=1)
    inside = find(netns.world, name)
    command = words.rest()
    try:
        return tools.run(inside, command, stdin)
    except CommandError as error:
        if error.code == 127 and str(error).endswith(": not found"):
            text = f'exec of "{command[0]}" failed: No such file or directory'
            raise CommandError(text, code=1, errno="ENOENT") from error
        raise


def _not_modelled(netns: Netns, words: Words, stdin: str) -> str:
    raise NotModelled("this command of ip netns", known="list, add, delete, exec")


VERBS = {
    "list": _list, "show": _list, "lst": _list, "list-id": _not_modelled, "help": _not_modelled, "add": _add,
    "set": _not_modelled, "identify": _not_modelled, "pids": _not_modelled, "delete": _delete, "exec": _exec,
    "monitor": _not_modelled, "attach": _not_modelled,
}
