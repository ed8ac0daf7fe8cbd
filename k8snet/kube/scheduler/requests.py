"""How much a pod requests, over all its containers, and how much is assumed of those that request nothing.

Containers run side by side, so their requests add up. Init containers run one after the other, before them: the largest
counts, with the sidecars (init containers that stay) that run by then. Sources: k8s.io/component-helpers,
resource/helpers.go; pkg/scheduler/util/pod_resources.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from k8snet.kube.objects import Container, PodSpec
from k8snet.kube.quantity import milli, whole
from k8snet.kube.scheduler.facts import Demand

ASSUMED = {"cpu": 100, "memory": 200 * 1024 * 1024}
"""What a container without requests is taken to need, when nodes are compared."""

Amounts = dict[str, int]
"""By resource: thousandths of cpu, and whole units of all else."""


def demand(spec: PodSpec) -> Demand:
    """What a pod requests.

    >>> spec = PodSpec(containers=[Container(name="web", image="nginx")])
    >>> demand(spec).cpu, demand(spec).assumed_cpu
    (0, 100)
    """
    real, assumed = _total(spec, {}), _total(spec, ASSUMED)
    others = tuple(sorted((name, amount) for name, amount in real.items() if name not in ASSUMED))
    return Demand(real.get("cpu", 0), real.get("memory", 0), assumed.get("cpu", 0), assumed.get("memory", 0), others)


def _total(spec: PodSpec, missing: Mapping[str, int]) -> Amounts:
    running: Amounts = {}
    for container in spec.containers:
        _add(running, _of(container, missing))
    starting: Amounts = {}
    staying: Amounts = {}
    for container in spec.initContainers or ():
        own = _of(container, missing)
        if container.restartPolicy == "Always":
            _add(running, own)
            _add(staying, own)
            own = dict(staying)
        else:
            _add(own, staying)
        _raise(starting, own)
    _raise(running, starting)
    if spec.resources is not None and spec.resources.requests:
        running |= amounts(spec.resources.requests)
    _add(running, amounts(spec.overhead or {}))
    return running


def _of(container: Container, missing: Mapping[str, int]) -> Amounts:
    requests = container.resources.requests if container.resources else None
    return {**missing, **amounts(requests or {})}


def _add(total: Amounts, more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _raise(total: Amounts, at_least: Mapping[str, int]) -> None:
    for name, amount in at_least.items():
        total[name] = max(total.get(name, 0), amount)


def amounts(quantities: Mapping[str, str]) -> Amounts:
    """Quantities as whole numbers, rounded up.

    >>> amounts({"cpu": "250m", "memory": "1Gi"})
    {'cpu': 250, 'memory': 1073741824}
    """
    return {name: milli(str(text)) if name == "cpu" else whole(str(text)) for name, text in quantities.items()}
