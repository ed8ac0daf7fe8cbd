"""What the API server says of a manifest, after its defaults: the field errors."""

from __future__ import annotations

from typing import Any

from k8snet.kube.decoding import decode
from k8snet.kube.defaults import with_defaults
from k8snet.kube.objects import KINDS, Object, changed, kind_of, meta
from k8snet.kube.validation import Errors, validate, validate_update

CONTAINER = {"name": "web", "image": "nginx"}
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)
PORTS = "must be between 1 and 65535, inclusive"
NEGATIVE = "must be greater than or equal to 0"


def made(kind: str, metadata: dict[str, Any] | None = None, **parts: Any) -> Object:
    """An object as it is when it comes to validation: named, in a namespace, with its defaults."""
    about = {"name": "web", "resourceVersion": "1", **(metadata or {})}
    obj = decode({"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": about, **parts})
    place = (meta(obj).namespace or "default") if kind_of(obj).namespaced else None
    return with_defaults(changed(obj, metadata=changed(meta(obj), namespace=place)))


def said(kind: str, metadata: dict[str, Any] | None = None, **parts: Any) -> Errors:
    return validate(made(kind, metadata, **parts))


def said_of_pod(container: dict[str, Any] | None = None, **spec: Any) -> Errors:
    return said("Pod", spec={"containers": [CONTAINER | (container or {})], **spec})


def said_of_container(**fields: Any) -> Errors:
    """The errors of a pod's only container, without the path that they all have."""
    return [error.removeprefix("spec.containers[0].") for error in said_of_pod(fields)]


def workload(**spec: Any) -> dict[str, Any]:
    """The wishes of a Deployment and the like, which are right but for what is given."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [CONTAINER]}}
    return {"selector": {"matchLabels": labels}, "template": template, **spec}


def said_of_change(new: Object, old: Object) -> Errors:
    return validate_update(new, old)
