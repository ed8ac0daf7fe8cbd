"""kubectl scale: how many pods a workload is to have, by way of its subresource ``scale``."""

from __future__ import annotations

from k8snet.errors import CommandError
from k8snet.kube.rest.http import MERGE_PATCH
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import Found, end, fetched


def run(call: Call) -> None:
    """Scale what is meant, up to the first that cannot be scaled; what is not there is told at the end."""
    check_flags(call)
    if call["replicas"] < 0:
        raise CommandError("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if call["current-replicas"] < -1:
        raise CommandError("error: The --current-replicas must specify an integer of -1 or greater")
    found, errors = fetched(call, wanted(call, names_needed=not call["all"]))
    for each in found:
        _scale(call, each)
    end(errors)
    if not found:
        raise CommandError("error: no objects passed to scale")


def _scale(call: Call, each: Found) -> None:
    path = each.kind.path(each.namespace, each.name, "scale")
    current = call["current-replicas"]
    if dry_run(call) != "client":
        if current >= 0:
            there = call.session.request("GET", path)["spec"].get("replicas", 0)
            if there != current:
                raise CommandError(f"error: Expected replicas to be {current}, was {there}")
            call.session.request("PUT", path, query(call), _scale_of(each, call["replicas"]))
        else:
            call.session.request("PATCH", path, query(call), {"spec": {"replicas": call["replicas"]}}, content_type=MERGE_PATCH)
    emit(call, each.document | {"spec": {**each.document.get("spec", {}), "replicas": call["replicas"]}}, "scaled")


def _scale_of(each: Found, replicas: int) -> dict[str, object]:
    about = {"name": each.name, "namespace": each.namespace}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": about, "spec": {"replicas": replicas}}


COMMAND = Command(
    "scale", "scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    "Set a new size for a deployment or replica set.", run,
    flags=(FILENAME, SELECTOR, *(each for each in CHANGES if each.name != "field-manager"), flag("all", "bool"),
           flag("replicas", "int"), flag("current-replicas", "int", -1)),
    others=(*FILENAME_OTHERS, "record", "resource-version", "timeout", *OUTPUT_OTHERS),
    required=("replicas",),
)  # fmt: skip
