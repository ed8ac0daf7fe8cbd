"""Where logs come from: the API server asks the kubelet of the pod's node, at port 10250.

It answers while it runs; else the API server tells what became of its connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from k8snet.errors import ApiError
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.objects import Pod, known, meta
from k8snet.kube.rest.logs import Line, Logs

PORT = 10250
REFUSED = "connect: connection refused"
"""What connecting comes to where the machine is there, and no kubelet."""
NO_ROUTE = "connect: no route to host"
"""The same where the machine is off."""


def logs_of(kubelets: Mapping[str, Kubelet], fault: Callable[[str], str]) -> Logs:
    """The logs that these kubelets have; ``fault`` says why a node's kubelet cannot be asked, if so."""

    def read(pod: Pod, name: str, identity: str) -> Sequence[Line]:
        node = known(pod.spec).nodeName or ""
        if (why := fault(node) if node in kubelets else NO_ROUTE) != "":
            raise _unreachable(pod, name, why)
        key = (meta(pod).namespace or "", meta(pod).name or "")
        runtime = kubelets[node].runtime
        held = runtime.catch_up(key, runtime.machine.world.now)
        found = [each for each in held.containers if f"containerd://{each.id}" == identity] if held is not None else []
        return [Line(each.started, text) for each in found for text in each.log]

    return read


def _unreachable(pod: Pod, name: str, why: str) -> ApiError:
    about, ip = meta(pod), known(pod.status).hostIP or known(pod.spec).nodeName
    url = f"https://{ip}:{PORT}/containerLogs/{about.namespace}/{about.name}/{name}"
    return ApiError(f'Get "{url}": dial tcp {ip}:{PORT}: {why}')
