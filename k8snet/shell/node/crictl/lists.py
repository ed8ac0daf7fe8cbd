"""crictl's tables: pods, containers, images. The newest first; ages by the model's clock.

Source: cri-tools, cmd/crictl/sandbox.go (ListPodSandboxes), container.go (OutputContainers), image.go; go-units, duration.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from k8snet.kube import images as imaging
from k8snet.kube.kubelet.status import image_id
from k8snet.kube.runtime import PAUSE_IMAGE
from k8snet.kube.sandbox import Container, Sandbox
from k8snet.kube.store import Key
from k8snet.linux.tools import Output
from k8snet.shell.node.columns import tabbed
from k8snet.shell.node.crictl.flags import Options, chosen, fatal, form, last, number, short
from k8snet.shell.node.crictl.written import json_text, yaml_text
from k8snet.shell.node.host import Host

POD_HEADER = ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"]
HEADER = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"]
FORMS = ("table", "json", "yaml", "")
POD_LABELS = "io.kubernetes.pod."
Thing = TypeVar("Thing", Sandbox, Container)
Found = tuple[Key, Thing]


# --- words --------------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """A time in a few words, as go-units has them.

    >>> [duration(each) for each in (0.4, 1, 59, 60, 3599, 3600, 5400, 172800, 1209600)]  # doctest: +NORMALIZE_WHITESPACE
    ['Less than a second', '1 second', '59 seconds', 'About a minute', '59 minutes', 'About an hour', '2 hours', '2 days',
     '2 weeks']
    """
    whole, hours = int(seconds), int(seconds / 3600 + 0.5)
    if whole < 60:
        return "Less than a second" if whole < 1 else "1 second" if whole == 1 else f"{whole} seconds"
    if whole < 3600:
        return "About a minute" if whole < 120 else f"{whole // 60} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for most, name, unit in ((24 * 14, "days", 24), (24 * 60, "weeks", 24 * 7), (24 * 365 * 2, "months", 24 * 30)):
        if hours < most:
            return f"{hours // unit} {name}"
    return f"{int(seconds / 3600) // (24 * 365)} years"


def config_digest(image: str) -> str:
    """By what the runtime knows an image: here a digest of its name."""
    return f"sha256:{sha256(f'config of {imaging.reference(image)}'.encode()).hexdigest()}"


def pod_labels(key: Key, uid: str) -> dict[str, str]:
    """What the kubelet writes on every sandbox and every container."""
    return {f"{POD_LABELS}name": key[1], f"{POD_LABELS}namespace": key[0], f"{POD_LABELS}uid": uid}


def labels_of(host: Host, key: Key, thing: Sandbox | Container) -> dict[str, str]:
    """The labels of a sandbox, or of a container."""
    uid = host.kubelet.runtime.pods[key].uid
    if isinstance(thing, Sandbox):
        return {**thing.labels, **pod_labels(key, uid)}
    return {"io.kubernetes.container.name": thing.name, **pod_labels(key, uid)}


# --- which --------------------------------------------------------------------------------------------------------


def _fits(host: Host, options: Options, name: Callable[[Key, Any], str]) -> Callable[[Key, Any], bool]:
    """Whether a sandbox or a container is one of those that are asked for."""
    wanted = dict(each.partition("=")[::2] for each in options.get("label", ()))
    if bad := [each for each in options.get("label", ()) if "=" not in each]:
        raise fatal(f"incorrectly formatted label: {bad[0]}")

    def fits(key: Key, thing: Any) -> bool:
        labels = labels_of(host, key, thing)
        return (
            _matches(last(options, "name"), name(key, thing)) and _matches(last(options, "namespace"), key[0])
            and thing.id.startswith(last(options, "id")) and all(labels.get(label) == value for label, value in wanted.items())
        )  # fmt: skip

    return fits


def _matches(pattern: str, text: str) -> bool:
    try:
        return not pattern or re.search(pattern, text) is not None
    except re.error as error:
        raise fatal(f"error parsing regexp: {error}: `{pattern}`") from error


def _newest(found: Sequence[Found[Thing]], when: Callable[[Thing], tuple[float, bool, int]],
            options: Options) -> list[Found[Thing]]:
    ordered = sorted(found, key=lambda each: when(each[1]), reverse=True)
    most = 1 if "latest" in options else number(options, "last", 0)
    return ordered[:most] if most > 0 else ordered


def _state(options: Options, states: Mapping[str, str], words: str) -> str:
    """The state that is asked for, as the runtime names it; empty if it is none."""
    asked = last(options, "state")
    if asked and asked.lower() not in states:
        raise fatal(f"--state should be {words}")
    return states.get(asked.lower(), "")


# --- the tables ---------------------------------------------------------------------------------------------------


def pods(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl pods``."""
    wanted = _state(options, {"ready": "Ready", "notready": "NotReady"}, "ready or notready")
    fits = _fits(host, options, lambda key, _: key[1])
    found = [(key, each) for key, each in host.sandboxes() if fits(key, each) and wanted in ("", _readiness(each))]
    found = _newest(found, lambda each: (each.created, each.ready, each.pause.pid), options)
    how = form(options, "table", FORMS)
    if "quiet" in options:
        return Output("".join(f"{each.id}\n" for _, each in found))
    if how in ("json", "yaml"):
        return _document({"items": [_pod_item(host, key, each) for key, each in found]}, how)
    rows = [
        [_id(each.id, options), _ago(host, each.created), _readiness(each), key[1], key[0], str(each.attempt), "(default)"]
        for key, each in found
    ]
    return Output(tabbed([POD_HEADER, *rows]))


def _readiness(sandbox: Sandbox) -> str:
    return "Ready" if sandbox.ready else "NotReady"


def containers(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl ps``: what runs; with ``-a``, or if a state is asked for, all."""
    states = {each: each.title() for each in ("created", "running", "exited", "unknown")}
    wanted = _state(options, states, "one of created, running, exited or unknown")
    wanted = "" if {"latest", "last"} & set(options) else wanted or ("" if "all" in options else "Running")
    fits = _fits(host, options, lambda _, each: each.name)
    pod = last(options, "pod")
    if pod:
        pod = _pod_id(host, pod)
    found = [(key, each) for key, each in host.containers()
             if fits(key, each) and wanted in ("", each.state.title()) and pod in ("", each.sandbox)]  # fmt: skip
    found = _newest(found, lambda each: (each.started, each.finished is None, each.pid), options)
    how = form(options, "table", FORMS)
    if "quiet" in options:
        return Output("".join(f"{each.id}\n" for _, each in found))
    if how in ("json", "yaml"):
        return _document({"containers": [_item(host, key, each) for key, each in found]}, how)
    rows = [
        [_id(each.id, options), _id(config_digest(each.image), options), _ago(host, each.started), each.state.title(), each.name,
         str(each.attempt), _id(each.sandbox, options), key[1], key[0]] for key, each in found
    ]  # fmt: skip
    return Output(tabbed([HEADER, *rows]))


def _pod_id(host: Host, prefix: str) -> str:
    """The sandbox that is meant by the beginning of its id; one that there is not has no containers."""
    try:
        return str(chosen([each for _, each in host.sandboxes()], prefix, "").id)
    except LookupError:
        return prefix


def images(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl images``. Images have no size in the model."""
    there = sorted({*host.kubelet.runtime.images, PAUSE_IMAGE})
    there = [each for each in there if not words or imaging.reference(words[0]) == each or imaging.repository(each) == words[0]]
    if "quiet" in options:
        return Output("".join(f"{config_digest(each)}\n" for each in there))
    how = form(options, "table", FORMS)
    if how in ("json", "yaml"):
        return _document({"images": [_image_item(each) for each in there]}, how)
    with_digest = "digests" in options
    rows = [[*_parts(each), *([_id(image_id(each).partition("@")[2], options)] if with_digest else []),
             _id(config_digest(each), options), "0B"] for each in there]  # fmt: skip
    return Output(tabbed([["IMAGE", "TAG", *(["DIGEST"] if with_digest else []), "IMAGE ID", "SIZE"], *rows]))


def _parts(image: str) -> tuple[str, str]:
    name, at, _ = image.partition("@")
    repository = imaging.repository(image)
    return repository, "<none>" if at else name[len(repository) + 1 :]


def _id(own: str, options: Options) -> str:
    return own if "no-trunc" in options else short(own)


def _ago(host: Host, seconds: float) -> str:
    return f"{duration(host.now - seconds)} ago"


# --- documents ----------------------------------------------------------------------------------------------------


def _document(what: dict[str, Any], how: str) -> Output:
    return Output(json_text(what) if how == "json" else yaml_text(what))


def nanoseconds(host: Host, seconds: float) -> str:
    """A time as the CRI counts it, in JSON's words for a number of 64 bits."""
    return f"{int(host.time(0.0).timestamp()) * 10**9 + round(seconds * 10**6) * 1000}"


def _pod_item(host: Host, key: Key, sandbox: Sandbox) -> dict[str, Any]:
    uid = host.kubelet.runtime.pods[key].uid
    return {
        "id": sandbox.id, "metadata": {"name": key[1], "uid": uid, "namespace": key[0], "attempt": sandbox.attempt},
        "state": "SANDBOX_READY" if sandbox.ready else "SANDBOX_NOTREADY", "createdAt": nanoseconds(host, sandbox.created),
        "labels": dict(sorted(labels_of(host, key, sandbox).items())), "annotations": dict(sorted(sandbox.annotations.items())),
        "runtimeHandler": "",
    }  # fmt: skip


def _item(host: Host, key: Key, container: Container) -> dict[str, Any]:
    digest = config_digest(container.image)
    return {
        "id": container.id, "podSandboxId": container.sandbox,
        "metadata": {"name": container.name, "attempt": container.attempt},
        "image": {"image": digest, "annotations": {}, "userSpecifiedImage": container.image, "runtimeHandler": ""},
        "imageRef": digest, "state": f"CONTAINER_{container.state.upper()}", "createdAt": nanoseconds(host, container.started),
        "labels": dict(sorted(labels_of(host, key, container).items())),
        "annotations": {"io.kubernetes.container.restartCount": str(container.attempt)}, "imageId": digest,
    }  # fmt: skip


def _image_item(image: str) -> dict[str, Any]:
    return {
        "id": config_digest(image), "repoTags": [] if "@" in image else [image], "repoDigests": [image_id(image)], "size": "0",
        "uid": None, "username": "", "spec": None, "pinned": image == PAUSE_IMAGE,
    }  # fmt: skip
