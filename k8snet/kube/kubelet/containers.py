"""Which containers of a pod are started now: init containers one after the other, then all others; and how.

Source: the kubelet's kuberuntime_manager.go (computePodActions, SyncPod, doBackOff), kuberuntime_container.go.
"""

from __future__ import annotations

from k8snet.kube import images
from k8snet.kube.kubelet import links, probes, pulling
from k8snet.kube.kubelet.backoff import next_try, wait_until
from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import Container as Wish
from k8snet.kube.objects import known, meta
from k8snet.kube.sandbox import Container, Held, Sandbox


def is_sidecar(wish: Wish) -> bool:
    """Whether an init container goes on beside the others."""
    return wish.restartPolicy == "Always"


def start(turn: Turn, sandbox: Sandbox) -> None:
    """Start what is to run next in the pod's sandbox."""
    if turn.spec.initContainers and not _initialized(turn, sandbox):
        return
    for wish in turn.spec.containers:
        last = known(turn.held).newest(wish.name)
        if last is None or may_start(turn, last, sandbox):
            last = _try_to_start(turn, wish, last)
        for when in (last.ends, last.opens) if last is not None else ():
            if when is not None:
                turn.wait(when, idle=True)


def may_start(turn: Turn, last: Container, sandbox: Sandbox) -> bool:
    """Whether a container that was there before may be started: it has ended, and its pod's policy wants it again."""
    policy = turn.spec.restartPolicy
    if last.finished is None:
        return False
    if last.sandbox != sandbox.id:
        return policy != "OnFailure" or last.exit_code != 0
    return policy == "Always" or (policy == "OnFailure" and last.exit_code != 0)


def wants_no_more(turn: Turn, held: Held) -> bool:
    """Whether all containers have ended and none is to be started again."""
    ended = [held.newest(wish.name) for wish in turn.spec.containers]
    policy = turn.spec.restartPolicy
    return policy != "Always" and all(
        each is not None and each.finished is not None and (policy == "Never" or each.exit_code == 0) for each in ended
    )


# --- init containers ----------------------------------------------------------------------------------------------


def _initialized(turn: Turn, sandbox: Sandbox) -> bool:
    """Start the next init container; True when the other containers may start.

    Once one of those has been started in this sandbox, only sidecars are looked after.
    """
    held = known(turn.held)
    through = any(each.sandbox == sandbox.id for each in held.containers if not _is_init(turn, each.name))
    for wish in turn.spec.initContainers or ():
        last = held.newest(wish.name)
        here = last if last is not None and last.sandbox == sandbox.id else None
        if is_sidecar(wish):
            if here is None or here.finished is not None:
                here = _try_to_start(turn, wish, last)
            if not through and (here is None or not probes.has_started(turn, wish, here)):
                return False
        elif not through and not _is_done(turn, wish, here, last):
            return False
    return True


def _is_init(turn: Turn, name: str) -> bool:
    return any(each.name == name for each in turn.spec.initContainers or ())


def _is_done(turn: Turn, wish: Wish, here: Container | None, last: Container | None) -> bool:
    """Whether an init container is through; if not, it is started, waited for, or has failed for good."""
    if here is not None and here.finished is None:
        if here.ends is not None:
            turn.wait(here.ends, idle=False)
        return False
    if here is not None and here.exit_code == 0:
        return True
    if here is None or turn.spec.restartPolicy != "Never":
        made = _try_to_start(turn, wish, last)
        if made is not None and made.finished is None and made.ends is not None:
            turn.wait(made.ends, idle=False)
    return False


# --- one container ------------------------------------------------------------------------------------------------


def _try_to_start(turn: Turn, wish: Wish, last: Container | None) -> Container | None:
    """Start a container, unless it has to wait or its image cannot be had; returns it if it runs now.

    Who has lost its sandbox has not crashed, and does not wait.
    """
    crashed = last is not None and last.sandbox == known(known(turn.held).sandbox).id
    if crashed and _must_wait(turn, wish, known(last)):
        return None
    image = known(wish.image)
    if not pulling.is_there(turn, wish, image):
        return None
    services = links.links(turn.client, turn.key[0], turn.spec)
    env = links.own(wish, services, turn.client)
    does = images.run(image, wish.command, wish.args, {**links.spoken_of(wish, services, turn.client), **env})
    assert does is not None
    if crashed:
        crashes = turn.memory.crashes
        crashes[wish.name] = next_try(crashes.get(wish.name), known(known(last).finished), turn.now)
    turn.remembered.waiting.pop(wish.name, None)
    made = turn.runtime.start_container(turn.key, wish.name, image, does, turn.now, env, services)
    turn.event("Created", "Container created")
    if made.message:
        turn.event("Failed", f"Error: {made.message}", "Warning")
    else:
        turn.event("Started", "Container started")
    if made.finished is None:
        return made
    turn.more = True
    return None


def _must_wait(turn: Turn, wish: Wish, last: Container) -> bool:
    """Whether a container that has ended is still in its back-off."""
    entry, failed = turn.remembered.crashes.get(wish.name), known(last.finished)
    until = wait_until(entry, failed)
    if turn.due(until):
        return False
    turn.wait(until, idle=True)
    if turn.remembered.waiting.get(wish.name, ("", ""))[0] != "CrashLoopBackOff":
        namespace, name = turn.key
        pod = f"{name}_{namespace}({meta(turn.pod).uid})"
        text = f"back-off {as_go(until - failed)} restarting failed container={wish.name} pod={pod}"
        turn.memory.waiting[wish.name] = ("CrashLoopBackOff", text)
        turn.event("BackOff", f"Back-off restarting failed container {wish.name} in pod {pod}", "Warning")
    return True


def as_go(seconds: float) -> str:
    """A time as Go prints it.

    >>> as_go(10.0), as_go(160.0), as_go(300.0)
    ('10s', '2m40s', '5m0s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
