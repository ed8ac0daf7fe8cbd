"""A command inside a container, as `kubectl exec` and `crictl exec` run it: with the programs of its image, in its namespaces.

Tools that send packets are the world's, in the pod's network namespace. The small programs that show the container itself are
here and in insider.py: its files as far as they are known, its processes, its variables, its name; and a shell of one line, with
the grammar of kube/shell_line.py.
Sources: containerd 2, internal/cri/server (container_exec*.go) and runc's words; the kubelet's /etc/hosts and /etc/resolv.conf.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from hashlib import sha256

from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.kube.images import repository
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.kubelet.links import environment
from k8snet.kube.sandbox import Container, Sandbox
from k8snet.kube.shell_line import parts
from k8snet.kube.store import Key
from k8snet.linux import tools
from k8snet.linux.fact import changed
from k8snet.linux.tools import Output
from k8snet.shell.node import files, insider, kill, userland
from k8snet.shell.node.options import INT, whole
from k8snet.shell.node.processes import Process, name_of, of_pod
from k8snet.shell.node.tree import Entries, Entry, Tree

HOSTS = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
{ip}\t{name}
"""
RESOLV_CONF = """\
search {namespace}.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5
"""
SHELLS = frozenset({"sh", "ash", "bash", "dash", "zsh"})


class NotStarted(CommandError):
    """The runtime could not start the command; the text is its part of what `kubectl exec` and `crictl exec` print."""


def execute(kubelet: Kubelet, key: Key, name: str, argv: Sequence[str], stdin: str = "") -> Output:
    """Run a command in the container ``name`` of a pod, and return what it prints.

    ApiError if there is no such container; NotStarted if it has ended, or its image has no such program. What the program itself
    refuses is a CommandError, or an Output whose code is not 0. After a command that ends a process, settling is the caller's.
    """
    held = kubelet.runtime.catch_up(key, kubelet.client.now)
    container = held.newest(name) if held is not None else None
    if held is None or container is None:
        raise ApiError(f'unable to upgrade connection: container not found ("{name}")', reason="NotFound")
    if container.finished is not None:
        raise NotStarted("failed to exec in container: container is in CONTAINER_EXITED state", code=1)
    sandbox = next(each for each in held.sandboxes if each.id == container.sandbox)
    processes = list(of_pod(key, held))
    own = next(each for each in processes if each.container == container.id)
    return Inside(kubelet, key, container, sandbox, _seen(processes, own)).run(list(argv), stdin)


def _seen(processes: Sequence[Process], own: Process) -> list[Process]:
    """The processes of one pid namespace, by their numbers in it; parents outside are nobody there."""
    return [changed(each, pid=each.inner, ppid=0) for each in processes if each.spaces.pid == own.spaces.pid]


class Inside:
    """A container, as a command in it sees it."""

    def __init__(self, kubelet: Kubelet, key: Key, container: Container, sandbox: Sandbox, processes: list[Process]) -> None:
        self.kubelet = kubelet
        self.key = key
        self.container = container
        self.sandbox = sandbox
        self.userland = userland.of(container.image)
        self.processes = processes

    @property
    def hostname(self) -> str:
        """The name in its UTS namespace."""
        return self.key[1] if self.sandbox.ip else self.kubelet.machine.name

    @property
    def env(self) -> dict[str, str]:
        """The variables of a command that is run in it, as far as they are known: not those that the image brings."""
        given = environment(self.container, self.kubelet.client)
        return {"PATH": userland.PATH, "HOSTNAME": self.hostname, **given, "HOME": "/root"}

    @property
    def root(self) -> list[str]:
        """What is in the folder /; nothing if that is not known."""
        image = self.container.image
        return userland.ROOTS.get(repository(image), "").split() if "alpine" not in image or "/" in image else []

    def end(self, process: Process, signal: int) -> None:
        """A signal that gets through to a process ends it."""
        if process.comm == "pause":
            self.kubelet.kill_pause(self.key)
        else:
            those = self.kubelet.runtime.pods[self.key].containers
            kill.end(self.kubelet, process, next(each for each in those if each.id == process.container), signal)

    # --- starting a program ---------------------------------------------------------------------------------------

    def run(self, argv: list[str], stdin: str = "") -> Output:
        """Run a command; NotStarted if its image does not have it."""
        if not argv:
            raise NotStarted(self._failed(argv, "no command specified"))
        if self.userland.find(argv[0]) is None:
            missing = "no such file or directory" if "/" in argv[0] else "executable file not found in $PATH"
            missing = f"stat {argv[0]}: {missing}" if "/" in argv[0] else missing
            raise NotStarted(self._failed(argv, f'exec: "{argv[0]}": {missing}'), code=127, errno="ENOENT")
        return self.start(argv, stdin)

    def _failed(self, argv: Sequence[str], why: str) -> str:
        drawn = sha256(f"{self.container.id} {argv}".encode()).hexdigest()
        runc = f"OCI runtime exec failed: exec failed: unable to start container process: {why}: unknown"
        return f'failed to exec in container: failed to start exec "{drawn}": {runc}'

    def start(self, argv: list[str], stdin: str = "") -> Output:
        """Run a program that is there. NotModelled if it is one that the model does not run."""
        name = self.userland.find(argv[0])
        assert name is not None
        if name in SHELLS:
            return self._shell(argv)
        if name in PROGRAMS:
            return PROGRAMS[name](self, argv[1:], stdin)
        if name in tools.MODULES:
            return self.in_netns([name, *argv[1:]], stdin)
        raise NotModelled(f"{name} in a container", known=", ".join(sorted({*PROGRAMS, *tools.MODULES} & self.userland.programs)))

    def in_netns(self, argv: Sequence[str], stdin: str = "") -> Output:
        """Run one of the world's tools in the pod's network namespace."""
        return self.kubelet.machine.world.sh(f"ip netns exec {self.sandbox.netns} {shlex.join(argv)}", stdin)

    # --- the shell ------------------------------------------------------------------------------------------------

    def _shell(self, argv: list[str]) -> Output:
        """`sh -c LINE`: commands one after the other. Without ``-c`` it reads its input, which has ended."""
        if argv[1:2] != ["-c"]:
            if argv[1:]:
                raise NotModelled(shlex.join(argv), known="sh -c LINE")
            return Output()
        if not argv[2:]:
            raise CommandError(f"{argv[0]}: 0: -c requires an argument", code=2)
        printed, code = "", 0
        for joint, words in parts(argv[2]):
            if (joint == "&&" and code) or (joint == "||" and not code):
                continue
            if words[0] == "exit":
                code = _exit_code(words[1]) if words[1:] else code
                break
            text, code = self._command(name_of(argv[0]), [self._expanded(word) for word in words])
            printed += text
        return Output(printed, code=code)

    def _command(self, shell: str, words: list[str]) -> tuple[str, int]:
        """What one command prints, and its exit code."""
        quiet = words[-2:] == [">", "/dev/null"]
        words = words[:-2] if quiet else words
        if ">" in words or ">>" in words:
            raise NotModelled("a redirection into a file of a container", known="> /dev/null")
        try:
            done = self._simple(shell, words)
        except CommandError as error:
            return (f"{error}\n" if str(error) else ""), error.code
        return ("" if quiet else str(done)), done.code

    def _simple(self, shell: str, words: list[str]) -> Output:
        if words[0] in BUILTINS:
            return BUILTINS[words[0]](self, words[1:], "")
        if self.userland.find(words[0]) is None:
            ash = f"{shell}: {words[0]}: not found" if self.userland.is_busybox else f"{shell}: 1: {words[0]}: not found"
            said = {"bash": f"bash: line 1: {words[0]}: command not found", "zsh": f"zsh:1: command not found: {words[0]}"}
            raise CommandError(said.get(shell, ash), code=127)
        return self.start(words)

    def _expanded(self, word: str) -> str:
        if "`" in word or "$(" in word:
            raise NotModelled(f"the shell's {word}", known="variables: $NAME")
        for name, value in sorted(self.env.items(), reverse=True):
            word = word.replace(f"${{{name}}}", value).replace(f"${name}", value)
        return word

    # --- what can be read -----------------------------------------------------------------------------------------

    def seen_by(self, argv: str) -> tuple[list[Process], Process]:
        """The processes that a command sees, itself among them."""
        own = Process(max(each.pid for each in self.processes) + 1, 0, argv, name_of(argv), stat="R",
                      started=self.kubelet.client.now, spaces=self.processes[-1].spaces)  # fmt: skip
        return [*self.processes, own], own

    def tree(self, argv: str) -> Tree:
        """The files that are known."""
        seen, own = self.seen_by(argv)
        entries: Entries = {}
        if self.sandbox.ip:
            namespace, name = self.key
            entries = {
                "/etc/hostname": Entry(text=f"{name}\n"),
                "/etc/hosts": Entry(text=HOSTS.format(ip=self.sandbox.ip, name=name)),
                "/etc/resolv.conf": Entry(text=RESOLV_CONF.format(namespace=namespace)),
            }
        return Tree(entries, (), {each.pid: each for each in seen}, own.pid, self.kubelet.client.time,
                    lambda name: str(self.in_netns(["sysctl", "-n", name])))  # fmt: skip


def _exit_code(word: str) -> int:
    try:
        number = whole(word, INT)
    except ValueError:
        number = None
    if number is None:
        raise NotModelled(f"the shell's exit {word}", known="exit, exit NUMBER")
    return number % 256


Run = Callable[[Inside, list[str], str], Output]


def _file_tool(name: str) -> Run:
    def run(inside: Inside, words: list[str], stdin: str) -> Output:
        tree, busybox = inside.tree(shlex.join([name, *words])), inside.userland.is_busybox
        if name == "ls" and words in (["/"], []) and inside.root:
            return Output("".join(f"{each}\n" for each in inside.root))
        if name == "cat":
            return files.cat(tree, words, stdin, busybox=busybox)
        return files.ls(tree, words, busybox=busybox) if name == "ls" else files.readlink(tree, words)

    return run


PROGRAMS: dict[str, Run] = {**{name: _file_tool(name) for name in ("cat", "ls", "readlink")}, **insider.PROGRAMS}
"""The small programs that are run in here, if an image has them."""
BUILTINS: dict[str, Run] = {name: insider.PROGRAMS[name] for name in ("echo", "true", "false", "kill", ":")}
"""What a shell does itself."""
