"""`kubectl describe`: all that there is to say of an object, of those around it, and its events, as text.

Each kind has a describer of its own; what has none is described field by field (`generic`). Everything is asked of a `Source`,
in the requests that kubectl makes. Source: k8s.io/kubectl 1.37, pkg/describe/describe.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.kube.objects import Kind
from k8snet.shell.kubectl.describing.events import Told
from k8snet.shell.kubectl.describing.generic import describe_any
from k8snet.shell.kubectl.describing.network import describe_endpoints, describe_endpointslice, describe_service
from k8snet.shell.kubectl.describing.nodes import describe_node
from k8snet.shell.kubectl.describing.page import Page
from k8snet.shell.kubectl.describing.pods import describe_pod
from k8snet.shell.kubectl.describing.settings import (
    describe_configmap,
    describe_namespace,
    describe_secret,
    describe_serviceaccount,
)
from k8snet.shell.kubectl.describing.source import Source
from k8snet.shell.kubectl.describing.workloads import describe_daemonset, describe_deployment, describe_replicaset

__all__ = ["Source", "describe"]

DESCRIBERS: dict[str, Callable[[Page, Any, Source, Told], None]] = {
    "ConfigMap": describe_configmap,
    "DaemonSet": describe_daemonset,
    "Deployment": describe_deployment,
    "EndpointSlice": describe_endpointslice,
    "Endpoints": describe_endpoints,
    "Namespace": describe_namespace,
    "Node": describe_node,
    "Pod": describe_pod,
    "ReplicaSet": describe_replicaset,
    "Secret": describe_secret,
    "Service": describe_service,
    "ServiceAccount": describe_serviceaccount,
}
"""By kind."""
WITHOUT_EVENTS = ("Namespace", "Secret")


def describe(source: Source, kind: Kind, namespace: str, name: str, *, show_events: bool = True) -> str:
    """What ``kubectl describe KIND NAME`` prints. ApiError (NotFound) if there is no such object.

    ``show_events=False`` leaves out the events at the end, as kubectl does when it describes several objects.
    """
    obj = source.get(kind.kind, name, namespace)
    page, told = Page(), Told(obj, source, shown=show_events and kind.kind not in WITHOUT_EVENTS)
    DESCRIBERS.get(kind.kind, describe_any)(page, obj, source, told)
    told.write(page)
    return page.text()
