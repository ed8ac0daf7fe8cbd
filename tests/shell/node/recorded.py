"""Processes of a real machine, read from /proc inside namespaces of their own, and what real tools printed about them.

The same processes, as facts, are handed to the model's tools: what differs then is the tools.
"""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import NamedTuple

from k8snet.shell.node.processes import Process
from k8snet.shell.node.spaces import KINDS, Spaces

MARK, FIELD, PART = "\x01", "\x02", "\x03"
SCENE = f"""
export LC_ALL=C.UTF-8 TZ=UTC; unset COLUMNS
mount -t tmpfs none /run
ip netns add cni-1; ip netns add cni-2
ip link add veth0 type veth peer name eth0 netns cni-1
nsenter --net=/run/netns/cni-1 unshare -muip --fork sleep 60 &
nsenter --net=/run/netns/cni-2 unshare -m sleep 60 &
sh -c 'sleep 60 & sh -c "sleep 60 & sleep 60" & sleep 60; true' &
until [ "$(pgrep -xc sleep)" = 6 ] && ! pgrep -x nsenter; do sleep 0.05; done
for each in /proc/[0-9]*; do
  pid=${{each#/proc/}}
  links=; for kind in {" ".join(KINDS)}; do links="$links $(readlink $each/ns/$kind | tr -dc 0-9)"; done
  printf '%s{FIELD}' "$pid" "$(ps -o ppid= -p $pid)" "$(ps -o user= -p $pid)" "$(ps -o comm= -p $pid)" "$(ps -o stat= -p $pid)" \\
    "$(ps -o lstart= -p $pid)" "$links" "$(ps -ww -o args= -p $pid)"
  printf '{MARK}'
done
printf '{PART}'
for each in cni-1 cni-2; do stat -L -c %i /run/netns/$each; done
printf '{PART}'
"""
"""A shell as process 1, with children in namespaces of their own; then a line for each process, then the inodes of both netns."""


class Recorded(NamedTuple):
    """What there was: processes, the pinned netns by name, and what each command printed, with its exit status."""

    processes: list[Process]
    pinned: dict[str, int]
    outputs: dict[str, tuple[str, int]]

    @property
    def pid(self) -> int:
        """A process in namespaces of its own."""
        parent = next(each.pid for each in self.processes if each.args == "unshare -muip --fork sleep 60")
        return next(each.pid for each in self.processes if each.ppid == parent)


def record(commands: list[str]) -> Recorded:
    """Run commands in the scene. ``@`` in one is a process in namespaces of its own."""
    find = "P=$(pgrep -P $(pgrep -fo 'unshare -muip'))"
    asked = "".join(f"{find}; {each.replace('@', '$P')} 2>&1; printf '{MARK}%d{MARK}' $?\n" for each in commands)
    done = subprocess.run(["unshare", "-Urnmpf", "--mount-proc", "sh", "-s"], input=SCENE + asked,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    processes, pinned, printed = done.stdout.split(PART)
    found = [_process(each) for each in processes.split(MARK) if each.count(FIELD) == 8]
    parts = printed.split(MARK)
    pairs = zip(commands, zip(parts[::2], map(int, parts[1::2]), strict=False), strict=True)
    names = dict(zip(("cni-1", "cni-2"), map(int, pinned.split()), strict=True))
    there = sorted((each for each in found if each.comm), key=lambda each: each.pid)
    return Recorded(there, names, dict(pairs))


def _process(text: str) -> Process:
    pid, ppid, user, comm, stat, started, links, args, _ = (each.strip() for each in text.split(FIELD))
    if not comm:  # gone meanwhile
        return Process(int(pid), 0, "")
    inodes = dict(zip(KINDS, map(int, links.split()), strict=True))
    then = datetime.strptime(started, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return Process(int(pid), int(ppid), args, comm, inner=int(pid), user=user, stat=stat, started=then.timestamp(),
                   spaces=Spaces(**inodes))  # fmt: skip
