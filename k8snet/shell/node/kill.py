"""``kill`` on a node: signals to the processes of pods. What it prints was compared with procps-ng 4.0.2.

From outside its pid namespace SIGKILL ends every process. SIGTERM ends process 1 of a pid namespace only if it has a handler for
it, any other process in any case (pid_namespaces(7)). What kills the node's own programs is not modelled.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.runtime import KILLED
from k8snet.kube.sandbox import Container
from k8snet.linux.tools import Output
from k8snet.shell.node.host import Host
from k8snet.shell.node.options import number
from k8snet.shell.node.processes import Process

SIGNALS = {"0": 0, "KILL": 9, "9": 9, "TERM": 15, "15": 15}
NO_HANDLER = 128 + 15
"""How a process ends that SIGTERM kills."""
USAGE = """
Usage:
 kill [options] <pid> [...]

Options:
 <pid> [...]            send signal to every <pid> listed
 -<signal>, -s, --signal <signal>
                        specify the <signal> to be sent
 -q, --queue <value>    integer value to be sent with the signal
 -l, --list=[<signal>]  list all signal names, or convert one to a name
 -L, --table            list all signal names in a nice table

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see kill(1)."""


def run(host: Host, processes: Sequence[Process], words: Sequence[str]) -> Output:
    """Run ``kill``. CommandError if there is no such process; the others get the signal all the same."""
    signal, pids = read(list(words))
    lost = []
    for pid in pids:
        process = next((each for each in processes if each.pid == pid), None)
        if process is None:
            lost.append(f"kill: ({pid}): No such process")
        elif signal:
            _send(host, process, signal)
    host.settle()
    if lost:
        raise CommandError("\n".join(lost), errno="ESRCH")
    return Output()


def read(words: list[str]) -> tuple[int, list[int]]:
    """The signal, and to whom. CommandError for what is neither."""
    signal = 15
    if words[:1] and words[0].startswith("-"):
        name = words.pop(0)
        if name in ("-s", "--signal"):
            name = f"-{words.pop(0)}" if words else ""
        signal = _signal(name.removeprefix("--signal=").removeprefix("-"))
    if not words:
        raise CommandError(USAGE)
    return signal, [number(word, "kill: failed to parse argument") for word in words]


def _signal(name: str) -> int:
    found = SIGNALS.get(name.upper().removeprefix("SIG"))
    if found is None:
        raise NotModelled(f"the signal {name}", known="TERM, KILL, 0")
    return found


def _send(host: Host, process: Process, signal: int) -> None:
    if process.pod is None:
        raise NotModelled(f"a signal to {process.args.partition(' ')[0]}", known="signals to the processes of pods")
    kubelet, key = host.kubelet, process.pod
    if process.comm == "pause":
        kubelet.kill_pause(key)
        return
    container = next(each for each in kubelet.runtime.pods[key].containers if each.id == process.container)
    end(kubelet, process, container, signal)


def end(kubelet: Kubelet, process: Process, container: Container, signal: int) -> None:
    """What a signal does to a container's process, where the kernel lets it through."""
    assert process.pod is not None
    if signal == 9:
        kubelet.kill_container(process.pod, container.name, KILLED)
    elif container.does.heeds_term:
        kubelet.kill_container(process.pod, container.name, container.does.term_code)
    elif process.inner != 1:
        kubelet.kill_container(process.pod, container.name, NO_HANDLER)
