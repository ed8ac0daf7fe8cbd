"""ps: the same processes in the real one and in the model's."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

import pytest

from k8snet import Cluster
from k8snet.errors import CommandError, NotModelled
from k8snet.linux.fact import changed
from k8snet.shell.node import ps
from k8snet.shell.node.processes import Process
from tests.shell.node.recorded import Recorded, record

LINES = [
    "ps", "ps -e", "ps -A", "ps -f", "ps -ef", "ps aux", "ps ax", "ps x", "ps -ef --forest", "ps axf", "ps auxf", "ps -efww",
    "ps -o pid,ppid,comm,args", "ps -eo pid,ppid,comm,args", "ps -eo user,pid,cmd", "ps -p 1", "ps -p 999999", "ps -C sleep",
    "ps -fC sleep", "ps -C nosuch", "ps --pid 1 -o args=", "ps --ppid 1", "ps p 1", "ps 1", "ps -e -o pid -o comm",
    "ps -o pid,user:12,comm", "ps -o pid= -p 1", "ps -o pid=NUMBER -p 1",
    "ps -eo pid,netns,mntns,utsns,ipcns,pidns,userns,cgroupns,comm",
    "ps -eo pid,stat,s,uid,tty,tname,start,stime,lstart,comm", "ps -eo foo", "ps -p abc", "ps -p 1,2",
]  # fmt: skip


@pytest.fixture(scope="module")
def recorded(kernel: None) -> Recorded:
    return record(LINES)


def comparable(text: str) -> str:
    """Without the tool's own line, without memory, and without the share of a processor."""
    lines = [line for line in text.splitlines() if not re.search(r"\bps( |$)", line)]
    if lines and "%CPU" in lines[0]:
        lines[1:] = [f"{line[:16]}{line[39:]}" for line in lines[1:]]
    if lines and " C STIME" in lines[0]:
        lines[1:] = [f"{line[:24]}{line[27:]}" for line in lines[1:]]
    return "\n".join(lines)


@pytest.mark.parametrize("line", LINES)
def test_as_the_real_one(recorded: Recorded, line: str) -> None:
    first = min(recorded.processes, key=lambda each: each.pid)
    own = Process(99998, first.pid, line, "ps", stat="R", started=first.started, spaces=first.spaces)
    clock = ps.Clock(datetime.now(UTC), datetime(1970, 1, 1, tzinfo=UTC))
    try:
        output = ps.run([*recorded.processes, own], shlex.split(line)[1:], clock, own.pid)
        printed, code = str(output), output.code
    except CommandError as error:
        printed, code = f"{error}\n", error.code
    text, status = recorded.outputs[line]
    assert (comparable(printed), code) == (comparable(text), status)


DAY = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(("age", "stime", "start", "etime"), [
    (0, "12:00", "12:00", "00:00"), (61, "11:58", "11:58", "01:01"), (13 * 3600, "Nov02", "23:00", "13:00:00"),
    (30 * 3600, "Nov02", "Nov02", "1-06:00:00"), (400 * 86400, "2025", "Sep29", "400-00:00:00"),
])  # fmt: skip
def test_times(age: int, stime: str, start: str, etime: str) -> None:
    process = Process(1, 0, "init", started=-float(age))
    clock = ps.Clock(DAY, DAY)
    cells = [ps.COLUMNS[name].cell(process, clock) for name in ("stime", "bsdstart", "etime")]
    assert cells == [stime, start, etime]


@pytest.mark.parametrize("line", ["-l", "-eH", "--sort=pid", "--no-headers", "-t tty1", "l"])
def test_what_is_not_modelled(line: str) -> None:
    with pytest.raises(NotModelled):
        ps.run([Process(1, 0, "init")], line.split(), ps.Clock(DAY, DAY), 1)


def test_another_width_is_that_of_the_header_at_least() -> None:
    column = changed(ps.PID, width=3)
    assert ps.render([("", Process(5, 0, "x"))], [(column, "NUMBER"), (ps.NAME, "")], ps.Clock(DAY, DAY)).startswith("NUMBER ")


def test_kube_proxy_is_a_program_of_each_node() -> None:
    cluster = Cluster(nodes=1)
    shown = cluster.node("node1").sh("ps -C kube-proxy -o ppid,args")
    assert shown.splitlines()[1].split() == ["1", "/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
                                             "--hostname-override=node1"]  # fmt: skip
    cluster.stop("kube-proxy", node="node1")
    assert "kube-proxy" not in cluster.node("node1").sh("ps -e")
    assert "kube-proxy" in cluster.node("control-plane").sh("ps -e")
