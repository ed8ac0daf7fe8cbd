"""The Linux namespaces of a node's processes: which process is in which, by inode, and under which name a netns is pinned.

The kernel numbers namespaces as they are made. Here the numbers follow from the pid of the process that they were made for, so
they are the same in every run: first the network namespace, which containerd makes before there is a process, then in the order
of the kernel's create_new_namespaces(). A container shares its sandbox's net, ipc and uts. Sources: kernel/nsproxy.c;
containerd 2, pkg/netns and internal/cri/server (sandbox_run_linux.go, container_create_linux.go); runc.
"""

from __future__ import annotations

from hashlib import sha256

from k8snet.kube.runtime import FIRST_PID
from k8snet.kube.sandbox import Container, Sandbox
from k8snet.linux.fact import Fact, changed

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
"""The types of namespaces, in the order of the alphabet."""
FOLDER = "/run/netns"
FIRST = 4026532200
"""The first number that a sandbox's namespaces can have."""
APART = 8
"""How far the numbers of two processes are from one another."""


class Spaces(Fact, frozen=True):
    """The namespaces of a process, by inode. As they are given here: those that the machine itself has from the beginning."""

    cgroup: int = 4026531835
    ipc: int = 4026531839
    mnt: int = 4026531841
    net: int = 4026531840
    pid: int = 4026531836
    time: int = 4026531834
    user: int = 4026531837
    uts: int = 4026531838

    def of(self, kind: str) -> int:
        """The namespace of one type."""
        found: int = getattr(self, kind)
        return found


MACHINE = Spaces()


def _first(pid: int) -> int:
    return FIRST + APART * (pid - FIRST_PID)


def of_sandbox(sandbox: Sandbox) -> Spaces:
    """The namespaces of pause. On the host's network it has the machine's net and uts."""
    first = _first(sandbox.pause.pid)
    own = Spaces(net=first, mnt=first + 1, uts=first + 2, ipc=first + 3, pid=first + 4)
    return own if sandbox.ip else changed(own, net=MACHINE.net, uts=MACHINE.uts)


def of_container(container: Container, sandbox: Spaces, *, shares_processes: bool) -> Spaces:
    """The namespaces of a container in that sandbox."""
    first = _first(container.pid)
    own = changed(sandbox, mnt=first, cgroup=first + 2)
    return own if shares_processes else changed(own, pid=first + 1)


def pinned(sandbox: Sandbox) -> str:
    """The name under which containerd pins a sandbox's network namespace in /run/netns. It draws it; here it is made of the id.

    >>> from k8snet.kube.runtime import PAUSE, PAUSE_IMAGE
    >>> pinned(Sandbox("51ab", 0, "web", Container("51ab", "pause", PAUSE_IMAGE, "51ab", 1002, 0.0, PAUSE), 0.0))
    'cni-87d62e9b-30e0-706b-a2e8-33f3ef570354'
    """
    drawn = sha256(f"netns of {sandbox.id}".encode()).hexdigest()
    return f"cni-{drawn[:8]}-{drawn[8:12]}-{drawn[12:16]}-{drawn[16:20]}-{drawn[20:32]}"


def path(sandbox: Sandbox) -> str:
    """The file of a sandbox's network namespace, as containerd writes it; /var/run is a link to /run."""
    return f"/var/run/netns/{pinned(sandbox)}"


def is_pinned(sandbox: Sandbox) -> bool:
    """Whether a sandbox has a network namespace of its own, which stays there until the runtime takes it away."""
    return sandbox.place is not None and bool(sandbox.netns)
