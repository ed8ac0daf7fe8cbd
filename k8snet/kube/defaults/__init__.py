"""What the API server fills in where a manifest says nothing, with what its admission plugins add.

Nothing is changed in place, and what lacks nothing comes back as the very same object; so pods that are made from a
template share all of it. Sources: pkg/apis/core/v1/defaults.go and conversion.go, pkg/apis/apps/v1/defaults.go; the
plugins ServiceAccount, Priority and DefaultTolerationSeconds (admission.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.kube.defaults import endpoints, others, pods, services, workloads
from k8snet.kube.objects import (
    DaemonSet,
    Deployment,
    Endpoints,
    EndpointSlice,
    Namespace,
    Node,
    Object,
    Pod,
    ReplicaSet,
    Secret,
    Service,
)  # fmt: skip

__all__ = ["with_defaults", "with_status_defaults"]

_FILLERS: dict[type, Callable[[Any], Any]] = {
    Pod: pods.pod, Deployment: workloads.deployment, ReplicaSet: workloads.replicaset, DaemonSet: workloads.daemonset,
    Namespace: others.namespace, Node: others.node, Service: services.service, Secret: others.secret,
    Endpoints: endpoints.endpoints, EndpointSlice: endpoints.endpoint_slice,
}  # fmt: skip


def with_defaults(obj: Object) -> Object:
    """An object with all that the API server fills in; the same object, if it lacks nothing.

    Raises ApiError (Forbidden) where an admission plugin refuses.

    >>> from k8snet.kube.objects import Container, PodSpec
    >>> pod = with_defaults(Pod(spec=PodSpec(containers=[Container(name="web", image="nginx")])))
    >>> pod.spec.restartPolicy, pod.spec.containers[0].imagePullPolicy, with_defaults(pod) is pod
    ('Always', 'Always', True)
    """
    filled = _FILLERS.get(type(obj))
    return filled(obj) if filled else obj


def with_status_defaults(obj: Object) -> Object:
    """The same for an object whose status alone was written; of most kinds nothing is lacking there."""
    return with_defaults(obj) if isinstance(obj, Service) else obj
