"""kubectl cluster-info: where the control plane is, and the Services that belong to the cluster itself.

They are those in kube-system with a label that says so. Source: k8s.io/kubectl, pkg/cmd/clusterinfo.
"""

from __future__ import annotations

from k8snet.errors import NotModelled
from k8snet.kube.objects import KINDS, Service, known, meta
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.visiting import selected

LABEL = "kubernetes.io/cluster-service=true"
HINT = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'."
HTTPS = 443


def run(call: Call) -> None:
    """Print the addresses."""
    if call.args[:1] == ("dump",):
        raise NotModelled("kubectl cluster-info dump", known="kubectl cluster-info")
    services = selected(call, KINDS["Service"], call["namespace"] or "kube-system", LABEL)
    call.line(f"Kubernetes control plane is running at {call.session.server}")
    for service in services:
        name = (meta(service).labels or {}).get("kubernetes.io/name") or meta(service).name
        call.line(f"{name} is running at {_link(call, service)}")
    call.line(HINT)


def _link(call: Call, service: Service) -> str:
    """Where a Service is found: behind a load balancer, or through the API server."""
    ports, status = known(service.spec).ports or [], service.status
    balanced = (status.loadBalancer.ingress if status and status.loadBalancer else None) or []
    if balanced:
        host = balanced[0].ip or balanced[0].hostname or ""
        return "".join(f"http://{host}:{port.port} " for port in ports)
    name = meta(service).name or ""
    if ports:
        scheme = "https" if ports[0].name == "https" or ports[0].port == HTTPS else ""
        name = _joined(scheme, name, ports[0].name or "")
    return f"{call.session.server}{KINDS['Service'].path(meta(service).namespace, name, 'proxy')}"


def _joined(scheme: str, name: str, port: str) -> str:
    """A Service as the API server's proxy names it.

    >>> _joined("", "kube-dns", "dns"), _joined("https", "web", ""), _joined("", "web", "")
    ('kube-dns:dns', 'https:web:', 'web')
    """
    if scheme:
        return f"{scheme}:{name}:{port}"
    return f"{name}:{port}" if port else name


COMMAND = Command("cluster-info", "cluster-info [flags] [options]", "Display cluster information.", run)
