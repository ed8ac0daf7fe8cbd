"""Which paths the API server has: the resources of each kind with their verbs and subresources, and how a path is read.

Source: the discovery documents of Kubernetes 1.37; k8s.io/apiserver, pkg/endpoints/request (requestinfo.go).
"""

from __future__ import annotations

from k8snet.errors import ApiError
from k8snet.kube.objects import KINDS, Kind
from k8snet.kube.rest.status import no_such_place
from k8snet.linux.fact import Fact

STANDARD = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
WITHOUT_COLLECTION = tuple(verb for verb in STANDARD if verb != "deletecollection")
READ_AND_WRITE = ("get", "patch", "update")
STREAM = ("create", "get")
PROXY = ("create", "delete", "get", "patch", "update")


class Sub(Fact, frozen=True):
    """A subresource: the kind of what is sent there and comes back, and the verbs. ``group`` and ``version`` of that kind."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


def _status(kind: str) -> Sub:
    return Sub("status", kind, READ_AND_WRITE)


SCALE = Sub("scale", "Scale", READ_AND_WRITE, "autoscaling", "v1")
SUBRESOURCES: dict[str, tuple[Sub, ...]] = {
    "Namespace": (Sub("finalize", "Namespace", ("update",)), _status("Namespace")),
    "Node": (Sub("proxy", "NodeProxyOptions", PROXY), _status("Node")),
    "Pod": (
        Sub("attach", "PodAttachOptions", STREAM),
        Sub("binding", "Binding", ("create",)),
        Sub("ephemeralcontainers", "Pod", READ_AND_WRITE),
        Sub("eviction", "Eviction", ("create",), "policy", "v1"),
        Sub("exec", "PodExecOptions", STREAM),
        Sub("log", "Pod", ("get",)),
        Sub("portforward", "PodPortForwardOptions", STREAM),
        Sub("proxy", "PodProxyOptions", PROXY),
        Sub("resize", "Pod", READ_AND_WRITE),
        _status("Pod"),
    ),
    "Service": (Sub("proxy", "ServiceProxyOptions", PROXY), _status("Service")),
    "ServiceAccount": (Sub("token", "TokenRequest", ("create",), "authentication.k8s.io", "v1"),),
    "Deployment": (SCALE, _status("Deployment")),
    "ReplicaSet": (SCALE, _status("ReplicaSet")),
    "DaemonSet": (_status("DaemonSet"),),
}
CATEGORIES = dict.fromkeys(("Pod", "Service", "Deployment", "ReplicaSet", "DaemonSet"), ("all",))
DEPRECATED = {"Endpoints": ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",)}
"""What clients are warned of who ask for a kind."""
METHODS = {
    "GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete",
}  # fmt: skip
"""The verb of each HTTP method on one object."""


def verbs(kind: Kind) -> tuple[str, ...]:
    """What can be done to a kind's objects."""
    return WITHOUT_COLLECTION if kind.kind == "Namespace" else STANDARD


def subresource(kind: Kind, name: str) -> Sub | None:
    """A kind's subresource of a name."""
    return next((sub for sub in SUBRESOURCES.get(kind.kind, ()) if sub.name == name), None)


class Target(Fact, frozen=True):
    """What a path means: objects of a kind, in one namespace or all (None); one of them; a part of it."""

    kind: Kind
    namespace: str | None = None
    name: str = ""
    sub: Sub | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The key of the one object."""
        return (self.namespace or "") if self.kind.namespaced else "", self.name

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be done there."""
        return self.sub.verbs if self.sub else verbs(self.kind)


def warnings(at: Target) -> tuple[str, ...]:
    """What a client is warned of who asks for this."""
    return DEPRECATED.get(at.kind.kind, ())


_BY_PLACE = {(kind.api_version, kind.plural): kind for kind in KINDS.values()}


def target(path: str) -> Target:
    """What a path means. ApiError (NotFound) if it leads nowhere.

    >>> found = target("/apis/apps/v1/namespaces/shop/deployments/web/scale")
    >>> found.kind.kind, found.namespace, found.name, found.sub.kind
    ('Deployment', 'shop', 'web', 'Scale')
    """
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            pass
        case ["apis", group, number, *rest]:
            version = f"{group}/{number}"
        case _:
            raise no_such_place()
    namespace = None
    if rest[:1] == ["namespaces"] and len(rest) > 2 and (version, rest[2]) in _BY_PLACE:
        namespace, rest = rest[1], rest[2:]
    kind = _BY_PLACE.get((version, rest[0] if rest else ""))
    if kind is None or len(rest) > 3 or (namespace is not None and not kind.namespaced):
        raise no_such_place()
    name, sub = (*rest[1:], "", "")[:2]
    if name and kind.namespaced and namespace is None:
        raise no_such_place()
    found = subresource(kind, sub)
    if sub and found is None:
        raise no_such_place()
    return Target(kind, namespace, name, found)


NONE_OF_THEM = {
    "resourcequotas": ("v1", "ResourceQuota"), "limitranges": ("v1", "LimitRange"),
    "customresourcedefinitions": ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
}  # fmt: skip
"""Resources that nobody can make here and that kubectl asks for on its own (describe, apply): each with version and kind."""


def list_of_none(path: str) -> dict[str, object] | None:
    """The empty list that a path of `NONE_OF_THEM` leads to; None for every other path.

    >>> list_of_none("/api/v1/namespaces/shop/limitranges")
    {'kind': 'LimitRangeList', 'apiVersion': 'v1', 'metadata': {'resourceVersion': '0'}, 'items': []}
    """
    version, kind = NONE_OF_THEM.get(path.rpartition("/")[2], ("", ""))
    root = f"/apis/{version}/" if "/" in version else f"/api/{version}/"
    if not kind or not path.startswith(root):
        return None
    return {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": "0"}, "items": []}


def other_namespace() -> ApiError:
    """The refusal of an object that is sent to another namespace than its own."""
    return ApiError("the namespace of the provided object does not match the namespace sent on the request", reason="BadRequest")
