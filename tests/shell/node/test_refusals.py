"""What the tools of a node refuse, numbers above all: the same words and exit status from the real ones and from the model's."""

from __future__ import annotations

import subprocess

import pytest

from k8snet import Cluster
from k8snet.errors import CommandError, NotModelled
from k8snet.shell.node.ps import USAGE

HUGE, LARGE = "9" * 5000, "Numerical result out of range"
ROWS = [
    ("nsenter -n ip addr", "nsenter: neither filename nor target pid supplied for ns/net", 1),
    ("nsenter -t abc -n ls", "nsenter: failed to parse pid: 'abc'", 1),
    ("nsenter -t 99999 -n true", "nsenter: cannot open /proc/99999/ns/net: No such file or directory", 1),
    ("nsenter -t 99999 --net true", "nsenter: cannot open /proc/99999/ns/net: No such file or directory", 1),
    ("nsenter -at 99999 true", None, 1),
    ("nsenter --net=/run/netns/nope true", "nsenter: cannot open /run/netns/nope: No such file or directory", 1),
    ("nsenter -n/run/netns/nope true", "nsenter: cannot open /run/netns/nope: No such file or directory", 1),
    ("nsenter --net=/proc/1/ns/ipc true", "nsenter: reassociate to namespace 'ns/net' failed: Invalid argument", 1),
    ("nsenter -t 1 -n nosuch", "nsenter: failed to execute nosuch: No such file or directory", 127),
    ("nsenter --foo", "nsenter: unrecognized option '--foo'\nTry 'nsenter --help' for more information.", 1),
    ("nsenter -t", "nsenter: option requires an argument -- 't'\nTry 'nsenter --help' for more information.", 1),
    ("nsenter --target", "nsenter: option '--target' requires an argument\nTry 'nsenter --help' for more information.", 1),
    ("nsenter -N5 true", "nsenter: invalid option -- 'N'\nTry 'nsenter --help' for more information.", 1),
    ("nsenter -a true", "nsenter: no target PID specified for --all", 1),
    ("kill 99999", "kill: (99999): No such process", 1),
    ("kill -9 99999 99998", "kill: (99999): No such process\nkill: (99998): No such process", 1),
    ("kill -s KILL 99999", "kill: (99999): No such process", 1),
    ("kill -SIGTERM 99999", "kill: (99999): No such process", 1),
    ("kill abc", "kill: failed to parse argument: 'abc'", 1),
    ("kill -0 99999 9223372036854775807", "kill: (99999): No such process\nkill: (9223372036854775807): No such process", 1),
    ("kill 9223372036854775808", f"kill: failed to parse argument: '9223372036854775808': {LARGE}", 1),
    (f"kill {HUGE}", f"kill: failed to parse argument: '{HUGE}': {LARGE}", 1),
    (f"nsenter -t {HUGE} -n true", f"nsenter: failed to parse pid: '{HUGE}': {LARGE}", 1),
    ("nsenter -t 99999999999 -n true", "nsenter: cannot open /proc/1215752191/ns/net: No such file or directory", 1),
    ("nsenter -t 4294967296 -n true", "nsenter: neither filename nor target pid supplied for ns/net", 1),
    ("lsns -p 2147483648", f"lsns: invalid PID argument: '2147483648': {LARGE}", 1),
    (f"lsns -p {HUGE}", f"lsns: invalid PID argument: '{HUGE}': {LARGE}", 1),
    ("lsns -p ٣", "lsns: invalid PID argument: '٣'", 1),
    ("lsns 18446744073709551615", "lsns: not found namespace: 18446744073709551615", 1),
    (f"lsns {HUGE}", f"lsns: invalid namespace argument: '{HUGE}': {LARGE}", 1),
    ("ps -p 0", f"error: process ID out of range{USAGE}", 1),
    (f"ps -p 1,{HUGE}", f"error: process ID out of range{USAGE}", 1),
    (f"ps {HUGE}", f"error: process ID out of range{USAGE}", 1),
    ("ps -p ٣", f"error: process ID list syntax error{USAGE}", 1),
    ("ps -o pid:0", f"error: column widths must be unsigned decimal numbers{USAGE}", 1),
    ("ps -o pid:5x", f"error: column widths must be unsigned decimal numbers{USAGE}", 1),
    ("ls /proc/01/ns", "ls: cannot access '/proc/01/ns': No such file or directory", 2),
    (f"cat /proc/{'9' * 200}/comm", f"cat: /proc/{'9' * 200}/comm: No such file or directory", 1),
]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(nodes=1)


@pytest.mark.parametrize(("line", "text", "code"), ROWS)
def test_the_model(cluster: Cluster, line: str, text: str | None, code: int) -> None:
    output = cluster.node("node1").sh(line, check=False)
    assert output.code == code
    assert text is None or output == text


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize(("line", "text", "code"), ROWS)
def test_the_real_ones(line: str, text: str | None, code: int) -> None:
    command = ["unshare", "-Urnpf", "--mount-proc", *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code
    assert text is None or done.stdout + done.stderr == f"{text}\n"


@pytest.mark.usefixtures("kernel")
def test_the_real_kill_says_how_it_is_used_as_the_model_does(cluster: Cluster) -> None:
    done = subprocess.run(["kill"], executable="/usr/bin/kill", capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout + done.stderr == f"{cluster.node('node1').sh('kill', check=False)}\n"


@pytest.mark.parametrize("line", ["nsenter -t 1 -n", "nsenter -t 1 -S 5 ls", "nsenter --net=/etc/passwd ls", "kill 1",
                                  "kill -HUP 701",
                                  "kill -9 412", "systemctl stop containerd", "systemctl restart sshd", "systemctl",
                                  "crictl run x",
                                  "crictl pods -v", "crictl stop", "crictl -r unix:///var/run/crio.sock ps"])  # fmt: skip
def test_what_is_not_modelled(cluster: Cluster, line: str) -> None:
    with pytest.raises(NotModelled):
        cluster.node("node1").sh(line)


@pytest.mark.parametrize(("line", "text"), [
    (f"crictl ps -n {HUGE}", f'FATA[0000] invalid value "{HUGE}" for flag -last: value out of range'),
    ("crictl ps -n x", 'FATA[0000] invalid value "x" for flag -last: parse error'),
    (f"crictl stop -t {HUGE} x", f'FATA[0000] invalid value "{HUGE}" for flag -timeout: value out of range'),
])  # fmt: skip
def test_numbers_of_crictl(cluster: Cluster, line: str, text: str) -> None:
    with pytest.raises(CommandError) as caught:
        cluster.node("node1").sh(line)
    assert str(caught.value) == text


@pytest.mark.parametrize("path", [f"/proc/{HUGE}", "/proc/٣"])
def test_a_process_that_is_not_there(cluster: Cluster, path: str) -> None:
    assert cluster.node("node1").sh(f"ls {path}", check=False) == f"ls: cannot access '{path}': No such file or directory"
