"""Transcripts: what the real tools print, recorded on a real kernel, as text files beside this one.

A transcript is a list of ``$ command`` lines, each with what it printed and, unless that is 0, its ``[exit STATUS]``.
The model must say the same without a kernel (test_transcripts.py), and the kernel must still say it
(tests/twin/test_tools_text.py). Blank lines and ``#`` comments between commands are for the reader.

What differs from machine to machine is made equal on both sides: the number of queues, running timers, the order in
which hash tables are listed, IPv6 multicast addresses, and usage texts behind their first line.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

from k8snet.linux import World

FOLDER = Path(__file__).parent / "transcripts"
MARK = "\x01"
"""Stands between the outputs of two commands on the real kernel."""
PREPARE = """mount -t tmpfs none /run
mount -t sysfs sysfs /sys 2>/dev/null
no6() { for each in all default; do echo 1 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done; }
no6
"""
CHANGES = re.compile(r"\b(up|down|del|master|nomaster|set|add)\b")
"""Commands that may change a carrier: the kernel tells a device of it a moment later (link_watch.c)."""
LOSSES = re.compile(r"\b(down|del|nomaster)\b")
"""Commands that may cost a carrier, which the kernel tells up to a second later."""


class Entry(NamedTuple):
    """A command, and what it prints."""

    command: str
    output: str
    code: int


def names() -> list[str]:
    """All transcripts."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def read(name: str) -> list[Entry]:
    """The entries of a transcript."""
    entries: list[Entry] = []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if line.startswith("$ "):
            entries.append(Entry(line[2:], "", 0))
        elif line.startswith("[exit "):
            entries[-1] = entries[-1]._replace(code=int(line[6:-1]))
        elif entries and not line.startswith("#"):
            entries[-1] = entries[-1]._replace(output=f"{entries[-1].output}{line}\n")
    return [Entry(each.command, comparable(each.command, each.output), each.code) for each in entries]


def comparable(command: str, output: str) -> str:
    """The output without what differs from machine to machine."""
    output = re.sub(r"num([rt])xqueues \d+", r"num\1xqueues 1", output)
    output = re.sub(r"(\w+_timer) +\d+\.\d\d", r"\1    0.00", output)
    output = re.sub(r"^(Usage: [^\n]*)\n.*", r"\1", output, flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in output.rstrip("\n").split("\n") if not line.startswith("33:33:")]
    if re.search(r"\bneigh?\b|\bfdb show .*vx|^ss ", command):
        lines.sort()
    return "\n".join(lines)


def on_the_model(commands: list[str]) -> list[Entry]:
    """What a new world prints."""
    world = World()
    outputs = [(command, world.sh(command, check=False)) for command in commands]
    return [Entry(command, comparable(command, output), output.code) for command, output in outputs]


def on_the_kernel(commands: list[str]) -> list[Entry]:
    """What the real tools print, in namespaces that end with this function."""
    script = PREPARE
    pause = 0.0
    for command in commands:
        if CHANGES.search(command):
            pause = max(pause, 1.2 if LOSSES.search(command) else 0.2)
        elif pause:
            script += f"sleep {pause}\n"
            pause = 0.0
        script += f"{_quoted(command)} 2>&1; printf '{MARK}%d{MARK}' $?\n"
        made = re.search(r"\bnetns add (\S+)$", command)
        if made and "/" not in made[1]:
            script += f"nsenter --net=/run/netns/{made[1]} sh -c '{_one_line(PREPARE)}' 2>/dev/null\n"
    unshare = ["unshare", "-Urnm", "sh", "-c", script]
    done = subprocess.run(unshare, capture_output=True, text=True, timeout=120, check=False)
    parts = done.stdout.split(MARK)
    pairs = zip(parts[::2], parts[1::2], strict=False)
    outputs = zip(commands, pairs, strict=True)
    return [Entry(command, comparable(command, output), int(code)) for command, (output, code) in outputs]


def _quoted(command: str) -> str:
    return shlex.join(shlex.split(command))


def _one_line(script: str) -> str:
    return "; ".join(line for line in script.strip().splitlines() if "mount" not in line)
