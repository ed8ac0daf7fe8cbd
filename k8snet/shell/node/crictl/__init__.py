"""``crictl``: the client of a container runtime, as cri-tools 1.37 has it in front of containerd 2.

Written from knowledge of its source (cmd/crictl: main.go, sandbox.go, container.go, image.go, util.go, display.go); the real one
was not there to be asked. It speaks to the runtime: the kubelet hears of nothing that is done here, but finds it when it looks.
lists.py are its tables, status.py what inspect prints, deeds.py what changes something, flags.py its command line.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.kubelet.node import RUNTIME_VERSION, VERSION
from k8snet.linux.tools import Output
from k8snet.shell.node.crictl import deeds, lists, status
from k8snet.shell.node.crictl.flags import Flags
from k8snet.shell.node.host import Host

GLOBAL = Flags("crictl", {"runtime-endpoint": "r", "image-endpoint": "i", "timeout": "t", "config": "c"}, {"debug": "D"},
               others=("enable-tracing", "profile-cpu", "profile-mem", "tracing-endpoint", "tracing-sampling-rate-per-million"))
SOCKET = "unix:///run/containerd/containerd.sock"
OUTPUT = {"output": "o"}

Verb = Callable[[Host, dict[str, list[str]], list[str]], Output]


def _version(host: Host, options: dict[str, list[str]], words: list[str]) -> Output:
    version = RUNTIME_VERSION.rpartition("/")[2]
    return Output(f"Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v{version}\nRuntimeApiVersion:  v1\n")


VERBS: dict[str, tuple[Flags, Verb]] = {
    "pods": (Flags("pods", {"name": "", "namespace": "", "label": "", "state": "s", "id": "", **OUTPUT},
                   {"quiet": "q", "no-trunc": "", "latest": "l"}, others=("verbose", "v", "last", "n")), lists.pods),
    "ps": (Flags("ps", {"name": "", "namespace": "", "label": "", "state": "s", "pod": "p", "id": "", "last": "n", **OUTPUT},
                 {"all": "a", "quiet": "q", "no-trunc": "", "latest": "l"},
                 others=("verbose", "v", "image", "resolve-image-path", "r")), lists.containers),
    "images": (Flags("images", {**OUTPUT}, {"quiet": "q", "no-trunc": "", "digests": ""},
                     others=("verbose", "v", "filter", "f", "pinned")), lists.images),
    "inspectp": (Flags("inspectp", {**OUTPUT}, {"quiet": "q"},
                       others=("template", "name", "namespace", "label", "latest", "l", "last", "n", "state", "s", "id")),
                 status.sandboxes),
    "inspect": (Flags("inspect", {**OUTPUT}, {"quiet": "q"},
                      others=("template", "all", "a", "id", "image", "label", "last", "n", "latest", "l", "name", "pod", "p",
                              "resolve-image-path", "state", "s")), status.containers),
    "info": (Flags("info", {**OUTPUT}, {"quiet": "q"}, others=("template",)), status.info),
    "version": (Flags("version", {}, {}), _version),
    "stop": (Flags("stop", {"timeout": "t"}, {}), deeds.stop),
    "stopp": (Flags("stopp", {}, {}), deeds.stop_sandbox),
    "rm": (Flags("rm", {}, {"force": "f"}, others=("all", "a", "keep-logs", "k")), deeds.remove),
    "rmp": (Flags("rmp", {}, {"force": "f"}, others=("all", "a")), deeds.remove_sandbox),
    "logs": (Flags("logs", {"tail": ""}, {"previous": "p"},
                   others=("follow", "f", "since", "timestamps", "t", "limit-bytes", "reopen", "r")), deeds.logs),
    "exec": (Flags("exec", {"timeout": ""}, {"sync": "s", "interactive": "i", "tty": "t"},
                   others=("transport", "r", "parallel", "x", "ignore-errors", "e", "quiet", "q", "name", "pod", "label", "last",
                           "latest", "image", "id", "state", "all")), deeds.execute),
}  # fmt: skip
ALIASES = {"image": "images", "img": "images"}
NOT_MODELLED = frozenset({
    "attach", "checkpoint", "completion", "config", "create", "events", "help", "h", "imagefsinfo", "inspecti", "metricdescs",
    "metricsp", "p", "port-forward", "pull", "rmi", "run", "runp", "runtime-config", "start", "stats", "statsp", "update",
    "update-runtime-config",
})  # fmt: skip


def run(host: Host, words: list[str]) -> Output:
    """Run ``crictl``. CommandError in its words; NotModelled for verbs and flags that are not here."""
    if words in (["--version"], ["-v"]):
        return Output(f"crictl version {VERSION}\n")
    options, rest = GLOBAL.read(words)
    if options.get("runtime-endpoint", [SOCKET])[-1].removeprefix("unix://") != SOCKET.removeprefix("unix://"):
        raise NotModelled(f"another runtime than {SOCKET}", known="crictl without -r")
    verb = ALIASES.get(rest[0], rest[0]) if rest else "help"
    if verb in NOT_MODELLED:
        raise NotModelled(f"crictl {shlex.join(rest)}".rstrip(), known=", ".join(VERBS))
    if verb not in VERBS:
        raise CommandError(f"No help topic for '{verb}'", code=3)
    flags, act = VERBS[verb]
    return act(host, *flags.read(rest[1:]))
