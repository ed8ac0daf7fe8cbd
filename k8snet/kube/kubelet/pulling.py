"""Whether a container's image is on the node, and how it gets there.

Pulling takes no time here. Source: the kubelet's images/image_manager.go; containerd's words for what there is not.
"""

from __future__ import annotations

from functools import lru_cache

from k8snet.kube import images
from k8snet.kube.kubelet.backoff import FIRST, LONGEST, BackOff
from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import Container as Wish

ASKED_AGAIN = 10.0
"""After so many seconds a pod is looked at again whose image is not there and may not be pulled."""


def is_there(turn: Turn, wish: Wish, image: str) -> bool:
    """See that an image is on the node. False, and told why, if it cannot be had."""
    if (fault := images.misspelt(image)) is not None:
        return _misspelt(turn, wish, fault)
    full, policy = images.reference(image), wish.imagePullPolicy
    present = full in turn.runtime.images
    if policy == "Never" and not present:
        return _never(turn, wish, image)
    if policy != "Always" and present:
        turn.event("Pulled", _present(image))
        return True
    tries = turn.remembered.pulls.get(image)
    if tries is not None and not turn.due(tries.since + tries.delay):
        return _back_off(turn, wish, image, tries)
    turn.event("Pulling", f'Pulling image "{image}"')
    if images.run(image) is None:
        return _fail(turn, wish, image, full)
    turn.runtime.images.add(full)
    turn.remembered.pulls.pop(image, None)
    turn.event("Pulled", _pulled(image))
    return True


@lru_cache(maxsize=1024)
def _present(image: str) -> str:
    return f'Container image "{image}" already present on machine and can be accessed by the pod'


@lru_cache(maxsize=1024)
def _pulled(image: str) -> str:
    return f'Successfully pulled image "{image}" in 0s (0s including waiting). Image size: 0 bytes.'


def _misspelt(turn: Turn, wish: Wish, fault: str) -> bool:
    """A name that is none is not asked for."""
    if turn.remembered.waiting.get(wish.name) != ("InvalidImageName", fault):
        turn.memory.waiting[wish.name] = ("InvalidImageName", fault)
        turn.event("InspectFailed", fault, "Warning")
        turn.event("Failed", "Error: InvalidImageName", "Warning")
    return False


def _never(turn: Turn, wish: Wish, image: str) -> bool:
    text = f'Container image "{image}" is not present with pull policy of Never'
    turn.wait(turn.now + ASKED_AGAIN, idle=True)
    if turn.remembered.waiting.get(wish.name) != ("ErrImageNeverPull", text):
        turn.memory.waiting[wish.name] = ("ErrImageNeverPull", text)
        turn.event("ErrImageNeverPull", text, "Warning")
        turn.event("Failed", "Error: ErrImageNeverPull", "Warning")
    return False


def _fail(turn: Turn, wish: Wish, image: str, full: str) -> bool:
    because = f'failed to pull and unpack image "{full}": failed to resolve image: {full}: not found'
    error = f"rpc error: code = NotFound desc = {because}"
    turn.event("Failed", f'Failed to pull image "{image}": {error}', "Warning")
    turn.event("Failed", "Error: ErrImagePull", "Warning")
    memory = turn.memory
    before = memory.pulls.get(image)
    memory.pulls[image] = BackOff(min(before.delay * 2, LONGEST) if before else FIRST, turn.now)
    memory.pull_errors[image] = error
    memory.waiting[wish.name] = ("ErrImagePull", error)
    turn.more = True
    return False


def _back_off(turn: Turn, wish: Wish, image: str, tries: BackOff) -> bool:
    turn.wait(tries.since + tries.delay, idle=True)
    memory, text = turn.memory, f'Back-off pulling image "{image}"'
    if memory.waiting.get(wish.name, ("", ""))[0] != "ImagePullBackOff":
        memory.waiting[wish.name] = ("ImagePullBackOff", f"{text}: ErrImagePull: {memory.pull_errors[image]}")
        turn.event("BackOff", text)
        turn.event("Failed", "Error: ImagePullBackOff", "Warning")
    return False
