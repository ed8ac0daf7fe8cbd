"""Objects as the API server writes them: as JSON from Go structs.

Go leaves out what is empty, but not an empty struct, and some fields have no leave to be left out; and the times of leases
and events have microseconds. Source: the json tags of k8s.io/api and k8s.io/apimachinery, pkg/apis/meta/v1 (micro_time.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from k8snet.kube.fielddocs import fields
from k8snet.kube.gowords import MICROSECONDS, time_text
from k8snet.kube.objects import Kind, Object, kind_of, meta, to_dict
from k8snet.kube.rest.negotiation import METADATA

SYSTEM = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion",
          "kubeProxyVersion", "operatingSystem", "architecture")  # fmt: skip
"""What is told of a machine that has told nothing of itself."""
ALWAYS: dict[str, dict[str, Any]] = {
    "Namespace": {"spec": {}, "status": {}},
    "Node": {"spec": {}, "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": dict.fromkeys(SYSTEM, "")}},
    "Pod": {"spec": {}, "status": {}},
    "Service": {"spec": {}, "status": {"loadBalancer": {}}},
    "Event": {
        "source": {}, "firstTimestamp": None, "lastTimestamp": None, "eventTime": None, "reportingComponent": "",
        "reportingInstance": "",
    },
    "Deployment": {"spec": {}, "status": {}},
    "ReplicaSet": {"spec": {}, "status": {"replicas": 0}},
    "DaemonSet": {
        "spec": {},
        "status": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    },
    "Lease": {"spec": {}},
    "EndpointSlice": {"endpoints": None, "ports": None},
}
"""What stands in an object of a kind even if nobody has set it."""


def document(obj: Object) -> dict[str, Any]:
    """An object with its kind, as it is sent.

    >>> from k8snet.kube.objects import ObjectMeta, Pod
    >>> document(Pod(metadata=ObjectMeta(name="web")))
    {'kind': 'Pod', 'apiVersion': 'v1', 'metadata': {'name': 'web'}, 'spec': {}, 'status': {}}
    """
    kind = kind_of(obj)
    return {"kind": kind.kind, "apiVersion": kind.api_version, **item(obj)}


def item(obj: Object) -> dict[str, Any]:
    """An object as it stands in a list: the list tells the kind."""
    kind, plain = kind_of(obj).kind, _written(obj)
    plain.pop("apiVersion", None)
    plain.pop("kind", None)
    for field, empty in ALWAYS.get(kind, {}).items():
        plain.setdefault(field, dict(empty) if isinstance(empty, dict) else empty)
    for condition in plain["status"].get("conditions", ()) if kind == "Pod" else ():
        condition.setdefault("lastProbeTime", None)
    return plain


def _written(obj: msgspec.Struct) -> dict[str, Any]:
    """A struct as a document, each MicroTime in it with its six places."""
    plain = to_dict(obj)
    for name, encoded in _timed(type(obj)):
        value = getattr(obj, name)
        if isinstance(value, datetime):
            plain[encoded] = time_text(value, MICROSECONDS)
        elif isinstance(value, msgspec.Struct):
            plain[encoded] = _written(value)
    return plain


@cache
def _timed(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """The fields of a type that are a MicroTime, or a struct in which there is one: in Python, and in JSON."""
    named = {info.encode_name: info.name for info in msgspec.structs.fields(kind)}
    return tuple((named[each.name], each.name) for each in fields(kind) if not each.container and (
        each.base == "MicroTime" or (each.of is not None and _timed(each.of))))


def listed(kind: Kind, objects: Sequence[Object], version: str) -> dict[str, Any]:
    """A list of objects, at a resourceVersion."""
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": {"resourceVersion": version},
            "items": [item(obj) for obj in objects]}


def metadata_of(obj: Object) -> dict[str, Any]:
    """An object's metadata alone, in an object of its own."""
    return {"kind": METADATA, "apiVersion": "meta.k8s.io/v1", "metadata": to_dict(meta(obj))}
