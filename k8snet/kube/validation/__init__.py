"""What the API server refuses, in its own words: field errors with their paths, all of them, in its order.

`validate` is asked for a new object, after defaults are filled in, and `validate_update` for one that replaces another.
Rules for the text of names are in kube/names.py. Sources: pkg/apis/core/validation, pkg/apis/apps/validation, and the
strategies of pkg/registry, which call them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.kube.names import Rule, label_faults, subdomain_faults
from k8snet.kube.objects import (
    ConfigMap,
    DaemonSet,
    Deployment,
    Endpoints,
    EndpointSlice,
    Namespace,
    Node,
    Object,
    ObjectMeta,
    Pod,
    ReplicaSet,
    Secret,
    Service,
    kind_of,
)  # fmt: skip
from k8snet.kube.validation import balancers, endpoint_slices, endpoints, kept, metadata, nodes, pods, services, workloads
from k8snet.kube.validation.errors import Errors, refusal

__all__ = ["Errors", "refusal", "validate", "validate_status", "validate_update"]

_RULES: dict[type, Rule] = {Namespace: label_faults, Service: label_faults}
"""What is wrong with a name, by kind; all others are DNS subdomains."""
_SPECS: dict[type, Callable[[Any], Errors]] = {
    Pod: pods.pod, Deployment: workloads.deployment, ReplicaSet: workloads.replicaset, DaemonSet: workloads.daemonset,
    Node: nodes.node, Namespace: kept.namespace, ConfigMap: kept.configmap, Secret: kept.secret,
    Service: services.service, Endpoints: endpoints.endpoints, EndpointSlice: endpoint_slices.endpoint_slice,
}  # fmt: skip
_NEW: dict[type, Callable[[Any], Errors]] = {Pod: pods.created}
_CHANGES: dict[type, Callable[[Any, Any], Errors]] = {
    Pod: pods.update, Deployment: workloads.update, ReplicaSet: workloads.update, DaemonSet: workloads.update,
    Node: nodes.update, ConfigMap: kept.configmap_update, Secret: kept.secret_update,
    Service: services.update, Endpoints: endpoints.update, EndpointSlice: endpoint_slices.update,
}  # fmt: skip
_NOT_AGAIN = (Node, Namespace, Service, Endpoints, EndpointSlice)
"""Of these kinds a change is not looked at like a new object, or by what looks at the change."""
_STATUSES: dict[type, Callable[[Any, Any], Errors]] = {Service: balancers.status}


def validate(obj: Object) -> Errors:
    """All that is wrong with a new object; empty if it may come in.

    >>> validate(Namespace(metadata=ObjectMeta(name="Shop")))[0][:70]
    'metadata.name: Invalid value: "Shop": a lowercase RFC 1123 label must '
    """
    kind = type(obj)
    errors = metadata.of_new(obj.metadata or ObjectMeta(), _RULES.get(kind, subdomain_faults), namespaced=kind_of(obj).namespaced)
    for check in (_SPECS.get(kind), _NEW.get(kind)):
        errors += check(obj) if check else []
    return errors


def validate_update(new: Object, old: Object) -> Errors:
    """All that is wrong with an object that is to replace another."""
    kind = type(new)
    errors = metadata.of_update(new.metadata or ObjectMeta(), old.metadata or ObjectMeta())
    check, change = _SPECS.get(kind), _CHANGES.get(kind)
    if check and kind not in _NOT_AGAIN and not _is_same(new, old):
        errors += check(new)
    return errors + (change(new, old) if change else [])


def validate_status(new: Object, old: Object) -> Errors:
    """All that is wrong with an object whose status alone is to replace another's."""
    check = _STATUSES.get(type(new))
    return check(new, old) if check else []


def _is_same(new: Object, old: Object) -> bool:
    """Whether the wishes are the very same, and so were looked at before. Of pods the metadata matters too."""
    return not isinstance(new, Pod) and getattr(new, "spec", None) is not None and new.spec is old.spec
