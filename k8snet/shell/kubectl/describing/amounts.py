"""How much containers and pods request and may use, and how much that is of what a node has.

Init containers run one after the other and before the rest, but for sidecars, which stay; so the largest moment counts. Sums are
written in the form of their first part that is not zero. Sources: k8s.io/component-helpers, resource/helpers.go; k8s.io/kubectl,
pkg/util/resource (values of resourceFieldRef); k8s.io/apimachinery, pkg/api/resource (Add).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil

from k8snet.kube.objects import Container, ContainerStatus, Pod, PodStatus, known
from k8snet.kube.quantity import Quantity, read

Amounts = dict[str, Quantity]
"""By resource."""
Written = Mapping[str, str] | None
Way = Callable[[Container, ContainerStatus | None], Written]
"""A way to tell how much of everything one container gets."""
ZERO = Quantity(Fraction(0))
NO_NUMBER = -1 << 63
"""What Go makes of a division by zero that it has to write as a whole number."""
HUGE = "hugepages-"
OF_PODS = ("cpu", "memory")
"""What a pod as a whole may be given, besides huge pages."""


def requests(pod: Pod, *, reported: bool = False) -> Amounts:
    """What a pod requests; with ``reported`` at least what its status says that it has been given."""
    found = _largest(pod, _asked, (_allocated, _actuated) if reported else ())
    spec = known(pod.spec)
    if spec.resources is not None:
        found |= _of_pod(spec.resources.requests)
    _add(found, _read(spec.overhead))
    return found


def limits(pod: Pod, *, reported: bool = False) -> Amounts:
    """What a pod may use."""
    found = _largest(pod, _limited, (_actually_limited,) if reported else ())
    spec = known(pod.spec)
    if spec.resources is not None:
        found |= _of_pod(spec.resources.limits)
    _add(found, {name: each for name, each in _read(spec.overhead).items() if found.get(name, ZERO).value})
    return found


def total(each: Iterable[Amounts]) -> Amounts:
    """Amounts of several pods together."""
    added: Amounts = {}
    for amounts in each:
        _add(added, amounts)
    return added


def _largest(pod: Pod, wished: Way, reported: Sequence[Way]) -> Amounts:
    """The largest of what is wished and reported. Wishes that the node cannot fulfil (PodResizePending) do not count then."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    pending = next((each.reason for each in conditions if each.type == "PodResizePending"), "")
    ways = reported if reported and pending == "Infeasible" else (wished, *reported)
    found: Amounts = {}
    for way in ways:
        _raise(found, _aggregated(pod, way, wished if wished in ways else _nothing))
    return found


def _aggregated(pod: Pod, way: Way, otherwise: Way) -> Amounts:
    """All containers together: what ``way`` says of each, and what ``otherwise`` says of those of which it says nothing."""
    spec, status = known(pod.spec), pod.status or PodStatus()
    states = {each.name: each for each in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ()))}

    def own(container: Container) -> Amounts:
        state = states.get(container.name)
        told = way(container, state)
        return _read(otherwise(container, state) if told is None else told)

    running: Amounts = {}
    for container in spec.containers:
        _add(running, own(container))
    _raise(running, _starting(spec.initContainers or (), own, running))
    return running


def _starting(inits: Sequence[Container], own: Callable[[Container], Amounts], running: Amounts) -> Amounts:
    """The largest moment while init containers run. Sidecars are added to what is ``running`` later."""
    largest: Amounts = {}
    staying: Amounts = {}
    for container in inits:
        now = own(container)
        if container.restartPolicy == "Always":
            _add(running, now)
            _add(staying, now)
            now = staying
        else:
            _add(now, staying)
        _raise(largest, now)
    return largest


def _nothing(container: Container, status: ContainerStatus | None) -> Written:
    return None


def _asked(container: Container, status: ContainerStatus | None) -> Written:
    return container.resources.requests if container.resources else None


def _allocated(container: Container, status: ContainerStatus | None) -> Written:
    return status.allocatedResources if status else None


def _actuated(container: Container, status: ContainerStatus | None) -> Written:
    told = status.resources.requests if status and status.resources else None
    return _allocated(container, status) if told is None else told


def _limited(container: Container, status: ContainerStatus | None) -> Written:
    return container.resources.limits if container.resources else None


def _actually_limited(container: Container, status: ContainerStatus | None) -> Written:
    return status.resources.limits if status and status.resources else None


def _of_pod(amounts: Written) -> Amounts:
    return {name: each for name, each in _read(amounts).items() if name in OF_PODS or name.startswith(HUGE)}


def _read(amounts: Written) -> Amounts:
    return {name: read(text) for name, text in (amounts or {}).items()}


def _add(to: Amounts, more: Mapping[str, Quantity]) -> None:
    for name, amount in more.items():
        have = to.get(name, ZERO)
        to[name] = Quantity(have.value + amount.value, have.form if have.value else amount.form)


def _raise(to: Amounts, at_least: Mapping[str, Quantity]) -> None:
    for name, amount in at_least.items():
        if name not in to or amount.value > to[name].value:
            to[name] = amount


# --- shares and single values -------------------------------------------------------------------------------------


def milli(amount: Quantity) -> int:
    """Thousandths, rounded up, as CPU time is counted."""
    return ceil(amount.value * 1000)


def whole(amount: Quantity) -> int:
    """Whole units, rounded up, as bytes are counted."""
    return ceil(amount.value)


def share(name: str, part: Quantity, have: Quantity) -> str:
    """An amount, and what part of what a node has it is.

    >>> share("cpu", read("250m"), read("2")), share("memory", read("1Gi"), ZERO)
    ('250m (12%)', '1Gi (-9223372036854775808%)')
    """
    count = milli if name == "cpu" else whole
    percent = int(count(part) / count(have) * 100) if count(have) else NO_NUMBER
    return f"{part} ({percent}%)"


def field_value(field: str, divisor: str | None, container: Container) -> str:
    """The number that a container is given for one of its own amounts, as in `limits.cpu`; empty if there is no such field."""
    which, _, name = field.partition(".")
    if which not in ("limits", "requests") or not (name in ("cpu", "memory", "ephemeral-storage") or name.startswith(HUGE)):
        return ""
    amounts = _limited(container, None) if which == "limits" else _asked(container, None)
    count, unit = milli if name == "cpu" else whole, read(divisor or "1")
    value = ceil(count(_read(amounts).get(name, ZERO)) / count(unit if unit.value else read("1")))
    return "node allocatable" if value == 0 and field in ("limits.cpu", "limits.memory") else str(value)
