"""Probes: what the kubelet asks a container, and how often. Source: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from typing import Any

from k8snet.kube.names import header_faults, port_faults, port_name_faults
from k8snet.kube.objects import Container, HTTPGetAction, Probe
from k8snet.kube.validation.errors import Errors, all_invalid, forbidden, invalid, negative, required, unsupported

HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def of(container: Container, path: str) -> Errors:
    """What is wrong with a container's probes."""
    errors: Errors = []
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = getattr(container, name)
        if probe is None:
            continue
        here = f"{path}.{name}"
        errors += _probe(probe, here)
        if name != "readinessProbe":
            threshold = probe.successThreshold or 0
            errors += [] if threshold == 1 else [invalid(f"{here}.successThreshold", threshold, "must be 1")]
        elif probe.terminationGracePeriodSeconds is not None:
            seconds = probe.terminationGracePeriodSeconds
            errors.append(invalid(f"{here}.terminationGracePeriodSeconds", seconds, "must not be set for readinessProbes"))
    return errors


def _probe(probe: Probe, path: str) -> Errors:
    given = [name for name in HANDLERS if getattr(probe, name) is not None]
    errors = _handler(given[0], getattr(probe, given[0]), f"{path}.{given[0]}") if given else []
    errors += [forbidden(f"{path}.{name}", "may not specify more than 1 handler type") for name in given[1:]]
    errors += [] if given else [required(path, "must specify a handler type")]
    for name in NUMBERS:
        errors += negative(f"{path}.{name}", getattr(probe, name))
    seconds = probe.terminationGracePeriodSeconds
    if seconds is not None and seconds <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", seconds, "must be greater than 0"))
    return errors


def _handler(name: str, handler: Any, path: str) -> Errors:
    if name == "exec":
        return [] if handler.command else [required(f"{path}.command")]
    if name == "httpGet":
        return _get(handler, path)
    return port(handler.port, f"{path}.port")


def _get(get: HTTPGetAction, path: str) -> Errors:
    errors = ([] if get.path else [required(f"{path}.path")]) + port(get.port, f"{path}.port")
    if get.scheme not in ("HTTP", "HTTPS"):
        errors.append(unsupported(f"{path}.scheme", get.scheme or "", ("HTTP", "HTTPS")))
    for header in get.httpHeaders or []:
        errors += all_invalid(f"{path}.httpHeaders", header.name, header_faults(header.name))
    return errors


def port(number_or_name: int | str, path: str) -> Errors:
    """What is wrong with a port that is given by its number or its name."""
    is_name = isinstance(number_or_name, str)
    faults = port_name_faults(str(number_or_name)) if is_name else port_faults(int(number_or_name))
    return all_invalid(path, number_or_name, faults)
