"""Subresources: what can be done to a part of an object, or with it.

A pod's binding, eviction and log; a workload's scale; a namespace's finalizers. Sources: pkg/registry/core/pod/storage
(eviction.go, storage.go) and pkg/registry/apps (the files storage.go).
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.decoding import unhandled_as
from k8snet.kube.gowords import named
from k8snet.kube.objects import Object, changed, meta, to_dict
from k8snet.kube.rest import bodies, options
from k8snet.kube.rest.durations import age
from k8snet.kube.rest.http import CREATED, OK, Response
from k8snet.kube.rest.negotiation import TABLE, negotiated
from k8snet.kube.rest.reading import headed
from k8snet.kube.rest.resources import Target
from k8snet.kube.rest.status import not_allowed, success
from k8snet.kube.rest.tables.columns import AGE, NAME, integer, selector
from k8snet.kube.rest.wire import document, metadata_of
from k8snet.kube.rest.writing import Writer, kept
from k8snet.kube.validation.errors import invalid, refusal_of, required, unsupported

SCALE_META = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
SCALE_COLUMNS = (NAME, integer("Desired", "How many there should be."), integer("Available", "How many there are."), AGE)
INSTEAD = {
    "exec": "the pod's .sh(…)", "attach": "the pod's log", "portforward": "the pod's .sh(…)", "proxy": "the pod's .sh(…)",
    "ephemeralcontainers": "the pod's .sh(…)", "resize": "a new pod", "token": "", "status": "",
}  # fmt: skip


def act(writer: Writer, target: Target) -> Response:
    """A request to a subresource that is no mere part of the object (as its status is)."""
    assert target.sub is not None
    request, name = writer.request, target.sub.name
    if name == "scale":
        return _scale(writer, target)
    if name == "binding" and request.method == "POST":
        return _bind(writer, target)
    if name == "eviction" and request.method == "POST":
        return _evict(writer, target)
    if name == "finalize" and request.method == "PUT":
        return _finalize(writer, target)
    if name in INSTEAD:
        raise NotModelled(f"the subresource {target.kind.plural}/{name}", known=INSTEAD[name])
    raise not_allowed()


# --- scale --------------------------------------------------------------------------------------------------------


def _scale(writer: Writer, target: Target) -> Response:
    request, kind = writer.request, target.kind
    obj = writer.client.get(kind.kind, *reversed(target.key))
    if request.method == "GET":
        is_table = negotiated(request.accept).name == TABLE
        return Response(OK, _scale_table(obj, writer) if is_table else scale(obj))
    if request.method == "PATCH":
        wanted = writer.patched(scale(obj), None)
    elif request.method == "PUT":
        wanted = bodies.read_document(request, "Scale")
    else:
        raise not_allowed()
    after = changed(obj, metadata=_of_scale(wanted, obj), spec=changed(obj.spec, replicas=_replicas(wanted, target.name)))
    written = kept(writer.api, lambda: writer.api.update(after, request.who, verb=request.method, subresource="scale"),
                   dry=request.is_dry)
    return Response(OK, scale(written))


def scale(obj: Object) -> dict[str, Any]:
    """A workload as a Scale: how many there should be, how many there are, and which."""
    about, spec = to_dict(meta(obj)), obj.spec
    status = {"replicas": (obj.status.replicas if obj.status else None) or 0, "selector": selector(spec.selector)}
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {key: about[key] for key in SCALE_META if key in about},
        "spec": {"replicas": spec.replicas} if spec.replicas else {}, "status": status,
    }  # fmt: skip


def _scale_table(obj: Object, writer: Writer) -> dict[str, Any]:
    """A Scale as a table."""
    about, there = meta(obj), scale(obj)["status"]["replicas"]
    cells = [about.name, obj.spec.replicas or 0, there, age(about.creationTimestamp, writer.api.time)]
    columns = [column.definition() for column in SCALE_COLUMNS]
    return headed({"columnDefinitions": columns, "rows": [{"cells": cells, "object": metadata_of(obj)}]},
                  about.resourceVersion or "")


def _of_scale(wanted: dict[str, Any], obj: Object) -> Any:
    """The object's metadata, with the version that the client has read."""
    about = wanted.get("metadata") or {}
    if about.get("name") not in (None, meta(obj).name):
        text = f"the name of the object ({about['name']}) does not match the name on the URL ({meta(obj).name})"
        raise ApiError(text, reason="BadRequest")
    return changed(meta(obj), resourceVersion=about.get("resourceVersion") or None, uid=about.get("uid") or meta(obj).uid)


def _replicas(wanted: dict[str, Any], name: str) -> int:
    count = (wanted.get("spec") or {}).get("replicas") or 0
    if not isinstance(count, int) or isinstance(count, bool) or not -(1 << 31) <= count < 1 << 31:
        why = f"json: cannot unmarshal {named(count, literal=True)} into Go struct field ScaleSpec.spec.replicas of type int32"
        raise unhandled_as("Scale", "v1", why)
    if count < 0:
        raise refusal_of("Scale.autoscaling", name, [invalid("spec.replicas", count, "must be greater than or equal to 0")])
    return count


# --- pods ---------------------------------------------------------------------------------------------------------


def _bind(writer: Writer, target: Target) -> Response:
    body = bodies.read_document(writer.request, "Binding")
    aim = body.get("target") or {}
    node, kind = aim.get("name"), aim.get("kind") or "Node"
    if not node or kind != "Node":
        error = required("target.name") if not node else unsupported("target.kind", kind, ("Node", "<empty>"))
        raise refusal_of("Binding", target.name, [error])
    pod = writer.client.get("Pod", *reversed(target.key))
    kept(writer.api, lambda: writer.api.bind(pod, node, writer.request.who), dry=writer.request.is_dry)
    return Response(CREATED, success() | {"code": CREATED})


def _evict(writer: Writer, target: Target) -> Response:
    """Delete a pod as its eviction says. There are no PodDisruptionBudgets that could forbid it."""
    body = bodies.read_document(writer.request, "Eviction")
    if (body.get("metadata") or {}).get("name") not in (None, "", target.name):
        raise ApiError("name in URL does not match name in Eviction object", reason="BadRequest")
    how = options.of_document(body.get("deleteOptions") or {}, dry=writer.request.is_dry)
    pod = writer.client.get("Pod", *reversed(target.key))
    how.check(target.kind, pod)
    kept(writer.api, lambda: writer.api.delete(target.kind, target.key, writer.request.who, grace=how.grace), dry=how.dry)
    return Response(CREATED, success() | {"code": CREATED})


def _finalize(writer: Writer, target: Target) -> Response:
    read = bodies.read_object(target.kind, writer.request)
    after = kept(writer.api, lambda: writer.api.finalize(read.obj, writer.request.who), dry=writer.request.is_dry)
    return Response(OK, document(after), warnings=read.warnings)
