"""``systemctl`` for the kubelet, thinly: status, is-active, start, stop, restart.

The status has no times, no tasks and no memory, since the model does not count them. Source: systemctl(1), systemd 255.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.errors import NotModelled
from k8snet.linux.tools import Output
from k8snet.shell.node.host import Host
from k8snet.shell.node.processes import KUBELET, KUBELET_PID

KNOWN = "systemctl status|is-active|start|stop|restart kubelet"
INACTIVE = 3
"""The exit status that tells of a unit that does not run."""
STATUS = """\
{mark} kubelet.service - kubelet: The Kubernetes Node Agent
     Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; preset: enabled)
    Drop-In: /usr/lib/systemd/system/kubelet.service.d
             └─10-kubeadm.conf
     Active: {active}
       Docs: https://kubernetes.io/docs/
"""
RUNS = f"""\
   Main PID: {KUBELET_PID} (kubelet)
     CGroup: /system.slice/kubelet.service
             └─{KUBELET_PID} {KUBELET}
"""


def run(host: Host, words: Sequence[str]) -> Output:
    """Run ``systemctl VERB kubelet``. NotModelled for other units and verbs."""
    match [word.removesuffix(".service") for word in words if word != "--no-pager"]:
        case ["status", "kubelet"]:
            return _status(running=host.service.running)
        case ["is-active", "kubelet"]:
            return _answer("active" if host.service.running else "inactive", running=host.service.running)
        case ["stop" | "start" | "restart" as verb, "kubelet"]:
            if verb != "start":
                host.service.stop()
            if verb != "stop":
                host.assembly.plane.start(host.service)
            host.settle()
            return Output()
        case ["status" | "is-active" | "start" | "stop" | "restart", unit]:
            raise NotModelled(f"the unit {unit}", known=KNOWN)
    raise NotModelled(f"systemctl {' '.join(words)}".rstrip(), known=KNOWN)


def _status(*, running: bool) -> Output:
    head = STATUS.format(mark="●" if running else "○", active="active (running)" if running else "inactive (dead)")
    return _answer(head + (RUNS if running else ""), running=running)


def _answer(text: str, *, running: bool) -> Output:
    return Output(text if text.endswith("\n") else f"{text}\n", code=0 if running else INACTIVE)
