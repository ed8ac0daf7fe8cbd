"""The small programs of a container that show or end what is in it: env, hostname, id, ps, kill and their like.

Sources: coreutils, procps-ng 4.0.2, busybox 1.37 (procps/ps.c, procps/kill.c); pid_namespaces(7).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.api import EPOCH
from k8snet.linux.tools import Output
from k8snet.shell.node import kill as killing
from k8snet.shell.node import ps as processes
from k8snet.shell.node import userland

if TYPE_CHECKING:
    from k8snet.shell.node.inside import Inside

BUSYBOX_PS = frozenset({"", "-a", "-A", "-e", "-f", "-ef", "-w", "aux", "ax"})
"""What busybox' ps does not mind."""


def _env(inside: Inside, words: list[str], stdin: str) -> Output:
    if words:
        raise NotModelled(f"env {shlex.join(words)}", known="env")
    return Output("".join(f"{name}={value}\n" for name, value in inside.env.items()))


def _printenv(inside: Inside, words: list[str], stdin: str) -> Output:
    if not words:
        return _env(inside, [], stdin)
    found = [inside.env[name] for name in words if name in inside.env]
    return Output("".join(f"{value}\n" for value in found), code=0 if len(found) == len(words) else 1)


def _hostname(inside: Inside, words: list[str], stdin: str) -> Output:
    if words in ([], ["-s"], ["-f"]):
        return Output(f"{inside.hostname}\n")
    if words == ["-i"] and inside.sandbox.ip:
        return Output(f"{inside.sandbox.ip}\n")
    if words == ["-I"] and not inside.userland.is_busybox:
        return inside.in_netns(["hostname", "-I"])
    raise NotModelled(f"hostname {' '.join(words)}", known="hostname, -i, -s, -f")


def _id(inside: Inside, words: list[str], stdin: str) -> Output:
    numbers = {"-u": "0", "-g": "0", "-un": "root", "-gn": "root"}
    if not words:
        return Output(f"uid=0(root) gid=0(root) groups={userland.GROUPS[inside.userland.family]}\n")
    if len(words) == 1 and words[0] in numbers:
        return Output(f"{numbers[words[0]]}\n")
    raise NotModelled(f"id {shlex.join(words)}", known="id, id -u, id -un")


def _whoami(inside: Inside, words: list[str], stdin: str) -> Output:
    return Output("root\n")


def _echo(inside: Inside, words: list[str], stdin: str) -> Output:
    no_end = words[:1] == ["-n"]
    return Output(" ".join(words[no_end:]) + ("" if no_end else "\n"))


def _ends(code: int) -> Callable[[Inside, list[str], str], Output]:
    return lambda inside, words, stdin: Output(code=code)


def _ps(inside: Inside, words: list[str], stdin: str) -> Output:
    seen, own = inside.seen_by(shlex.join(["ps", *words]))
    if not inside.userland.is_busybox:
        clock = processes.Clock(inside.kubelet.client.time, EPOCH)
        return processes.run(seen, words, clock, own.pid)
    if not {"", *words} <= BUSYBOX_PS:
        raise NotModelled(f"busybox' ps {shlex.join(words)}", known="ps")
    rows = [f"{each.pid:5} {each.user[:8]:8} {'0:00':>5} {each.args}\n" for each in seen]
    return Output("PID   USER     TIME  COMMAND\n" + "".join(rows))


def _kill(inside: Inside, words: list[str], stdin: str) -> Output:
    """Signals from inside. Process 1 gets none for which it has no handler, SIGKILL included."""
    signal, pids = killing.read(words)
    lost = []
    for pid in pids:
        process = next((each for each in inside.processes if each.pid == pid), None)
        if process is None:
            lost.append(_no_process(inside, pid))
        elif signal and not (pid == 1 and signal == killing.SIGNALS["KILL"]):
            inside.end(process, signal)
    if lost:
        raise CommandError("\n".join(lost), errno="ESRCH")
    return Output()


def _no_process(inside: Inside, pid: int) -> str:
    return f"kill: can't kill pid {pid}: No such process" if inside.userland.is_busybox else f"kill: ({pid}): No such process"


PROGRAMS: dict[str, Callable[[Inside, list[str], str], Output]] = {
    "env": _env, "printenv": _printenv, "hostname": _hostname, "id": _id, "whoami": _whoami, "echo": _echo, "true": _ends(0),
    ":": _ends(0), "false": _ends(1), "ps": _ps, "kill": _kill,
}  # fmt: skip
