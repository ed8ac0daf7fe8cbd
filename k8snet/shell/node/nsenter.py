"""``nsenter``: run a tool in the namespaces of another process. What it prints was compared with util-linux 2.38.1.

With ``-n`` the tool is the node's own, and sees the pod's network. With the mount namespace too (``-m``, ``-a``) it is the
container's, or it is not there. ``-u`` gives it the pod's hostname. The others change nothing that these tools show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.tools import Output
from k8snet.shell.node import spaces
from k8snet.shell.node.host import Host
from k8snet.shell.node.options import Grammar, number
from k8snet.shell.node.processes import Process

LONG = {"target": "t", "all": "a", "mount": "m", "uts": "u", "ipc": "i", "net": "n", "pid": "p", "cgroup": "C", "user": "U",
        "time": "T", "no-fork": "F"}  # fmt: skip
GRAMMAR = Grammar("nsenter", ("t:", "a", "m::", "u::", "i::", "n::", "p::", "C::", "U::", "T::", "F"), LONG, ordered=True,
                  others=("-S", "-G", "-r", "-w", "-W", "-Z", "--setuid", "--setgid", "--root", "--wd", "-h", "-V"))  # fmt: skip
TYPES = {"m": "mnt", "u": "uts", "i": "ipc", "n": "net", "p": "pid", "C": "cgroup", "U": "user", "T": "time"}

Inside = Callable[[Process, list[str]], Output]
"""Runs a command as a container has it."""
Outside = Callable[[Host, list[str]], Output]
"""Runs a command of the node's own."""


def run(host: Host, processes: Sequence[Process], words: Sequence[str], outside: Outside, inside: Inside) -> Output:
    """Run ``nsenter``. CommandError for what it refuses, and from the tool that it runs."""
    options, command = GRAMMAR.read(words)
    values = dict(options)
    pid = _target(values)
    entered = {TYPES[letter]: value for letter, value in options if letter in TYPES}
    target = next((each for each in processes if each.pid == pid), None)
    if "a" in values:
        entered |= dict.fromkeys((kind for kind in TYPES.values() if kind not in entered), "")
    netns = host.netns
    for kind, path in entered.items():
        opened = _open(host, processes, kind, path, pid)
        netns = _netns(host, opened) if kind == "net" else netns
    if not command:
        raise NotModelled("nsenter without a command, which opens a shell", known="nsenter -t PID -n COMMAND")
    if "mnt" in entered and target is not None and target.pod is not None:
        return inside(target, command)
    if "uts" in entered and command == ["hostname"] and target is not None:
        return Output(f"{host.name if target.spaces.uts == spaces.MACHINE.uts or target.pod is None else target.pod[1]}\n")
    return outside(Host(host.assembly, host.name, netns), command)


def _target(values: dict[str, str]) -> int | None:
    """The process that is named: of the number, the last 32 bits count, and 0 is nobody."""
    pid = number(values["t"], "nsenter: failed to parse pid", 64) % (1 << 32) if "t" in values else 0
    if not pid and "a" in values:
        raise CommandError("nsenter: no target PID specified for --all")
    return pid or None


def _open(host: Host, processes: Sequence[Process], kind: str, path: str, pid: int | None) -> int:
    """The inode of a namespace that is entered: the target's, or the file's."""
    if not path and pid is None:
        raise CommandError(f"nsenter: neither filename nor target pid supplied for ns/{kind}")
    path = path or f"/proc/{pid}/ns/{kind}"
    found = _inode(host, processes, path)
    if found is None:
        raise CommandError(f"nsenter: cannot open {path}: No such file or directory", errno="ENOENT")
    if found[0] != kind:
        raise CommandError(f"nsenter: reassociate to namespace 'ns/{kind}' failed: Invalid argument", errno="EINVAL")
    return found[1]


def _inode(host: Host, processes: Sequence[Process], path: str) -> tuple[str, int] | None:
    """The type and the number of the namespace that a file leads to."""
    match path.split("/"):
        case ["", "proc", pid, "ns", kind] if kind in spaces.KINDS:
            those = [each for each in processes if str(each.pid) == pid]
            return (kind, those[0].spaces.of(kind)) if those else None
        case ["", "run", "netns", name] | ["", "var", "run", "netns", name]:
            pins = [each for _, each in host.sandboxes() if spaces.is_pinned(each) and spaces.pinned(each) == name]
            return ("net", spaces.of_sandbox(pins[0]).net) if pins else None
    raise NotModelled(f"nsenter into {path}", known="/proc/PID/ns/net, /run/netns/cni-...")


def _netns(host: Host, inode: int) -> str:
    """The world's name for a network namespace of this node."""
    if inode == spaces.MACHINE.net:
        return host.name
    return next(each.netns for _, each in host.sandboxes() if spaces.of_sandbox(each).net == inode)
