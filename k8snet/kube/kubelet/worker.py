"""What is done next for one pod: its sandbox, its containers, its end. Each call does one thing, and says so to the turn.

Source: the kubelet's pod_workers.go, kubelet.go (SyncPod, SyncTerminatingPod), kuberuntime_manager.go.
"""

from __future__ import annotations

from k8snet.errors import K8snetError
from k8snet.kube import cni
from k8snet.kube.kubelet import admission, containers, probes, stopping
from k8snet.kube.kubelet.status import FINISHED, report
from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import known, meta
from k8snet.kube.runtime import NOT_INITIALIZED
from k8snet.kube.sandbox import NOTHING, Held, Wanted

SANDBOX_RETRY = 10.0
"""Seconds until a sandbox that could not be made is tried again (the pod workers' backOffPeriod)."""
NETWORK_NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: "
    + NOT_INITIALIZED
)
SANDBOX_CHANGED = "Pod sandbox changed, it will be killed and re-created."


def look_at(turn: Turn) -> None:
    """Do the next thing for a pod, and report what has become of it."""
    turn.runtime.catch_up(turn.key, turn.now)
    if meta(turn.pod).deletionTimestamp is not None and not turn.is_static:
        _terminate(turn)
    elif known(turn.pod.status).phase in FINISHED:
        _finish(turn)
    elif admission.admit(turn):
        _run(turn)


def _run(turn: Turn) -> None:
    if _has_sandbox(turn):
        stopping.go_on(turn)
        containers.start(turn, known(known(turn.held).sandbox))
        probes.ask_all(turn)
    turn.written = report(turn)
    turn.more = turn.more or (turn.written and known(turn.pod.status).phase in FINISHED)


# --- the sandbox --------------------------------------------------------------------------------------------------


def _has_sandbox(turn: Turn) -> bool:
    """Whether there is a sandbox to go on with; if not, the next thing is done to have one."""
    held = turn.held
    if held is not None and held.sandbox is not None:
        return True
    if held is not None and held.sandboxes:
        again = _is_wanted_again(turn, held)
        if again and held.sandboxes[-1].id not in turn.remembered.told:
            turn.memory.told.add(held.sandboxes[-1].id)
            turn.event("SandboxChanged", SANDBOX_CHANGED)
        if not _is_cleared(turn, held) or not again:
            return False
    _make_sandbox(turn)
    return False


def _is_wanted_again(turn: Turn, held: Held) -> bool:
    """Whether a pod that has lost its sandbox gets another one: not if all that it had was to run once."""
    if turn.spec.restartPolicy == "Never":
        return not held.containers
    return turn.spec.restartPolicy == "Always" or not containers.wants_no_more(turn, held)


def _is_cleared(turn: Turn, held: Held) -> bool:
    """Stop what is left of an old sandbox; True when nothing is."""
    if not stopping.stop_all(turn, stopping.grace_of(turn)):
        return False
    if any(each.place is not None for each in held.sandboxes):
        turn.runtime.stop_sandbox(turn.key, turn.now)
        turn.more = True
        return False
    return True


def _make_sandbox(turn: Turn) -> None:
    on_host = bool(turn.spec.hostNetwork)
    if not on_host and turn.runtime.conflist is None:
        turn.kubelet.without_network[turn.key] = None
        if "network" not in turn.remembered.told:
            turn.memory.told.add("network")
            turn.event("NetworkNotReady", f"network is not ready: {NETWORK_NOT_READY}", "Warning")
        return
    retry = turn.remembered.retry_sandbox
    if not turn.due(retry):
        turn.wait(retry, idle=True)
        return
    about = meta(turn.pod)
    wanted = Wanted(turn.key, turn.uid, on_host, bool(turn.spec.shareProcessNamespace), () if on_host else _mappings(turn),
                    about.labels or NOTHING, about.annotations or NOTHING)  # fmt: skip
    try:
        turn.runtime.run_sandbox(wanted, turn.now)
        turn.more = True
    except K8snetError as error:
        turn.event("FailedCreatePodSandBox", _sandbox_failed(turn, error), "Warning")
        turn.memory.retry_sandbox = turn.now + SANDBOX_RETRY
        turn.wait(turn.now + SANDBOX_RETRY, idle=True)


def _sandbox_failed(turn: Turn, error: K8snetError) -> str:
    said = error.by_runtime if isinstance(error, cni.CniError) else str(error)
    own = turn.runtime.next_sandbox_id(turn.key, turn.uid)
    failed = f'failed to setup network for sandbox "{own}": {said}'
    return f"Failed to create pod sandbox: rpc error: code = Unknown desc = {failed}"


def _mappings(turn: Turn) -> tuple[cni.PortMapping, ...]:
    """The host ports of a pod, as the network plugin wants them."""
    return tuple(
        cni.PortMapping(port.hostPort, port.containerPort, (port.protocol or "TCP").lower(), port.hostIP or "")
        for container in turn.spec.containers for port in container.ports or () if port.hostPort
    )  # fmt: skip


# --- the end ------------------------------------------------------------------------------------------------------


def _terminate(turn: Turn) -> None:
    """A pod that is to be deleted: its containers end, then its sandbox, then the object."""
    held = turn.held
    if held is not None:
        grace = float(meta(turn.pod).deletionGracePeriodSeconds or 0)
        if not stopping.stop_all(turn, grace):
            return
        if any(each.ready or each.place is not None for each in held.sandboxes):
            turn.runtime.stop_sandbox(turn.key, turn.now)
            turn.written = report(turn)
            turn.more = True
            return
    turn.kubelet.forget(turn.key, turn.now)
    turn.client.delete(turn.pod, grace=0)


def _finish(turn: Turn) -> None:
    """A pod whose work is done: sidecars end, the sandbox goes, and what is left is what can be read about it."""
    turn.kubelet.admitted.let_go(turn.key)
    held = turn.held
    if held is None or not any(each.ready or each.place is not None for each in held.sandboxes):
        return
    if stopping.stop_all(turn, stopping.grace_of(turn)):
        turn.runtime.stop_sandbox(turn.key, turn.now)
    turn.written = report(turn)
