"""How a pod stands: what kubectl's table has under STATUS, and whether the pod is ready."""

from __future__ import annotations

from typing import Any

from k8snet.kube.rest.tables.pods import summary


def standing(pod: Any) -> tuple[bool, str, str]:
    """Whether a pod is ready, the word for its state, and why it is not scheduled, if it is not."""
    conditions = {each.type: each for each in pod.status.conditions or ()}
    ready = "Ready" in conditions and conditions["Ready"].status == "True"
    scheduled = conditions.get("PodScheduled")
    why = (scheduled.message or "") if scheduled is not None and scheduled.status != "True" else ""
    return ready, summary(pod).reason, why
