"""A manifest's document becomes an object of the official types, as strictly as the API server reads it.

The server decodes JSON into Go structs: keys in the order of their letters (kubectl sends them so), the first wrong type ends it,
all unknown fields are told together. We walk the official types the same way; each type's reader is built once. What a
document may say beyond its shape is validation's matter. Sources: sigs.k8s.io/json, internal/golang/encoding/json/decode.go;
k8s.io/apiserver, pkg/endpoints/handlers (create.go, rest.go); k8s.io/cli-runtime, pkg/resource (visitor.go, mapper.go).
"""

from __future__ import annotations

import json
from typing import Any

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.gowords import quoted
from k8snet.kube.objects import KINDS, Kind, Object, ObjectMeta
from k8snet.kube.structs import Field, Walk, decoded, struct

STDIN = "STDIN"
"""What kubectl calls a manifest that comes from no file."""

_UNMODELLED = {
    "v1": """Binding ComponentStatus LimitRange PersistentVolume PersistentVolumeClaim PodTemplate ReplicationController
        ResourceQuota""",
    "admissionregistration.k8s.io/v1": """MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
        ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration""",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "apps/v1": "ControllerRevision StatefulSet",
    "authentication.k8s.io/v1": "SelfSubjectReview TokenRequest TokenReview",
    "authorization.k8s.io/v1": "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    "autoscaling/v1": "HorizontalPodAutoscaler Scale",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "certificates.k8s.io/v1": "CertificateSigningRequest ClusterTrustBundle PodCertificateRequest",
    "events.k8s.io/v1": "Event",
    "flowcontrol.apiserver.k8s.io/v1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR",
    "node.k8s.io/v1": "RuntimeClass",
    "policy/v1": "Eviction PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "resource.k8s.io/v1": "DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate ResourceSlice",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass",
    "storagemigration.k8s.io/v1": "StorageVersionMigration",
}
"""Kinds that Kubernetes 1.37 has in a stable version, and the model has not. Kinds in alpha and beta versions are off by
default there, so for them there is no match."""


# --- from a document to an object --------------------------------------------------------------------------------


def decode(document: dict[str, Any], origin: str = STDIN) -> Object:
    """The object that a document describes; the document stays as it is. ``origin`` is the file that kubectl would name.

    What the published API demands and the document leaves out is filled with Go's zero value (``""``, 0, an empty list or
    struct), and so are ``metadata`` and ``spec``: then validation can say what is missing. Null is the same as absent.
    Times come in UTC; quantities and base64 stay text.

    Raises ApiError: with reason ``BadRequest`` and the server's words, or, with an empty reason and the text that kubectl
    prints, for what never gets to the server. Raises NotModelled for kinds that the model has not.

    >>> decode({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "node1"}}).spec.containers
    []
    >>> decode({"apiVersion": "v1", "kind": "Pod", "spec": {"prots": []}})
    Traceback (most recent call last):
    k8snet.errors.ApiError: Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.prots"
    """
    kind = find_kind(document, origin)
    obj, walk = decoded(kind.type, document)
    if walk.wrong is not None:
        raise metadata_refusal(document, origin) or unhandled(kind, walk.wrong)
    if walk.unknown:
        raise unhandled(kind, f"strict decoding error: {', '.join(walk.unknown)}")
    return obj


def unhandled(kind: Kind, why: str) -> ApiError:
    """The server's no to a document that is no object of its kind."""
    return unhandled_as(kind.kind, kind.api_version.rpartition("/")[2], why)


def unhandled_as(kind: str, version: str, why: str) -> ApiError:
    """The same for a kind that is none of the store's, such as Scale."""
    return ApiError(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}', reason="BadRequest")


def metadata_refusal(document: dict[str, Any], origin: str) -> ApiError | None:
    """What kubectl says: it reads metadata itself before it sends anything (metadataValidatingDecoder); None: it sends it."""
    walk = Walk()
    walk.path.append(Field("metadata", "metadata", "metadataOnlyObject", struct(ObjectMeta)))
    decoded(ObjectMeta, document["metadata"] if document.get("metadata") is not None else {}, walk)
    return None if walk.wrong is None else ApiError(f"error: unable to decode {quoted(origin)}: {walk.wrong}")


# --- which kind it is --------------------------------------------------------------------------------------------


def type_meta(document: Any, origin: str = STDIN) -> tuple[str, str]:
    """The apiVersion and the kind that a document names; kubectl looks at them first.

    >>> type_meta({"kind": "Pod"})
    Traceback (most recent call last):
    k8snet.errors.ApiError: error: error validating "STDIN": error validating data: apiVersion not set; ...
    """
    version, kind = version_and_kind(document, origin)
    if not kind:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        raise ApiError(f"error: unable to decode {quoted(origin)}: Object 'Kind' is missing in '{text}'")
    return version, kind


def version_and_kind(document: Any, origin: str = STDIN) -> tuple[str, str]:
    """The same, as far as kubectl validates it: there must be both, and be text; the kind may be empty."""
    if not isinstance(document, dict):
        raise invalid(origin, "invalid object to validate")
    version, kind = document.get("apiVersion"), document.get("kind")
    wrong = [_not_text("apiVersion", version), _not_text("kind", kind)]
    if isinstance(version, str) and version.count("/") > 1:
        wrong[0] = f"unexpected GroupVersion string: {version}"
    if told := [each for each in wrong if each]:
        raise invalid(origin, told[0] if len(told) == 1 else f"[{', '.join(told)}]")
    return str(version), str(kind)


def invalid(origin: str, why: str) -> ApiError:
    """What kubectl says of a document that it does not send at all."""
    hint = "if you choose to ignore these errors, turn validation off with --validate=false"
    return ApiError(f"error: error validating {quoted(origin)}: error validating data: {why}; {hint}")


def _not_text(field: str, value: Any) -> str:
    if value is None:
        return f"{field} not set"
    return "" if isinstance(value, str) else f"{field} isn't string type"


def find_kind(document: Any, origin: str = STDIN) -> Kind:
    """The kind of a document, if Kubernetes has it in that version, and the model too."""
    version, name = type_meta(document, origin)
    kind = KINDS.get(name)
    if kind is not None and kind.api_version == (version or "v1"):
        return kind
    if name in _UNMODELLED.get(version, "").split():
        raise NotModelled(f'kind "{name}" in version "{version}"', known=", ".join(sorted(KINDS)))
    raise no_match(document, version, name, origin)


def no_match(document: dict[str, Any], version: str, kind: str, origin: str) -> ApiError:
    """What kubectl says of a kind that the cluster does not have."""
    given = document.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    name, namespace = (value if isinstance(value, str) else "" for value in map(metadata.get, ("name", "namespace")))
    return ApiError(
        f"error: resource mapping not found for name: {quoted(name)} namespace: {quoted(namespace)} from {quoted(origin)}: "
        f"no matches for kind {quoted(kind)} in version {quoted(version)}\nensure CRDs are installed first"
    )
