"""kubectl set: of its family `set image`, which gives containers another image; `set selector` is in set_selector.py.

Source: k8s.io/kubectl, pkg/cmd/set/set_image.go, pkg/cmd/util/helpers.go (GetResourcesAndPairs, ParsePairs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.rest.http import STRATEGIC_PATCH
from k8snet.shell.kubectl import set_selector
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.label import resources_and_changes
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import Error, Found, end, fetched

EVERY = "*"
WITH_TEMPLATE = ("Deployment", "ReplicaSet", "DaemonSet")
Document = dict[str, Any]


def image(call: Call) -> None:
    """Give the containers that are named other images; what cannot be done is told at the end."""
    resources, images = _read(call.args)
    check_flags(call)
    found, errors = fetched(call, wanted(call, resources, names_needed=not call["all"]))
    end(errors)
    end(list(_faults(call, images)))
    for each in found:
        _change(call, each, images, errors)
    end(errors)


def _faults(call: Call, images: Mapping[str, str]) -> Iterator[str]:
    """What does not fit together."""
    if call["all"] and call["selector"]:
        yield "cannot set --all and --selector at the same time"
    if not images:
        yield "at least one image update is required"
    if len(images) > 1 and EVERY in images:
        yield "all containers are already specified by *, but saw more than one container_name=container_image pairs"


def _read(args: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The words that name objects, and the images by container. CommandError."""
    resources, pairs = resources_and_changes(args, "image")
    if wrong := [word for word in pairs if "=" not in word]:
        raise CommandError(f"error: invalid image format: {', '.join(wrong)}")
    return resources, {name: value for name, _, value in (word.partition("=") for word in pairs)}


def _change(call: Call, found: Found, images: Mapping[str, str], errors: list[Error]) -> None:
    place = {"Pod": ("spec",)}.get(found.kind.kind, ("spec", "template", "spec") if found.kind.kind in WITH_TEMPLATE else ())
    if not place:
        errors.append(f"error: {found.kind.plural}/{found.name} the object is not a pod or does not have a pod template: "
                      f"*v1.{found.kind.kind}\n")
        return
    pod: Document = found.document
    for key in place:
        pod = pod[key]
    names = {each["name"] for field in ("containers", "initContainers") for each in pod.get(field) or ()}
    errors += [f'error: unable to find container named "{name}"' for name in images if name != EVERY and name not in names]
    patch = dict(_patch(pod, images))
    if patch:
        _send(call, found, place, patch, errors)


def _patch(pod: Document, images: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """What is other than it was in a pod's spec, and in which order its containers stand."""
    for field in ("containers", "initContainers"):
        there = pod.get(field) or ()
        wishes = {each["name"]: images.get(each["name"], images.get(EVERY, each.get("image", ""))) for each in there}
        changes = [{"image": wishes[each["name"]] or None, "name": each["name"]} for each in there
                   if wishes[each["name"]] != each.get("image", "")]
        if changes:
            yield f"$setElementOrder/{field}", [{"name": each["name"]} for each in there]
            yield field, changes


def _send(call: Call, found: Found, place: tuple[str, ...], patch: Document, errors: list[Error]) -> None:
    if dry_run(call) == "client":
        emit(call, ordered(_patched(found.document, place, patch)), "image updated")
        return
    body = patch
    for key in reversed(place):
        body = {key: body}
    manager = call["field-manager"] or "kubectl-set"
    try:
        after = call.session.request("PATCH", found.place, query(call, fieldManager=manager), body, content_type=STRATEGIC_PATCH)
    except Refused as error:
        errors.append(f"failed to patch image update to pod template: {error.status['message']}")
    else:
        emit(call, ordered(after), "image updated")


def _patched(document: Document, place: tuple[str, ...], patch: Document) -> Document:
    """The object with other images, without the server."""
    if place:
        return document | {place[0]: _patched(document[place[0]], place[1:], patch)}
    images = {each["name"]: each["image"] for field in ("containers", "initContainers") for each in patch.get(field, ())}
    return document | {field: [each | {"image": images.get(each["name"], each.get("image"))} for each in document[field]]
                       for field in ("containers", "initContainers") if document.get(field)}  # fmt: skip


COMMAND = Command(
    "set", "set SUBCOMMAND", "Configure application resources.",
    subcommands=(
        Command("image", "set image (-f FILENAME | TYPE NAME) "
                         "CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
                "Update the image of a pod template", image, flags=(FILENAME, SELECTOR, *CHANGES, flag("all", "bool")),
                others=("local", "record", *FILENAME_OTHERS, *OUTPUT_OTHERS)),
        set_selector.COMMAND,
    ),
    others=("env", "resources", "serviceaccount", "subject"),
)  # fmt: skip
