"""Which pods `kubectl drain` takes from a node, and what it says of the others.

Pods that a DaemonSet, or a file of the kubelet's, would bring back at once are left. Pods that nobody would bring back, and those
with data on the node's disk, are evicted only if one says so. Source: k8s.io/kubectl, pkg/drain/filters.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.kubelet.static import MIRROR
from k8snet.kube.objects import KINDS, Pod, known, meta
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.visiting import Faults

DAEMON_SET = ("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", "ignoring DaemonSet-managed Pods")
LOCAL = "Pods with local storage (use --delete-emptydir-data to override)"
UNMANAGED = ("Pods that declare no controller (use --force to override)", "deleting Pods that declare no controller")
"""Of each sort of pods the fault, and the warning where a flag says that they are known; that for `LOCAL` is lost by kubectl."""
ENDED = ("Succeeded", "Failed")


class Verdict(Fact, frozen=True):
    """Whether a pod is to go, and a warning or a fault."""

    goes: bool
    warning: str = ""
    fault: str = ""


def chosen(call: Call, node: str) -> list[Pod]:
    """A node's pods that are to go; the warnings are printed. Faults if there is any."""
    pods = call.session.list("Pod", None, labels=call["pod-selector"], fields=f"spec.nodeName={node}")
    verdicts = [(pod, verdict(call, pod)) for pod in pods]
    if faults := _grouped(verdicts, lambda each: each.fault):
        raise Faults([f"cannot delete {each}" for each in faults])
    if warnings := _grouped(verdicts, lambda each: each.warning):
        call.line(f"Warning: {'; '.join(warnings)}")
    return [pod for pod, each in verdicts if each.goes]


def verdict(call: Call, pod: Pod) -> Verdict:
    """What becomes of a pod. The checks come one after the other; a warning is lost if another check comes after it."""
    ended, owner = (pod.status.phase if pod.status else None) in ENDED, controller_of(pod)
    if owner is not None and owner.kind == "DaemonSet" and not ended:
        checked = _of_daemon_set(call, pod, owner.name)
        if not checked.goes:
            return checked
    if MIRROR in (meta(pod).annotations or {}):
        return Verdict(False)
    local = any(each.emptyDir is not None for each in known(pod.spec).volumes or ())
    if local and not ended and not call["delete-emptydir-data"]:
        return Verdict(False, fault=LOCAL)
    if ended or owner is not None:
        return Verdict(True)
    return Verdict(True, UNMANAGED[1]) if call["force"] else Verdict(False, fault=UNMANAGED[0])


def _of_daemon_set(call: Call, pod: Pod, name: str) -> Verdict:
    try:
        call.session.fetch(KINDS["DaemonSet"], name, meta(pod).namespace or "")
    except Refused as error:
        orphaned = error.reason == "NotFound" and call["force"]
        return Verdict(True) if orphaned else Verdict(False, fault=error.status["message"])
    return Verdict(False, DAEMON_SET[1]) if call["ignore-daemonsets"] else Verdict(False, fault=DAEMON_SET[0])


def _grouped(verdicts: Sequence[tuple[Pod, Verdict]], said: Callable[[Verdict], str]) -> list[str]:
    """Pods by what is said of them."""
    found: dict[str, list[str]] = {}
    for pod, each in verdicts:
        if text := said(each):
            found.setdefault(text, []).append(f"{meta(pod).namespace}/{meta(pod).name}")
    return [f"{text}: {', '.join(pods)}" for text, pods in found.items()]
