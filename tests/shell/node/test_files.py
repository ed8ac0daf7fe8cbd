"""ls, cat and readlink: of the same processes and namespaces, the real ones and the model's."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

import pytest

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.tools import Output
from k8snet.shell.node import files
from k8snet.shell.node.tree import Entry, Tree
from tests.shell.node.recorded import Recorded, record

LINES = [
    "ls /run/netns", "ls -1 /run/netns", "ls -a /run/netns", "ls -A /run/netns", "ls -l /run/netns", "ls -i /run/netns",
    "ls -il /run/netns", "ls -d /run/netns", "ls -l /run/netns/cni-1", "ls /run/netns/cni-3", "ls /run/netns /run/netns/cni-1",
    "ls -l /proc/@/ns", "ls -l /proc/@/ns/net", "ls -lL /proc/@/ns/net", "ls -iL /proc/@/ns/net", "ls /proc/@/ns",
    "ls /proc/99999/ns",
    "ls -l /proc/@/ns/net /proc/99999/ns/net", "ls /run/netns /proc/@/ns", "ls -y /", "readlink /proc/@/ns/net",
    "readlink -n /proc/@/ns/net", "readlink /run/netns/cni-1", "readlink /proc/99999/ns/net", "readlink",
    "readlink /proc/@/ns/nope",
    "readlink /proc/@/ns/net /run/netns/cni-1 /proc/@/ns/mnt", "cat /run/netns/cni-1", "cat /proc/@/ns/net", "cat /run/netns",
    "cat /run/netns/nope", "cat /proc/@/comm", "cat /proc/@/cmdline", "cat /proc/@/comm /run/netns/nope /proc/@/comm", "cat -y",
    "cat /proc/99999/comm",
]  # fmt: skip
TIME = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d")


@pytest.fixture(scope="module")
def recorded(kernel: None) -> Recorded:
    return record(LINES)


def tree(recorded: Recorded) -> Tree:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    entries = {f"/run/netns/{name}": Entry(inode=inode, time=now, mode="r--r--r--") for name, inode in recorded.pinned.items()}
    return Tree(entries, ("/run/netns",), {each.pid: each for each in recorded.processes}, 1, now, lambda name: "")


def ours(known: Tree, line: str) -> tuple[str, int]:
    """What the model's prints, and its exit status."""
    words = shlex.split(line)
    try:
        output: Output = files.BY_NAME[words[0]](known, words[1:])
    except CommandError as error:
        return (f"{error}\n" if str(error) else ""), error.code
    return str(output), output.code


@pytest.mark.parametrize("line", LINES)
def test_as_the_real_one(recorded: Recorded, line: str) -> None:
    text, code = recorded.outputs[line]
    printed, status = ours(tree(recorded), line.replace("@", str(recorded.pid)))
    assert (TIME.sub("TIME", printed), status) == (TIME.sub("TIME", text), code)


NOW = datetime(2026, 11, 1, tzinfo=UTC)
DISK = Tree({"/etc/cni/net.d/10-x.conflist": Entry(text="{}\n"), "/opt/cni/bin/bridge": Entry()}, ("/etc/cni", "/opt/cni"), {},
            1, NOW,
            lambda name: "1\n")  # fmt: skip


@pytest.mark.parametrize(("line", "text", "code"), [
    ("cat /etc/cni/net.d/10-x.conflist", "{}\n", 0), ("cat /etc/cni/net.d/../net.d/10-x.conflist", "{}\n", 0),
    ("ls /etc/cni", "net.d\n", 0), ("ls /etc/cni/net.d/", "10-x.conflist\n", 0), ("cat /proc/sys/net/ipv4/ip_forward", "1\n", 0),
    ("cat /etc/cni/net.d", "cat: /etc/cni/net.d: Is a directory\n", 1),
])  # fmt: skip
def test_the_disk(line: str, text: str, code: int) -> None:
    assert ours(DISK, line) == (text, code)


@pytest.mark.parametrize("line", ["ls /", "ls", "ls -l /etc/cni/net.d", "ls -R /etc/cni", "cat /etc/passwd",
                                  "cat /opt/cni/bin/bridge",
                                  "ls net.d", "cat -n /etc/cni/net.d/10-x.conflist", "readlink -f /etc"])  # fmt: skip
def test_of_what_is_not_known_nothing_is_said(line: str) -> None:
    with pytest.raises(NotModelled):
        ours(DISK, line)


@pytest.mark.parametrize(("line", "text"), [
    ("ls /etc/cni/nope", "ls: /etc/cni/nope: No such file or directory"),
    ("cat /etc/cni/nope", "cat: can't open '/etc/cni/nope': No such file or directory"),
])
def test_busybox_has_words_of_its_own(line: str, text: str) -> None:
    words = line.split()
    with pytest.raises(CommandError, match=re.escape(text)):
        files.BY_NAME[words[0]](DISK, words[1:], busybox=True)
