"""ConfigMaps and Secrets, which the model only keeps; and namespaces' finalizers.

Source: pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.names import config_key_faults, key_faults
from k8snet.kube.objects import ConfigMap, Namespace, Secret
from k8snet.kube.validation.errors import IMMUTABLE, Errors, all_invalid, forbidden, invalid, required, too_long
from k8snet.kube.validation.metadata import unqualified

MOST_BYTES = 1024 * 1024
NO_CHANGE = "field is immutable when `immutable` is set"
_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""The keys that a type of Secret must have."""


def configmap(obj: ConfigMap) -> Errors:
    """What is wrong with a ConfigMap."""
    data, binary = obj.data or {}, obj.binaryData or {}
    errors: Errors = []
    for key in data:
        errors += all_invalid(f"data[{key}]", key, config_key_faults(key))
        errors += [invalid(f"data[{key}]", key, "duplicate of key present in binaryData")] if key in binary else []
    for key in binary:
        errors += all_invalid(f"binaryData[{key}]", key, config_key_faults(key))
    size = _size(data.values()) + _encoded(binary.values())
    return errors + ([too_long("", MOST_BYTES)] if size > MOST_BYTES else [])


def secret(obj: Secret) -> Errors:
    """What is wrong with a Secret."""
    data = obj.data or {}
    errors = [error for key in data for error in all_invalid(f"data[{key}]", key, config_key_faults(key))]
    errors += [too_long("data", MOST_BYTES)] if _encoded(data.values()) > MOST_BYTES else []
    wanted = _KEYS.get(obj.type or "", ())
    if obj.type == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        wanted = ("username", "password")
    return errors + [required(f"data[{key}]") for key in wanted if key not in data]


def namespace(obj: Namespace) -> Errors:
    """What is wrong with a namespace's own finalizers."""
    errors: Errors = []
    for finalizer in (obj.spec.finalizers if obj.spec else None) or []:
        errors += all_invalid("spec.finalizers", finalizer, key_faults(finalizer))
        errors += unqualified("spec.finalizers", finalizer)
    return errors


def configmap_update(new: ConfigMap, old: ConfigMap) -> Errors:
    """What is wrong with a change of a ConfigMap."""
    return _unchanged(new, old, ("data", "binaryData"))


def secret_update(new: Secret, old: Secret) -> Errors:
    """What is wrong with a change of a Secret."""
    errors = [] if new.type == old.type else [invalid("type", new.type, IMMUTABLE)]
    return errors + _unchanged(new, old, ("data",))


def _unchanged(new: ConfigMap | Secret, old: ConfigMap | Secret, names: Iterable[str]) -> Errors:
    if not old.immutable:
        return []
    errors = [] if new.immutable else [forbidden("immutable", NO_CHANGE)]
    return errors + [forbidden(name, NO_CHANGE) for name in names if getattr(new, name) != getattr(old, name)]


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode(errors="replace")) for text in texts)


def _encoded(texts: Iterable[str]) -> int:
    """How many bytes base64 texts stand for."""
    return sum(len(text) * 3 // 4 - text.count("=", -2) for text in texts)
