"""The processes of a node, as `ps` finds them: its own programs, a shim for each sandbox, pause, and the containers' processes.

One process stands for each container (nginx' workers are not there), and there are no kernel threads. Who types is logged in at
the console: a login, a shell, and the tool itself. Numbers come from the runtime. Sources: proc(5); containerd 2, the manual of
its shim; kubeadm's unit files.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.sandbox import Container, Held, Sandbox
from k8snet.kube.store import Key
from k8snet.linux.fact import Fact
from k8snet.shell.node.host import Host
from k8snet.shell.node.spaces import MACHINE, Spaces, of_container, of_sandbox

KUBELET_PID, KUBE_PROXY_PID, CONTAINERD_PID, SHELL_PID = 701, 820, 412, 951
KUBELET = ("/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf "
           "--kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml")  # fmt: skip
KUBE_PROXY = "/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf --hostname-override={node}"
"""As kubeadm's DaemonSet starts it; here it has no pod around it."""
SHIM = "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id {id} -address /run/containerd/containerd.sock"
NOBODY = "65535"
"""Whom pause runs as: a number without a name."""
LONGEST_NAME = 15
"""So many letters of a program's name the kernel keeps."""


class Process(Fact, frozen=True):
    """A process. ``inner`` is its number in its own pid namespace, ``started`` a time of the cluster's clock."""

    pid: int
    ppid: int
    args: str
    comm: str = ""
    inner: int = 0
    user: str = "root"
    tty: str = "?"
    stat: str = "Ss"
    started: float = 0.0
    spaces: Spaces = MACHINE
    pod: Key | None = None
    container: str = ""
    """The container's id; pause has its sandbox's."""


def table(host: Host, tool: str) -> list[Process]:
    """All processes of a node by number, with the ``tool`` that asks."""
    found = [*_own(host), *(each for key, held in host.pods() for each in of_pod(key, held))]
    typed = next_pid(host)
    found.append(Process(typed, SHELL_PID, tool, name_of(tool), inner=typed, tty="tty1", stat="R+", started=host.now))
    return sorted(found, key=lambda each: each.pid)


def next_pid(host: Host) -> int:
    """The number of the next process; a tool that only looks leaves no trace."""
    return host.kubelet.runtime.last_pid + 1


def _own(host: Host) -> Iterator[Process]:
    """The node's own programs, as far as they matter here, and who types."""
    yield _program(1, 0, "/sbin/init", "systemd")
    yield _program(187, 1, "/lib/systemd/systemd-journald")
    yield _program(CONTAINERD_PID, 1, "/usr/bin/containerd", stat="Ssl")
    if host.service.running:
        yield _program(KUBELET_PID, 1, KUBELET, stat="Ssl")
    if host.has_kube_proxy:
        yield _program(KUBE_PROXY_PID, 1, KUBE_PROXY.format(node=host.name), stat="Ssl")
    yield _program(940, 1, "/bin/login -p --", tty="tty1")
    yield _program(SHELL_PID, 940, "-bash", "bash", tty="tty1", stat="S")


def _program(pid: int, ppid: int, args: str, comm: str = "", *, stat: str = "Ss", tty: str = "?") -> Process:
    return Process(pid, ppid, args, comm or name_of(args), inner=pid, stat=stat, tty=tty)


def of_pod(key: Key, held: Held) -> Iterator[Process]:
    """The processes of one pod, and the shims above them."""
    for sandbox in held.sandboxes:
        own = of_sandbox(sandbox)
        inside = [each for each in held.containers if each.sandbox == sandbox.id and each.finished is None]
        if sandbox.pause.finished is None or inside:
            shim = SHIM.format(id=sandbox.id)
            yield Process(sandbox.shim, 1, shim, name_of(shim), inner=sandbox.shim, stat="Sl", started=sandbox.created)
        if sandbox.pause.finished is None:
            yield Process(sandbox.pause.pid, sandbox.shim, "/pause", "pause", inner=1, user=NOBODY, started=sandbox.created,
                          spaces=own, pod=key, container=sandbox.id)  # fmt: skip
        yield from (_of_container(key, each, sandbox, own) for each in inside)


def _of_container(key: Key, container: Container, sandbox: Sandbox, own: Spaces) -> Process:
    shares = sandbox.shares_processes
    return Process(
        container.pid, sandbox.shim, container.does.process, name_of(container.does.process),
        inner=container.pid - sandbox.pause.pid + 1 if shares else 1, started=container.started,
        spaces=of_container(container, own, shares_processes=shares), pod=key, container=container.id,
    )  # fmt: skip


def name_of(args: str) -> str:
    """The name that the kernel has for a process with such a command line.

    >>> name_of("nginx: master process nginx -g daemon off;"), name_of("/usr/bin/containerd-shim-runc-v2 -id 5")
    ('nginx', 'containerd-shim')
    """
    first = args.partition(" ")[0]
    return first.rpartition("/")[2].rstrip(":")[:LONGEST_NAME]
