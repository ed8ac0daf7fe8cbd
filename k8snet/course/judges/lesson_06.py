"""What lesson 06 asks for: Services, who is behind them, and their ports."""

from __future__ import annotations

from typing import Any

from k8snet.cluster import Asker, Cluster
from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.course.judges.looking import first, pod_of, pods_of, too_few
from k8snet.errors import ApiError
from k8snet.kube.objects import meta
from k8snet.linux import Trace

SHOP, LISTENS = "shop", 4000
BUILT, BUILT_APP, BUILT_PORT, NODE_PORT = "microservice1-service", "microservice1", 5000, 30075
SERVICE_NAME = "kubernetes.io/service-name"


def _uninvited(answer: object, cluster: Any) -> str | None:
    """The exercise that asks which pod without a Deployment is an endpoint."""
    name = str(answer).strip().removeprefix("pod/")
    pod, service = pod_of(cluster, name), _service(cluster, SHOP)
    if pod is None or service is None:
        return say("06 no pod", name=name) if pod is None else say("06 no service", name=SHOP)
    if name not in _behind(cluster, SHOP):
        labels, selector = _pairs(meta(pod.object).labels), _pairs(service.spec.selector)
        return say("06 no endpoint", name=name, service=SHOP, labels=labels, selector=selector)
    return say("06 of the deployment", name=name, service=SHOP) if meta(pod.object).ownerReferences else None


def _selected(answer: object, cluster: Any) -> str | None:
    """The exercise in which the selector has the Deployment's name, and the pods another label."""
    return _kept(cluster, {"app": "store"}, []) or _answers(cluster, SHOP, 80) or _just_these(cluster, "store")


def _led_to_the_port(answer: object, cluster: Any) -> str | None:
    """The exercise in which the Service leads to a port at which nobody listens."""
    return _kept(cluster, {"app": SHOP}, ["netexec", f"--http-port={LISTENS}"]) or _answers(cluster, SHOP, 80) \
        or _just_these(cluster, SHOP)  # fmt: skip


def _led_by_name(answer: object, cluster: Any) -> str | None:
    """The exercise with two versions, which listen on different ports."""
    return too_few(cluster, SHOP, 2) or _answers(cluster, SHOP, 80) or _just_these(cluster, SHOP)


def _built(answer: object, cluster: Any) -> str | None:
    """The exercise that writes a Service with three ports."""
    return _answers(cluster, BUILT, BUILT_PORT) or _just_these(cluster, BUILT_APP) or _answers_outside(cluster)


# --- what is wrong ------------------------------------------------------------------------------------------------


def _kept(cluster: Cluster, labels: dict[str, str], args: list[str]) -> str | None:
    """That the Deployment is not as it was."""
    try:
        deployment: Any = cluster.api.get("Deployment", SHOP, "default")
    except ApiError:
        return say("06 no deployment", name=SHOP)
    template = deployment.spec.template
    is_same = template.metadata.labels == labels and (template.spec.containers[0].args or []) == args
    return None if is_same and deployment.spec.replicas == 2 else say("06 changed", name=SHOP)


def _answers(cluster: Cluster, name: str, port: int) -> str | None:
    """Why a client does not get an answer from a Service, whichever endpoint it comes to."""
    service, client = _service(cluster, name), pod_of(cluster, "client")
    if service is None or client is None:
        return say("06 no service", name=name) if service is None else say("no pod", name="client")
    if service.spec.clusterIP in (None, "None"):
        return say("06 no address", name=name)
    if port not in [each.port for each in service.spec.ports or ()]:
        return say("06 other port", name=name, port=port)
    if not _behind(cluster, name):
        return say("06 nobody behind", name=name, selector=_pairs(service.spec.selector))
    return first(_unanswered(trace, service.spec.clusterIP, port) for trace in _every(client, service.spec.clusterIP, port))


def _unanswered(trace: Trace, dst: str, port: int) -> str | None:
    """Why a question got no answer."""
    if trace.fate == "delivered":
        return None
    if trace.fate == "refused" and trace.rewrites:
        end = trace.rewrites[-1].after
        return say("06 refused by pod", dst=dst, port=port, end=f"{end.dst}:{end.dport}", pod=trace.hops[-1].netns)
    return say("06 lost", dst=dst, port=port, fate=trace.fate)


def _just_these(cluster: Cluster, app: str) -> str | None:
    """That a Service leads to others than the pods with this label, or not to all of them; and to those who come after them."""
    return _unlike(cluster, app) or _unlike(_renewed(cluster, app), app)


def _unlike(cluster: Cluster, app: str) -> str | None:
    name = BUILT if app == BUILT_APP else SHOP
    found, wanted = _behind(cluster, name), {pod.name for pod in pods_of(cluster, app)}
    if wanted - found:
        return say("06 not all", name=name, pod=min(wanted - found))
    return say("06 others too", name=name, pod=min(found - wanted)) if found - wanted else None


def _renewed(cluster: Cluster, app: str) -> Cluster:
    """A copy of the cluster, in which these pods were deleted, and others made."""
    copy = cluster.fork()
    for pod in pods_of(copy, app):
        copy.delete("Pod", pod.name)
    return copy


def _answers_outside(cluster: Cluster) -> str | None:
    """Why the node port does not answer a client outside."""
    node = cluster.node("node1").ip
    lost = next((trace for trace in _every(cluster.external, node, NODE_PORT) if trace.fate != "delivered"), None)
    return None if lost is None else say("06 no node port", name=BUILT, dst=node, port=NODE_PORT, fate=lost.fate)


# --- looking ------------------------------------------------------------------------------------------------------


def _service(cluster: Cluster, name: str) -> Any:
    """A Service of the namespace default, or None."""
    try:
        return cluster.api.get("Service", name, "default")
    except ApiError:
        return None


def _behind(cluster: Cluster, name: str) -> set[str]:
    """The names of the pods to which a Service leads."""
    slices: list[Any] = [each for each in cluster.api.list("EndpointSlice", "default")
                         if (meta(each).labels or {}).get(SERVICE_NAME) == name]  # fmt: skip
    ends = [end for each in slices for end in each.endpoints or () if end.conditions.ready and end.targetRef is not None]
    return {end.targetRef.name for end in ends}


def _every(asker: Asker, dst: str, port: int) -> list[Trace]:
    """All that may become of a connection."""
    return [each.trace for each in asker.outcomes(dst, port)]


def _pairs(labels: dict[str, str] | None) -> str:
    return ", ".join(f"{key}: {value}" for key, value in sorted((labels or {}).items())) or "none"


JUDGES: dict[str, Judge] = {
    "06-1": _uninvited, "06-2": _selected, "06-3": _led_to_the_port, "06-4": _led_by_name, "06-5": _built,
}  # fmt: skip
"""What judges an exercise, where no ping can: a function for each."""
