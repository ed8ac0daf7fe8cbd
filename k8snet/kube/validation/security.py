"""Security contexts: who a process runs as. They have no effect in the model. Source: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from k8snet.kube.names import SYSCTL, matches
from k8snet.kube.objects import PodSecurityContext, PodSpec, SecurityContext
from k8snet.kube.validation.errors import Errors, duplicate, forbidden, invalid, required, unsupported

MOST = (1 << 31) - 1
RANGE = f"must be between 0 and {MOST}, inclusive"
LONGEST_SYSCTL = 253


def of_container(context: SecurityContext | None, path: str) -> Errors:
    """What is wrong with a container's security context."""
    if context is None:
        return []
    errors = _ids(context, ("runAsUser", "runAsGroup"), path)
    added = (context.capabilities.add if context.capabilities else None) or []
    if context.allowPrivilegeEscalation is False and (context.privileged or "CAP_SYS_ADMIN" in added):
        shown = {"allowPrivilegeEscalation": False, "privileged": context.privileged}
        if context.privileged:
            why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(invalid(path, shown, why))
        if "CAP_SYS_ADMIN" in added:
            why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid(path, shown, why))
    return errors


def of_pod(spec: PodSpec, path: str) -> Errors:
    """What is wrong with a pod's security context, and with what it shares with its node."""
    context = spec.securityContext or PodSecurityContext()
    errors = _ids(context, ("fsGroup", "runAsUser", "runAsGroup"), path)
    for at, group in enumerate(context.supplementalGroups or []):
        errors += _id(group, f"{path}.supplementalGroups[{at}]")
    if spec.shareProcessNamespace and spec.hostPID:
        why = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(f"{path}.shareProcessNamespace", True, why))
    errors += _sysctls(context, f"{path}.sysctls")
    policy = context.fsGroupChangePolicy
    if policy is not None and policy not in ("Always", "OnRootMismatch"):
        errors.append(unsupported(f"{path}.fsGroupChangePolicy", policy, ("Always", "OnRootMismatch")))
    return errors


def of_users(spec: PodSpec, path: str) -> Errors:
    """Errors for namespaces of the host where the pod has users of its own."""
    if spec.hostUsers is not False:
        return []
    shared = (("hostNetwork", spec.hostNetwork), ("HostPID", spec.hostPID), ("HostIPC", spec.hostIPC))
    return [forbidden(f"{path}.{name}", "when `pod.Spec.HostUsers` is false") for name, wanted in shared if wanted]


def _ids(context: SecurityContext | PodSecurityContext, names: tuple[str, ...], path: str) -> Errors:
    return [error for name in names for error in _id(getattr(context, name), f"{path}.{name}")]


def _id(number: int | None, path: str) -> Errors:
    return [] if number is None or 0 <= number <= MOST else [invalid(path, number, RANGE)]


def _sysctls(context: PodSecurityContext, path: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for at, sysctl in enumerate(context.sysctls or []):
        here = f"{path}[{at}].name"
        if not sysctl.name:
            errors.append(required(here))
        elif len(sysctl.name.encode(errors="replace")) > LONGEST_SYSCTL or not matches(SYSCTL, sysctl.name):
            why = f"must have at most {LONGEST_SYSCTL} characters and match regex ^{SYSCTL}$"
            errors.append(invalid(here, sysctl.name, why))
        elif sysctl.name in seen:
            errors.append(duplicate(here, sysctl.name))
        seen.add(sysctl.name)
    return errors
