"""lsns: the same processes in the real one and in the model's."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import CommandError, NotModelled
from k8snet.shell.node import lsns
from k8snet.shell.node.processes import Process
from k8snet.shell.node.spaces import Spaces
from tests.shell.node.recorded import Recorded, record

LINES = [
    "lsns", "lsns -l", "lsns -n", "lsns -t net", "lsns -t net -t mnt", "lsns -p @", "lsns -p @ -t net", "lsns -r -t net",
    "lsns -t net -o NS,PID,COMMAND", "lsns -t net -o ns,type,path,nprocs,pid,ppid,command,uid,user,netnsid,nsfs",
    "lsns -t net -o +PATH", "lsns -nt net", "lsns --type=net --output NS,NSFS", "lsns -uW", "lsns -p 99999", "lsns -t foo",
    "lsns -p abc", "lsns 123", "lsns -o FOO", "lsns -x", "lsns --foo", "lsns -t", "lsns 4026531838 -p 1", "lsns 12x",
]  # fmt: skip


@pytest.fixture(scope="module")
def recorded(kernel: None) -> Recorded:
    return record(LINES)


def ours(recorded: Recorded, line: str) -> tuple[str, int]:
    """What the model's prints; the tool itself is one of the processes that it sees."""
    words = shlex.split(line.replace("@", str(recorded.pid)))
    first = min(recorded.processes, key=lambda each: each.pid)
    own = Process(99998, first.pid, " ".join(words), "lsns", spaces=first.spaces)
    files = {inode: f"/run/netns/{name}" for name, inode in recorded.pinned.items()}
    netns = lsns.Netns({recorded.pinned["cni-1"]: 0}, files)
    try:
        return lsns.run([*recorded.processes, own], netns, words[1:]), 0
    except CommandError as error:
        return f"{error}\n", error.code


@pytest.mark.parametrize("line", LINES)
def test_as_the_real_one(recorded: Recorded, line: str) -> None:
    assert ours(recorded, line) == recorded.outputs[line]


def test_what_the_real_one_can_and_the_model_cannot() -> None:
    for words in (["-J"], ["--tree"], ["-o", "ONS"]):
        with pytest.raises(NotModelled):
            lsns.run([Process(1, 0, "init")], lsns.Netns({}, {}), words)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=9))
def test_the_tree_loses_no_namespace(drawn: list[tuple[int, int, int]]) -> None:
    processes = [Process(pid, min(parent, pid - 1), "x", spaces=Spaces(net=100 + net, mnt=200 + mnt))
                 for pid, (parent, net, mnt) in enumerate(drawn, start=1)]  # fmt: skip
    listed = sorted((space.number, space.kind) for space in lsns.listed(processes))
    printed = lsns.run(processes, lsns.Netns({}, {}), ["-n", "-o", "NS,TYPE"])
    assert sorted((int(row.split()[0]), row.split()[1]) for row in printed.splitlines()) == listed
