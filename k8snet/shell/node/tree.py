"""The part of a file system that is known: what programs wrote, and what the kernel shows of processes and namespaces.

Some folders are known whole: what is not in them does not exist. Of all others nothing is said. `ls`, `cat` and `readlink` read
it (files.py); a node's is made here, a container's in inside.py. Sources: proc(5), namespaces(7); containerd 2, pkg/netns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from posixpath import normpath

from k8snet.errors import NotModelled
from k8snet.linux.fact import Fact
from k8snet.shell.node import spaces
from k8snet.shell.node.host import Host
from k8snet.shell.node.processes import Process

FILE, LINK, FOLDER = "-", "l", "d"
WHOLE = ("/etc/cni", "/etc/kubernetes/manifests", "/opt/cni", spaces.FOLDER, "/var/lib/cni")
"""The folders of a node that are known whole."""
ALWAYS = ("/etc/cni/net.d", "/etc/kubernetes/manifests", "/opt/cni/bin", spaces.FOLDER)
"""Folders that are there even if they are empty."""
PLUGINS = ("bridge", "host-local", "loopback", "portmap")
SYSCTLS = "/proc/sys/"
NS_LINKS = ("cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts")


class Entry(Fact, frozen=True):
    """A file, a link or a folder. No ``text``: it has one that is not modelled. ``time``: when it was changed, if known."""

    kind: str = FILE
    text: str | None = None
    target: str = ""
    inode: int = 0
    time: datetime | None = None
    mode: str = "rw-r--r--"


def pointed_at(link: Entry) -> Entry:
    """The namespace that a link in /proc/PID/ns leads to."""
    inode = int(link.target.partition("[")[2].rstrip("]"))
    return Entry(inode=inode, time=link.time, mode="r--r--r--")


Entries = dict[str, Entry]


class Tree:
    """Files and links by path; the folders that are known ``whole``; the processes, as /proc shows them under ``number``.

    ``sysctl`` reads a switch by its dotted name. ``own`` is the process that reads: /proc/self.
    """

    def __init__(self, entries: Entries, whole: Iterable[str], processes: dict[int, Process], own: int, now: datetime,
                 sysctl: Callable[[str], str]) -> None:
        self.entries = entries
        self.whole = tuple(whole)
        self.processes = {str(number): process for number, process in processes.items()}
        self.own = own
        self.now = now
        self.sysctl = sysctl

    def look(self, path: str) -> Entry | None:
        """What is at a path; None if there is nothing. NotModelled where nothing is known."""
        path = self._plain(path)
        if path in self.entries:
            return self.entries[path]
        if path in ALWAYS or any(self._below(path)):
            return Entry(FOLDER, mode="rwxr-xr-x")
        if path.startswith(SYSCTLS):
            return Entry(text=self.sysctl(path.removeprefix(SYSCTLS).replace("/", ".")))
        if path.startswith("/proc/") and path.split("/")[2].isdecimal():
            return self._process(path)
        if self._knows(path):
            return None
        raise NotModelled(path, known=", ".join(sorted({*self.whole, "/proc/PID/ns", *self._single()})))

    def names(self, path: str) -> list[str]:
        """What is in a folder. NotModelled if not all of it is known."""
        path = self._plain(path)
        if path.startswith("/proc/") and path.endswith("/ns"):
            return list(NS_LINKS)
        if not self._knows(path):
            raise NotModelled(f"all that is in {path}", known=", ".join(self.whole))
        return sorted({rest.partition("/")[0] for rest in self._below(path)})

    def _plain(self, path: str) -> str:
        if not path.startswith("/"):
            raise NotModelled(f"the relative path {path!r}", known="a path that begins with /")
        plain = normpath(path).replace("//", "/")
        if plain == "/var/run" or plain.startswith("/var/run/"):
            plain = plain.removeprefix("/var")
        return f"/proc/{self.own}{plain[10:]}" if plain == "/proc/self" or plain.startswith("/proc/self/") else plain

    def _below(self, path: str) -> Iterator[str]:
        """What of the known paths lies under this one."""
        start = path.rstrip("/") + "/"
        return (each[len(start) :] for each in (*self.entries, *ALWAYS) if each.startswith(start) and self._knows(each))

    def _knows(self, path: str) -> bool:
        return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in self.whole)

    def _single(self) -> set[str]:
        return {path for path in self.entries if not self._knows(path)}

    def _process(self, path: str) -> Entry | None:
        _, _, number, *rest = path.split("/")
        process = self.processes.get(number)
        if process is None:
            return None
        match rest:
            case ["ns"]:
                return Entry(FOLDER, mode="r-x--x--x", time=self.now)
            case ["ns", name]:
                kind = name.removesuffix("_for_children")
                target = f"{kind}:[{process.spaces.of(kind)}]" if name in NS_LINKS else ""
                return Entry(LINK, target=target, time=self.now, mode="rwxrwxrwx") if target else None
            case ["comm"]:
                return Entry(text=f"{process.comm}\n")
            case ["cmdline"]:
                return Entry(text="\0".join([*process.args.split(" "), ""]))
        raise NotModelled(path, known=f"/proc/{number}/ns, comm, cmdline")


def of_node(host: Host, processes: list[Process], own: int) -> Tree:
    """What is known of a node's files."""
    entries: Entries = {path: Entry(text=text) for path, text in host.files.items()}
    entries |= {f"/opt/cni/bin/{name}": Entry(mode="rwxr-xr-x") for name in PLUGINS}
    for _, name in host.kubelet.static:
        entries[f"/etc/kubernetes/manifests/{name.removesuffix(f'-{host.name}')}.yaml"] = Entry(mode="rw-------")
    for _, sandbox in host.sandboxes():
        if spaces.is_pinned(sandbox):
            inode = spaces.of_sandbox(sandbox).net
            entries[f"{spaces.FOLDER}/{spaces.pinned(sandbox)}"] = Entry(
                inode=inode, time=host.time(sandbox.created), mode="r--r--r--"
            )
    return Tree(entries, WHOLE, {each.pid: each for each in processes}, own, host.time(host.now), _sysctl(host))


def _sysctl(host: Host) -> Callable[[str], str]:
    return lambda name: str(host.in_netns(["sysctl", "-n", name]))
