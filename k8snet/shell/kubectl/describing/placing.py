"""Where a pod may run: taints, tolerations, topology spread. Source: k8s.io/kubectl, pkg/describe; k8s.io/api, core/v1."""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.kube.objects import Taint, Toleration, TopologySpreadConstraint
from k8snet.kube.rest.tables.columns import selector
from k8snet.shell.kubectl.describing.page import NONE, Page


def write_tolerations(page: Page, title: str, tolerations: Sequence[Toleration] | None) -> None:
    """Tolerations, by key."""
    page.several(title, map(toleration_text, sorted(tolerations or [], key=lambda each: each.key or "")))


def toleration_text(each: Toleration) -> str:
    """A toleration as describers write it.

    >>> toleration_text(Toleration(key="example.com/gone", operator="Exists", effect="NoExecute", tolerationSeconds=300))
    'example.com/gone:NoExecute op=Exists for 300s'
    """
    text = (each.key or "") + (f"={each.value}" if each.value else "") + (f":{each.effect}" if each.effect else "")
    if each.operator == "Exists" and not each.value:
        text += " op=Exists" if text else "op=Exists"
    return text + (f" for {each.tolerationSeconds}s" if each.tolerationSeconds is not None else "")


def write_taints(page: Page, taints: Sequence[Taint] | None) -> None:
    """Taints, by effect and key."""
    page.several("Taints", map(taint_text, sorted(taints or [], key=lambda taint: f"{taint.effect},{taint.key}")))


def taint_text(taint: Taint) -> str:
    """A taint as ``kubectl taint`` takes it.

    >>> taint_text(Taint(key="dedicated", value="db", effect="NoSchedule"))
    'dedicated=db:NoSchedule'
    """
    return taint.key + (f"={taint.value}" if taint.value else "") + f":{taint.effect}"


def write_spread(page: Page, constraints: Sequence[TopologySpreadConstraint] | None, indent: str = "") -> None:
    """Topology spread constraints, by key, if there are any."""
    if constraints:
        by_key = sorted(constraints, key=lambda each: each.topologyKey)
        page.several(f"{indent}Topology Spread Constraints", map(_constraint, by_key))


def _constraint(each: TopologySpreadConstraint) -> str:
    text = f"{each.topologyKey}:{each.whenUnsatisfiable} when max skew {each.maxSkew} is exceeded"
    return text if each.labelSelector is None else f"{text} for selector {selector(each.labelSelector) or NONE}"
