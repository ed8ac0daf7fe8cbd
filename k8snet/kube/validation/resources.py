"""Resources: their names, and how much of them a container asks for. Source: pkg/apis/core/validation/validation.go, and
pkg/apis/core/helper/helpers.go for what each name means.
"""

from __future__ import annotations

from fractions import Fraction

from k8snet.kube.names import key_faults
from k8snet.kube.objects import ResourceRequirements
from k8snet.kube.quantity import Quantity, read
from k8snet.kube.validation.errors import NEGATIVE, Errors, all_invalid, forbidden, invalid, required

OF_CONTAINERS = ("cpu", "memory", "ephemeral-storage")
COUNTED = ("pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
           "services.nodeports", "services.loadbalancers")  # fmt: skip
"""Resources that are counted in wholes; so are those of other domains."""
STANDARD = (
    *OF_CONTAINERS, *COUNTED, "storage", "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage",
    "limits.cpu", "limits.memory", "limits.ephemeral-storage",
)  # fmt: skip
HUGE = "hugepages-"

Amounts = dict[str, Quantity]


def requirements(given: ResourceRequirements | None, path: str) -> Errors:
    """What is wrong with what a container asks for and is limited to."""
    if given is None or not (given.limits or given.requests):
        return []
    limits, errors = _amounts(given.limits, f"{path}.limits")
    requests: Amounts = {}
    for name, text in (given.requests or {}).items():
        found, wrong = _amounts({name: text}, f"{path}.requests")
        requests |= found
        errors += wrong + (_against(name, found[name], limits, path) if found else [])
    huge = any(name.startswith(HUGE) for name in (*limits, *requests))
    if huge and not {"cpu", "memory"} & {*limits, *requests}:
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    return errors


def _amounts(given: dict[str, str] | None, path: str) -> tuple[Amounts, Errors]:
    """Amounts by resource, and what is wrong with the names and amounts; one that cannot be read is left out."""
    amounts: Amounts = {}
    errors: Errors = []
    for name, text in (given or {}).items():
        here = f"{path}[{name}]"
        errors += _name(name, here)
        try:
            amounts[name] = read(text)
        except ValueError as error:
            errors.append(invalid(here, text, str(error)))
            continue
        errors += value(name, amounts[name], here)
    return amounts, errors


def _against(name: str, asked: Quantity, limits: Amounts, path: str) -> Errors:
    """What is asked for is at most the limit, and the same where nothing can be lent."""
    limit, lent = limits.get(name), _is_native(name) and not name.startswith(HUGE)
    if limit is None:
        return [] if lent else [required(f"{path}.limits", "Limit must be set for non overcommitable resources")]
    if asked.value != limit.value and not lent:
        return [invalid(f"{path}.requests", str(asked), f"must be equal to {name} limit of {limit}")]
    if asked.value > limit.value:
        return [invalid(f"{path}.requests", str(asked), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _name(name: str, path: str) -> Errors:
    errors = all_invalid(path, name, key_faults(name))
    huge = name.startswith((HUGE, f"requests.{HUGE}"))
    if not errors and "/" not in name and name not in STANDARD and not huge:
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
    if "/" not in name:
        right = name in OF_CONTAINERS or name.startswith(HUGE)
        return errors + ([] if right else [invalid(path, name, "must be a standard resource for containers")])
    extended = _is_native(name) or not (name.startswith("requests.") or key_faults(f"requests.{name}"))
    return errors + ([] if extended else [invalid(path, name, "doesn't follow extended resource name standard")])


def value(name: str, amount: Quantity, path: str) -> Errors:
    """What is wrong with an amount of a resource."""
    errors = [invalid(path, str(amount), NEGATIVE)] if amount.value < 0 else []
    counted = name in COUNTED or not _is_native(name)
    if counted and amount.rounded_up(Fraction(1, 1000)).value % 1:
        errors.append(invalid(path, str(amount), "must be an integer"))
    return errors


def _is_native(name: str) -> bool:
    """Whether a resource is Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name
