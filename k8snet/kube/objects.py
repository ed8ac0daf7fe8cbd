"""The objects of Kubernetes 1.37: the official types, from lightkube's models, and which of them the model knows.

All other files take the types from here, so lightkube is imported in one place. A type's fields are the API's own
(``pod.spec.nodeName``); most may be absent, so they are typed ``T | None``, and `known` says where the API server has
made sure that there is one. Objects that the API server holds are never changed in place: `changed` makes another one
that shares what stays the same, and `copy` one that shares nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from lightkube.models.apps_v1 import (
    DaemonSet,
    DaemonSetSpec,
    DaemonSetStatus,
    DaemonSetUpdateStrategy,
    Deployment,
    DeploymentCondition,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    ReplicaSet,
    ReplicaSetCondition,
    ReplicaSetSpec,
    ReplicaSetStatus,
    RollingUpdateDaemonSet,
    RollingUpdateDeployment,
)  # fmt: skip
from lightkube.models.coordination_v1 import Lease, LeaseSpec
from lightkube.models.core_v1 import (
    Affinity,
    ClientIPConfig,
    ConfigMap,
    Container,
    ContainerPort,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    DaemonEndpoint,
    EmptyDirVolumeSource,
    EndpointAddress,
    Endpoints,
    EndpointSubset,
    EnvVar,
    EnvVarSource,
    Event,
    EventSource,
    HostAlias,
    HostIP,
    HTTPGetAction,
    LoadBalancerIngress,
    LoadBalancerStatus,
    Namespace,
    NamespaceSpec,
    NamespaceStatus,
    Node,
    NodeAddress,
    NodeAffinity,
    NodeCondition,
    NodeDaemonEndpoints,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    NodeSpec,
    NodeStatus,
    NodeSystemInfo,
    ObjectReference,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodCondition,
    PodIP,
    PodSecurityContext,
    PodSpec,
    PodStatus,
    PodTemplateSpec,
    Probe,
    ResourceRequirements,
    Secret,
    SecurityContext,
    Service,
    ServiceAccount,
    ServicePort,
    ServiceSpec,
    ServiceStatus,
    SessionAffinityConfig,
    Taint,
    Toleration,
    TopologySpreadConstraint,
    Volume,
    VolumeMount,
)  # fmt: skip
from lightkube.models.core_v1 import EndpointPort as SubsetPort
from lightkube.models.discovery_v1 import (
    Endpoint,
    EndpointConditions,
    EndpointHints,
    EndpointPort,
    EndpointSlice,
    ForNode,
    ForZone,
)  # fmt: skip
from lightkube.models.meta_v1 import DeleteOptions, LabelSelector, LabelSelectorRequirement, ObjectMeta, OwnerReference

from k8snet.linux.fact import Fact

__all__ = [
    "KINDS",
    "Affinity",
    "ClientIPConfig",
    "ConfigMap",
    "Container",
    "ContainerPort",
    "ContainerState",
    "ContainerStateRunning",
    "ContainerStateTerminated",
    "ContainerStateWaiting",
    "ContainerStatus",
    "DaemonEndpoint",
    "DaemonSet",
    "DaemonSetSpec",
    "DaemonSetStatus",
    "DaemonSetUpdateStrategy",
    "DeleteOptions",
    "Deployment",
    "DeploymentCondition",
    "DeploymentSpec",
    "DeploymentStatus",
    "DeploymentStrategy",
    "EmptyDirVolumeSource",
    "Endpoint",
    "EndpointAddress",
    "EndpointConditions",
    "EndpointHints",
    "EndpointPort",
    "EndpointSlice",
    "EndpointSubset",
    "Endpoints",
    "EnvVar",
    "EnvVarSource",
    "Event",
    "EventSource",
    "ForNode",
    "ForZone",
    "HTTPGetAction",
    "HostAlias",
    "HostIP",
    "Kind",
    "LabelSelector",
    "LabelSelectorRequirement",
    "Lease",
    "LeaseSpec",
    "LoadBalancerIngress",
    "LoadBalancerStatus",
    "Namespace",
    "NamespaceSpec",
    "NamespaceStatus",
    "Node",
    "NodeAddress",
    "NodeAffinity",
    "NodeCondition",
    "NodeDaemonEndpoints",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "NodeSpec",
    "NodeStatus",
    "NodeSystemInfo",
    "Object",
    "ObjectMeta",
    "ObjectReference",
    "OwnerReference",
    "Pod",
    "PodAffinity",
    "PodAffinityTerm",
    "PodAntiAffinity",
    "PodCondition",
    "PodIP",
    "PodSecurityContext",
    "PodSpec",
    "PodStatus",
    "PodTemplateSpec",
    "Probe",
    "ReplicaSet",
    "ReplicaSetCondition",
    "ReplicaSetSpec",
    "ReplicaSetStatus",
    "ResourceRequirements",
    "RollingUpdateDaemonSet",
    "RollingUpdateDeployment",
    "Secret",
    "SecurityContext",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "ServiceSpec",
    "ServiceStatus",
    "SessionAffinityConfig",
    "SubsetPort",
    "Taint",
    "Toleration",
    "TopologySpreadConstraint",
    "Volume",
    "VolumeMount",
    "changed",
    "copy",
    "kind_of",
    "known",
    "meta",
    "to_dict",
]  # fmt: skip

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

changed = msgspec.structs.replace
"""``changed(pod, status=status)``: another object, equal but for the given fields; it shares the rest."""

Object = Any
"""One of the types of `KINDS`. Each has apiVersion, kind and metadata; Python has no name for that."""


class Kind(Fact, frozen=True):
    """One kind of object: where the API has it, and by which names kubectl knows it."""

    api_version: str
    kind: str
    plural: str
    type: type[msgspec.Struct]
    namespaced: bool = True
    short: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The API group, without the version; empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """The plural with its group, as errors write it: ``pods``, ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """Where the API server has it.

        >>> KINDS["Deployment"].path("default", "web", "scale")
        '/apis/apps/v1/namespaces/default/deployments/web/scale'
        """
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        parts = [root, *(["namespaces", namespace] if namespace and self.namespaced else []), self.plural]
        return "/".join(part for part in (*parts, name, subresource) if part)


KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (
        Kind("v1", "Namespace", "namespaces", Namespace, False, ("ns",)),
        Kind("v1", "Node", "nodes", Node, False, ("no",)),
        Kind("v1", "Pod", "pods", Pod, short=("po",)),
        Kind("v1", "Service", "services", Service, short=("svc",)),
        Kind("v1", "Endpoints", "endpoints", Endpoints, short=("ep",)),
        Kind("v1", "Event", "events", Event, short=("ev",)),
        Kind("v1", "ConfigMap", "configmaps", ConfigMap, short=("cm",)),
        Kind("v1", "Secret", "secrets", Secret),
        Kind("v1", "ServiceAccount", "serviceaccounts", ServiceAccount, short=("sa",)),
        Kind("apps/v1", "Deployment", "deployments", Deployment, short=("deploy",)),
        Kind("apps/v1", "ReplicaSet", "replicasets", ReplicaSet, short=("rs",)),
        Kind("apps/v1", "DaemonSet", "daemonsets", DaemonSet, short=("ds",)),
        Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", EndpointSlice),
        Kind("coordination.k8s.io/v1", "Lease", "leases", Lease),
    )
}
"""The kinds that the model's API server holds, by name."""

_BY_TYPE = {kind.type: kind for kind in KINDS.values()}


def kind_of(obj: Object) -> Kind:
    """The kind of an object.

    >>> kind_of(Pod()).plural
    'pods'
    """
    return _BY_TYPE[type(obj)]


def known(value: T | None) -> T:
    """A field that the API server's defaults and validation have made sure of."""
    assert value is not None
    return value


def meta(obj: Object) -> ObjectMeta:
    """An object's metadata."""
    metadata: ObjectMeta = obj.metadata
    return metadata


_encode = msgspec.msgpack.Encoder().encode
_DECODERS: dict[type[Any], msgspec.msgpack.Decoder[Any]] = {}


def copy(obj: S) -> S:
    """A copy that shares nothing with the original: through msgpack, in microseconds (deepcopy takes 20 times as long).

    >>> pod = Pod(metadata=ObjectMeta(name="web", labels={"app": "web"}))
    >>> other = copy(pod); other.metadata.labels["app"] = "db"; pod.metadata.labels
    {'app': 'web'}
    """
    decoder = _DECODERS.get(type(obj)) or _DECODERS.setdefault(type(obj), msgspec.msgpack.Decoder(type(obj)))
    copied: S = decoder.decode(_encode(obj))
    return copied


def to_dict(obj: Object) -> dict[str, Any]:
    """An object as a manifest has it: plain dicts and lists, times as text, nothing for what is absent.

    >>> to_dict(Pod(metadata=ObjectMeta(name="web")))
    {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'web'}}
    """
    plain: dict[str, Any] = msgspec.to_builtins(obj)
    return plain
