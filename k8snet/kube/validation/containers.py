"""Containers: of pods and of templates, the regular ones and those that run before. What probes ask is in probes.py.

Errors come in the server's order, container by container. Source: pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.kube.names import config_key_faults, key_faults, label_faults, port_faults, port_name_faults, subdomain_faults
from k8snet.kube.names import variable_faults as name_faults
from k8snet.kube.objects import Container, ContainerPort, EnvVar, EnvVarSource
from k8snet.kube.validation import probes, resources, security, volumes
from k8snet.kube.validation.errors import Errors, all_invalid, duplicate, forbidden, invalid, one_of, required, unsupported

PULLS = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
MESSAGES = ("File", "FallbackToLogsOnError")
RESTARTS = ("Always", "Never", "OnFailure")
FIELD_PATHS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
               "status.hostIPs", "status.podIP", "status.podIPs")  # fmt: skip
"""What a variable can hold of its own pod."""
NOT_BEFORE = "may not be set for init containers without restartPolicy=Always"


def regular(given: Sequence[Container], known: set[str], path: str) -> Errors:
    """What is wrong with a pod's containers; ``known`` are the names of its volumes."""
    if not given:
        return [required(path)]
    errors: Errors = []
    seen: set[str] = set()
    for at, container in enumerate(given):
        here = f"{path}[{at}]"
        errors += _common(container, known, here)
        errors += [duplicate(f"{here}.name", container.name)] if container.name in seen else []
        seen.add(container.name)
        errors += probes.of(container, here) + _restart(container, here)
    return errors + _host_ports(given, path)


def initial(given: Sequence[Container], others: Sequence[Container], known: set[str], path: str) -> Errors:
    """What is wrong with the containers that run before; ``others`` are the regular ones, whose names are taken."""
    errors: Errors = []
    seen = {container.name for container in others}
    for at, container in enumerate(given):
        here = f"{path}[{at}]"
        errors += _common(container, known, here) + _restart(container, here)
        if container.name in seen:
            errors.append(duplicate(f"{here}.name", container.name))
        elif container.name:
            seen.add(container.name)
        errors += _host_ports([container], path)
        if container.restartPolicy == "Always":
            errors += probes.of(container, here)
            continue
        unwanted = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
        errors += [forbidden(f"{here}.{name}", NOT_BEFORE) for name in unwanted if getattr(container, name) is not None]
    return errors


def trimmed(given: Sequence[Container], path: str) -> Errors:
    """Errors for images' names with spaces around them; a template may have them."""
    why = "must not have leading or trailing whitespace"
    images = ((at, container.image or "") for at, container in enumerate(given))
    return [invalid(f"{path}[{at}].image", image, why) for at, image in images if image != image.strip()]


def _common(container: Container, known: set[str], path: str) -> Errors:
    faults = all_invalid(f"{path}.name", container.name, label_faults(container.name))
    errors = faults if container.name else [required(f"{path}.name")]
    errors += [] if container.image else [required(f"{path}.image")]
    errors += one_of(f"{path}.terminationMessagePolicy", container.terminationMessagePolicy, MESSAGES)
    errors += _ports(container.ports or [], f"{path}.ports")
    for at, variable in enumerate(container.env or []):
        errors += _variable(variable, f"{path}.env[{at}]")
    errors += volumes.mounts(container.volumeMounts or [], known, f"{path}.volumeMounts")
    errors += one_of(f"{path}.imagePullPolicy", container.imagePullPolicy, PULLS)
    errors += resources.requirements(container.resources, f"{path}.resources")
    return errors + security.of_container(container.securityContext, f"{path}.securityContext")


def _restart(container: Container, path: str) -> Errors:
    policy = container.restartPolicy
    return [] if policy is None or policy in RESTARTS else [unsupported(f"{path}.restartPolicy", policy, RESTARTS)]


# --- ports --------------------------------------------------------------------------------------------------------


def _ports(given: Sequence[ContainerPort], path: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for at, port in enumerate(given):
        here = f"{path}[{at}]"
        if port.name:
            faults = port_name_faults(port.name)
            errors += all_invalid(f"{here}.name", port.name, faults)
            errors += [duplicate(f"{here}.name", port.name)] if port.name in seen and not faults else []
            seen.add(port.name)
        if port.containerPort:
            errors += all_invalid(f"{here}.containerPort", port.containerPort, port_faults(port.containerPort))
        else:
            errors.append(required(f"{here}.containerPort"))
        errors += all_invalid(f"{here}.hostPort", port.hostPort, port_faults(port.hostPort)) if port.hostPort else []
        errors += one_of(f"{here}.protocol", port.protocol, PROTOCOLS)
    return errors


def _host_ports(given: Sequence[Container], path: str) -> Errors:
    """Errors for ports of the host that two of these would have."""
    errors: Errors = []
    seen: set[str] = set()
    for at, container in enumerate(given):
        for number, port in enumerate(container.ports or []):
            place = f"{port.protocol or ''}/{port.hostIP or ''}/{port.hostPort}"
            if port.hostPort and place in seen:
                errors.append(duplicate(f"{path}[{at}].ports[{number}].hostPort", place))
            seen.add(place)
    return errors


def on_host(given: Sequence[Container], path: str, *, in_pod: bool) -> Errors:
    """Errors for ports of containers in the host's network that are others on the host; a template may leave them out."""
    errors: Errors = []
    for at, container in enumerate(given):
        for number, port in enumerate(container.ports or []):
            on_the_host = port.hostPort or 0
            if (in_pod or on_the_host) and on_the_host != port.containerPort:
                why = "must match `containerPort` when `hostNetwork` is true"
                errors.append(invalid(f"{path}[{at}].ports[{number}].hostPort", on_the_host, why))
    return errors


# --- environment --------------------------------------------------------------------------------------------------


def _variable(variable: EnvVar, path: str) -> Errors:
    errors = all_invalid(f"{path}.name", variable.name, name_faults(variable.name))
    errors = errors if variable.name else [required(f"{path}.name")]
    source = variable.valueFrom
    return errors if source is None else errors + _source(source, variable.value or "", f"{path}.valueFrom")


def _source(source: EnvVarSource, value: str, path: str) -> Errors:
    errors = _field(source.fieldRef.fieldPath, f"{path}.fieldRef") if source.fieldRef else []
    for name in ("configMapKeyRef", "secretKeyRef"):
        reference = getattr(source, name)
        if reference is None:
            continue
        errors += all_invalid(f"{path}.{name}.name", reference.name or "", subdomain_faults(reference.name or ""))
        faults = all_invalid(f"{path}.{name}.key", reference.key, config_key_faults(reference.key))
        errors += faults if reference.key else [required(f"{path}.{name}.key")]
    given = [name for name in source.__struct_fields__ if getattr(source, name) is not None]
    if not given:
        why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        errors.append(invalid(path, "", why))
    elif value:
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def _field(text: str, path: str) -> Errors:
    """What is wrong with the path of a field of a pod, such as ``status.podIP`` or ``metadata.labels['app']``."""
    if not text:
        return [required(f"{path}.fieldPath")]
    if text.startswith(("metadata.labels['", "metadata.annotations['")) and text.endswith("']") and text.count("'") >= 2:
        name, _, key = text[:-2].partition("['")
        key = key.lower() if name == "metadata.annotations" else key
        return all_invalid(path, key, key_faults(key))
    if text in FIELD_PATHS:
        return []
    if text in ("metadata.labels", "metadata.annotations"):
        return [unsupported(f"{path}.fieldPath", text, FIELD_PATHS)]
    return [invalid(f"{path}.fieldPath", text, f"error converting fieldPath: field label not supported: {text}")]
