"""kubectl scale: how many pods a workload is to have, by way of its subresource ``scale``."""

from __future__ import annotations

from k8snet.errors import CommandError
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create import check_output
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, wanted
from k8snet.shell.kubectl.visiting import Found, end, fetched

MERGE = "application/merge-patch+json"


def run(call: Call) -> None:
    """Scale what is meant; what is refused is told at the end."""
    if call["replicas"] < 0:
        raise CommandError("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    check_output(call)
    found, errors = fetched(call, wanted(call, names_needed=True))
    for each in found:
        try:
            _scale(call, each)
        except Refused as error:
            errors.append(error)
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
            call.session.request("PATCH", path, query(call), {"spec": {"replicas": call["replicas"]}}, content_type=MERGE)
    plain = call["output"] in ("", "name")
    emit(call, each.document if plain else call.session.fetch(each.kind, each.name, each.namespace), "scaled")


def _scale_of(each: Found, replicas: int) -> dict[str, object]:
    about = {"name": each.name, "namespace": each.namespace}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": about, "spec": {"replicas": replicas}}


COMMAND = Command(
    "scale", "scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    "Set a new size for a deployment or replica set.", run,
    flags=(FILENAME, SELECTOR, *(each for each in CHANGES if each.name != "field-manager"), flag("all", "bool"),
           flag("replicas", "int"), flag("current-replicas", "int", -1)),
    others=(*FILENAME_OTHERS, "resource-version", "timeout", *OUTPUT_OTHERS),
    required=("replicas",),
)  # fmt: skip
