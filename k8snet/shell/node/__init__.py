"""What is typed on a node or in a pod: crictl, lsns, nsenter, ps, kill, ls, cat, readlink, systemctl, and the world's own tools.

`run` is a node's shell, `in_pod` a pod's, `in_container` and `execute` one command in one container. There is one command to a
line, as everywhere. crictl/ is cri-tools' client, inside.py a container from within; tree.py and files.py are what can be read,
processes.py and spaces.py what the kernel knows. A real `ip netns` on a node lists the names of spaces.py, the model's its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8snet.errors import ApiError, CommandError
from k8snet.kube.assembly import Assembly
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.store import Key
from k8snet.linux import tools
from k8snet.linux.tools import Output
from k8snet.shell.node import crictl, files, inside, kill, lsns, nsenter, ps, spaces, systemctl, tree
from k8snet.shell.node.host import Host
from k8snet.shell.node.inside import NotStarted, execute
from k8snet.shell.node.processes import Process, next_pid, table

__all__ = ["NotStarted", "execute", "in_container", "in_pod", "run"]

OF_CONTAINERS = frozenset({*inside.PROGRAMS, *inside.SHELLS} - {":"})
"""What is a container's own, even if it is typed from outside."""
OURS = ("cat", "crictl", "kill", "ls", "lsns", "nsenter", "ps", "readlink", "systemctl")
"""The tools of a node that the world does not have."""


def run(assembly: Assembly, node: str, line: str, stdin: str = "", *, check: bool = True) -> Output:
    """Run a command line on a node. CommandError if it is refused; with ``check=False`` its text is returned, with ``.code``.

    >>> from k8snet.kube.site import standard
    >>> run(Assembly(standard(1)), "node1", "nsenter -t 99 -n ip addr", check=False)
    nsenter: cannot open /proc/99/ns/net: No such file or directory
    """
    def typed() -> Output:
        words = tools.split(line)
        if node in assembly.off or not words:
            return Host(assembly, node).in_netns(words, stdin)
        return _run(Host(assembly, node), words, stdin)

    return _checked(typed, check=check)


def in_pod(assembly: Assembly, node: str, key: Key, line: str, stdin: str = "", *, check: bool = True) -> Output:
    """Run a command line in a pod: the node's tools in its network namespace, as by `nsenter -n`.

    What shows the container rather than the network (``ps``, ``cat``, ``env``, ``hostname`` …) is run in its first container, if
    that has it. CommandError, as with `run`.
    """
    def typed() -> Output:
        words = tools.split(line)
        if words and tools.FOLDERS.sub("", words[0]) in OF_CONTAINERS:
            return in_container(assembly, node, key, line, stdin)
        netns = assembly.kubelets[node].runtime.netns_of(key)
        return _of_the_world(Host(assembly, node, netns), words, stdin)

    return _checked(typed, check=check)


def in_container(assembly: Assembly, node: str, key: Key, line: str, stdin: str = "", *, container: str = "",
                 check: bool = True) -> Output:
    """Run a command line in a container of a pod, by default the first, with what its image has. CommandError, as with `run`."""
    kubelet = assembly.kubelets[node]

    def typed() -> Output:
        output = execute(kubelet, key, container or _first(kubelet, key), tools.split(line), stdin)
        assembly.plane.settle_unless_paused()
        return output

    return _checked(typed, check=check)


def _checked(typed: Callable[[], Output], *, check: bool) -> Output:
    try:
        return typed()
    except (ApiError, CommandError) as error:
        if check:
            raise
        return Output(str(error), code=error.code)


def _first(kubelet: Kubelet, key: Key) -> str:
    """The name of a pod's first container, which is meant if nobody says another."""
    pod = kubelet.client.find("Pod", key[1], key[0])
    return str(pod.spec.containers[0].name) if pod is not None else ""


def _run(host: Host, words: Sequence[str], stdin: str = "") -> Output:
    """Run one command in the namespaces that ``host`` tells of."""
    name, rest = tools.FOLDERS.sub("", words[0]), list(words[1:])
    if name == "hostname" and rest in ([], ["-s"], ["--short"]):
        return Output(f"{host.name}\n")
    if name not in OURS:
        return _of_the_world(host, words, stdin)
    processes, own = table(host, " ".join(words)), next_pid(host)
    match name:
        case "crictl":
            return crictl.run(host, rest)
        case "nsenter":
            return _nsenter(host, processes, rest, stdin)
        case "lsns":
            return Output(lsns.run(processes, _netns(host), rest))
        case "ps":
            return ps.run(processes, rest, ps.Clock(host.time(host.now), host.time(0.0)), own)
        case "kill":
            return kill.run(host, processes, rest)
        case "systemctl":
            return systemctl.run(host, rest)
    known = tree.of_node(host, processes, own)
    return files.cat(known, rest, stdin) if name == "cat" else files.BY_NAME[name](known, rest)


def _of_the_world(host: Host, words: Sequence[str], stdin: str) -> Output:
    name = tools.FOLDERS.sub("", words[0]) if words else ""
    if words and name not in tools.MODULES:
        unknown = CommandError(f"sh: 1: {name}: not found", code=127)
        unknown.add_note(f"A node has {', '.join(sorted({*OURS, *tools.MODULES}))}.")
        raise unknown
    return host.in_netns(words, stdin)


def _nsenter(host: Host, processes: list[Process], words: list[str], stdin: str) -> Output:
    def outside(there: Host, command: list[str]) -> Output:
        if tools.FOLDERS.sub("", command[0]) not in (*OURS, *tools.MODULES):
            raise CommandError(f"nsenter: failed to execute {command[0]}: No such file or directory", code=127, errno="ENOENT")
        return _run(there, command, stdin)

    def within(process: Process, command: list[str]) -> Output:
        try:
            return _in_container(host, process, command, stdin)
        except NotStarted as error:
            text = f"nsenter: failed to execute {command[0]}: No such file or directory"
            raise CommandError(text, code=127, errno="ENOENT") from error

    return nsenter.run(host, processes, words, outside, within)


def _in_container(host: Host, process: Process, command: list[str], stdin: str) -> Output:
    assert process.pod is not None
    held = host.kubelet.runtime.pods[process.pod]
    name = next((each.name for each in held.containers if each.id == process.container), "")
    if not name:
        raise NotStarted("pause has no program but itself")
    output = execute(host.kubelet, process.pod, name, command, stdin)
    host.settle()
    return output


def _netns(host: Host) -> lsns.Netns:
    """What lsns asks the kernel about network namespaces."""
    here = host.assembly.plane.world.find(host.netns)
    numbers, pins = dict[int, int](), dict[int, str]()
    for _, sandbox in host.sandboxes():
        if spaces.is_pinned(sandbox):
            inode = spaces.of_sandbox(sandbox).net
            pins[inode] = f"{spaces.FOLDER}/{spaces.pinned(sandbox)}"
            number = here.nsids.find(sandbox.netns) if here is not None else None
            numbers |= {} if number is None else {inode: number}
    number = here.nsids.find(host.name) if here is not None else None
    return lsns.Netns(numbers | ({} if number is None else {spaces.MACHINE.net: number}), pins)
