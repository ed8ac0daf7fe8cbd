"""The real plugins on the real kernel beside ours in the model: the same configuration, the same calls, and what became of it.

The lab's private namespaces get a /proc of their own, by which the plugins find themselves, and a /var/lib in memory,
where host-local keeps its files; the machine that the tests run on keeps nothing.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any, Self

import msgspec

from k8snet.kube import cni
from k8snet.kube.cni import executable
from k8snet.kube.cni.spec import CniError, Result, Sandbox
from k8snet.kube.machine import Machine
from k8snet.lab.kernel import Kernel
from k8snet.lab.replay import Answer, Lab, ask_model
from k8snet.linux.address import ANY
from k8snet.linux.log import Command, Connect, Listen, Ping
from k8snet.linux.tools import split
from k8snet.linux.trace import Trace

BINARIES = Path("/usr/lib/cni")
VETH, MAC, INDEX = re.compile(r"\bveth[0-9a-f]{8}\b"), re.compile(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b"), re.compile(r"@\w+(?=:)")
BESIDE = re.compile(r"^\d+: | qdisc \w+| qlen \d+| group default| mode DEFAULT|\[\d+:\d+\]|\\.*")
"""What the model and the kernel may tell otherwise: numbers of devices, queues, counters, the second half of a device's line."""

UNCOMPARED = re.compile(r"veth|neigh/default|neigh\.default")
"""Switches of devices whose names differ, and those that only the machine's first namespace has."""

LIST_FILES = """
import json, pathlib
files = [path for path in pathlib.Path("/var/lib/cni").rglob("*") if path.is_file()]
print(json.dumps(sorted(f"{path} {path.read_bytes().decode()!r}" for path in files)))
"""
WITHOUT_IPV6 = "/run/only-ipv4"
"""A folder for the plugins' PATH that has iptables and no ip6tables: the model has no IPv6, so the real machine has none."""

Picture = dict[str, list[str]]


@functools.cache
def missing() -> str | None:
    """Why the real plugins cannot be asked, on a machine that has the lab; None if they can."""
    names = ("bridge", "host-local", "portmap", "loopback")
    lacking = [name for name in names if not (BINARIES / name).exists()]
    if lacking:
        return f"{BINARIES} lacks {', '.join(lacking)} (Debian: containernetworking-plugins)"
    with Kernel() as kernel:
        done = kernel.run(["mount", "-t", "proc", "proc", "/proc"], check=False)
    return f"a /proc of one's own is refused here: {done.strip()}" if done.code else None


class Twin:
    """Nodes of one name on both sides. A context manager."""

    def __init__(self, *nodes: str) -> None:
        self.lab = Lab()
        for kind, place in (("proc", "/proc"), ("tmpfs", "/var/lib")):
            self.lab.kernel.run(["mount", "-t", kind, kind, place])
        self.lab.sh(f"mkdir {WITHOUT_IPV6} && ln -s $(command -v iptables) {WITHOUT_IPV6}")
        self.result: tuple[Result, Result] = {}, {}
        """What the last ADD gave, as it was said."""
        self.trace: Trace | None = None
        self.machines = {name: Machine(self.lab.model, name) for name in nodes}
        self.both(*(line for name in nodes for line in (f"ip netns add {name}", f"ip -n {name} link set lo up")))

    def both(self, *lines: str) -> None:
        """Run commands on both sides."""
        for line in lines:
            self.lab.redo(Command(line))

    def listen(self, netns: str, port: int, proto: str = "tcp") -> None:
        """Start an app on both sides."""
        self.lab.redo(Listen(netns, port, proto, netns, ANY))

    def ask(self, question: Connect | Ping) -> tuple[Answer, Answer]:
        """Both sides' answers, the model's first; without ports, which masquerading may change. `trace` is the model's story."""
        trace = self.trace = ask_model(self.lab.model, question)
        real = self.lab.ask(question, trace)
        model = Answer(trace.fate, trace.errno, trace.icmp, trace.answered_by, trace.seen_from)
        return _portless(model), _portless(real)

    def begin_anew(self, *netns: str) -> None:
        """Empty these namespaces, the node's tables and the disks."""
        self.both(*(line for name in netns for line in (f"ip netns del {name}", f"ip netns add {name}")))
        for name, machine in self.machines.items():
            machine.files.clear()
            for run in (self._ask_model, self._ask_kernel):
                here = f"ip netns exec {name}"
                bridges = [line.split()[1].rstrip(":") for line in run(f"{here} ip -o link show type bridge").splitlines()]
                for line in (*(f"ip link del {quote(each)}" for each in bridges), "iptables -t nat -F", "iptables -t nat -X"):
                    run(f"{here} {line}")
        self.lab.sh("rm -rf /var/lib/cni")

    # --- one plugin by hand ---------------------------------------------------------------------------------------

    def by_hand(self, plugin: str, environment: dict[str, str], stdin: str, node: str = "node") -> tuple[Any, Any]:
        """What both sides' plugin prints, the model's first."""
        try:
            model = _read(executable.run(self.machines[node], plugin, environment, stdin))
        except CniError as error:
            model = error.printed
        return _nameless(model), _nameless(self._real(plugin, environment, stdin, node)[1])

    def _real(self, plugin: str, environment: dict[str, str], stdin: str, node: str) -> tuple[int, Any]:
        said = [f"{key}={value}" for key, value in (environment | {"CNI_PATH": str(BINARIES), "PATH": WITHOUT_IPV6}).items()]
        words = ["/usr/bin/env", *said, str(BINARIES / plugin)]
        done = self.lab.kernel.request("run", words=words, stdin=stdin, netns=node, timeout=60.0)
        return done["code"], _read(done["out"])

    # --- a chain of plugins ---------------------------------------------------------------------------------------

    def add(self, conflist: dict[str, Any], sandbox: Sandbox, node: str = "node") -> tuple[Result, Result]:
        """ADD on both sides: two results, or two errors, the model's first. An error is followed by DEL."""
        try:
            model = cni.add(self.machines[node], json.dumps(conflist), sandbox)
        except CniError as error:
            model = error.printed
        code, real = self._chain("ADD", conflist, sandbox, node)
        if code:
            self._chain("DEL", conflist, sandbox, node)
        self.result = model, real
        return _nameless(model), _nameless(real)

    def check(self, conflist: dict[str, Any], sandbox: Sandbox, results: tuple[Result, Result]) -> tuple[Any, Any]:
        """CHECK on both sides, each with its own result of ADD."""
        model: Any = None
        try:
            cni.check(self.machines["node"], json.dumps(conflist), sandbox, results[0])
        except CniError as error:
            model = error.printed
        return _nameless(model), _nameless(self._chain("CHECK", conflist, sandbox, "node", results[1])[1])

    def delete(self, conflist: dict[str, Any], sandbox: Sandbox, node: str = "node") -> tuple[Any, Any]:
        """DEL on both sides: what they refuse, or None."""
        model: Any = None
        try:
            cni.delete(self.machines[node], json.dumps(conflist), sandbox)
        except CniError as error:
            model = error.printed
        return _nameless(model), _nameless(self._chain("DEL", conflist, sandbox, node)[1])

    def _chain(
        self, command: str, conflist: dict[str, Any], sandbox: Sandbox, node: str, before: Result | None = None
    ) -> tuple[int, Any]:
        """What libcni does, in so few lines; it ends at the first error."""
        own = {key: conflist[key] for key in ("name", "cniVersion")}
        environment = {
            "CNI_COMMAND": command, "CNI_CONTAINERID": sandbox.container_id, "CNI_NETNS": sandbox.path,
            "CNI_IFNAME": sandbox.ifname, "CNI_ARGS": sandbox.arguments,
        }  # fmt: skip
        printed: Any = None
        for plugin in reversed(conflist["plugins"]) if command == "DEL" else conflist["plugins"]:
            said = plugin | own | ({"prevResult": before} if before else {})
            if plugin.get("capabilities", {}).get("portMappings") and sandbox.port_mappings:
                said["runtimeConfig"] = {"portMappings": msgspec.to_builtins(sandbox.port_mappings)}
            code, printed = self._real(plugin["type"], environment, json.dumps(said), node)
            if code:
                return code, printed
            before = printed if command == "ADD" else before
        return 0, printed

    # --- what became of it ----------------------------------------------------------------------------------------

    def pictures(self, *netns: str, node: str = "node") -> tuple[Picture, Picture]:
        """What both kernels hold in these namespaces, and both disks, the model's first. The kernel's may take its time."""
        model = self._picture(self._ask_model, netns) | {"files": self._model_files(node)}
        real: Picture = {}
        for _ in range(40):
            real = self._picture(self._ask_kernel, netns) | {"files": self._real_files()}
            if model == real:
                return model, real
            time.sleep(0.05)
        return model, real

    def _picture(self, run: Callable[[str], str], netns: tuple[str, ...]) -> Picture:
        picture: Picture = {}
        for name in netns:
            here = f"ip netns exec {name}"
            switches = [word for word in self._ask_model(f"{here} sysctl -aN").split() if not UNCOMPARED.search(word)]
            lines = {
                "devices": "ip -o link", "ports": "bridge -d link", "addresses": "ip -4 -o addr", "routes": "ip route",
                "rules": "iptables-save", "switches": f"sysctl {' '.join(switches)}",
            }  # fmt: skip
            picture |= {f"{name}: {what}": _comparable(run(f"{here} {line}")) for what, line in lines.items()}
        return picture

    def _ask_model(self, line: str) -> str:
        return self.lab.model.sh(line, check=False)

    def _ask_kernel(self, line: str) -> str:
        return self.lab.kernel.run(split(line), check=False)

    def _model_files(self, node: str) -> list[str]:
        return sorted(f"{path} {text!r}" for path, text in self.machines[node].files.items())

    def _real_files(self) -> list[str]:
        files: list[str] = json.loads(self.lab.kernel.run(["python3", "-c", LIST_FILES]))
        return files

    def close(self) -> None:
        """Take the real side down."""
        self.lab.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def _comparable(text: str) -> list[str]:
    """Lines without what chance has chosen: veths are numbered as they come, MAC addresses say only whose they may be."""
    names: dict[str, str] = {}
    for name in VETH.findall(text):
        names.setdefault(name, f"veth{len(names)}")
    text = VETH.sub(lambda match: names[match[0]], text)
    lines = [BESIDE.sub("", INDEX.sub("@peer", MAC.sub("MAC", line))).rstrip() for line in text.splitlines()]
    return _without_empty_tables([line for line in lines if line and not line.startswith("#")])


def _without_empty_tables(lines: list[str]) -> list[str]:
    """iptables-save's lines without tables that hold nothing: on the real kernel looking for a rule makes the table."""
    text = "\n".join(lines)
    return re.sub(r"^\*\w+\n(:[A-Z]+ ACCEPT ?\n)*COMMIT$", "", text, flags=re.MULTILINE).split("\n")


def _nameless(printed: Any) -> Any:
    """A result without what chance has chosen, and an error without the place where plugins lie."""
    text = json.dumps(printed).replace("/opt/cni/bin", str(BINARIES)).replace(WITHOUT_IPV6, "/usr/sbin")
    return json.loads(MAC.sub("MAC", VETH.sub("VETH", text)))


def _portless(answer: Answer) -> Answer:
    seen = answer.seen_from.partition(":")[0] if answer.seen_from else None
    return msgspec.structs.replace(answer, seen_from=seen)


def _read(printed: str) -> Any:
    return json.loads(printed) if printed.strip() else None
