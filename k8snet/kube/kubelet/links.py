"""The variables that tell a container where Services are: those that there were when it started (enableServiceLinks).

What comes later is not among them, which is one reason to ask DNS instead. A container keeps the list of Services, which many
share, and the variables are made when somebody reads them. Source: pkg/kubelet/envvars/envvars.go; pkg/kubelet/kubelet_pods.go
(getServiceEnvVarMap, makeEnvironmentVariables).
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.client import Client
from k8snet.kube.images import expand
from k8snet.kube.objects import Container as Wish
from k8snet.kube.objects import PodSpec, Service, known, meta
from k8snet.kube.sandbox import Container
from k8snet.kube.servicetypes import is_headless, needs_address

Services = tuple[Service, ...]


def links(client: Client, namespace: str, spec: PodSpec) -> Services:
    """The Services of which a new container is told, besides the API server's own."""
    return client.services(namespace) if spec.enableServiceLinks is not False else ()


def own(wish: Wish, services: Services, client: Client) -> dict[str, str]:
    """A container's own variables; where their values say ``$(NAME)``, those before them and the Services' are put in."""
    wishes = [each for each in wish.env or () if each.value is not None]
    if not any("$(" in known(each.value) for each in wishes):
        return {each.name: known(each.value) for each in wishes}
    found: dict[str, str] = {}
    told = of_services(services, client)
    for each in wishes:
        found[each.name] = expand([known(each.value)], {**told, **found})[0]
    return found


def environment(container: Container, client: Client) -> dict[str, str]:
    """All variables that the kubelet gave a container: its own, then those of Services that have no such name."""
    return {**container.env, **{name: value for name, value in of_services(container.links, client).items()
                                if name not in container.env}}  # fmt: skip


def of_services(services: Services, client: Client) -> dict[str, str]:
    """The variables of Services; the API server's own is always among them, unless there is another one of its name."""
    first = client.find("Service", "kubernetes")
    named = {known(meta(each).name): each for each in (*([first] if first is not None else []), *services)}
    return {name: value for _, each in sorted(named.items()) for name, value in variables(each)}


def variables(service: Service) -> Iterator[tuple[str, str]]:
    """One Service's variables: the first ones are Kubernetes' own, the others are as Docker's links had them.

    >>> from k8snet.kube.objects import ObjectMeta, ServicePort, ServiceSpec
    >>> spec = ServiceSpec(clusterIP="10.96.0.20", clusterIPs=["10.96.0.20"], ports=[ServicePort(port=80, protocol="TCP")])
    >>> [f"{name}={value}" for name, value in variables(Service(metadata=ObjectMeta(name="my-web"), spec=spec))][:3]
    ['MY_WEB_SERVICE_HOST=10.96.0.20', 'MY_WEB_SERVICE_PORT=80', 'MY_WEB_PORT=tcp://10.96.0.20:80']
    """
    spec, prefix = known(service.spec), _named(known(meta(service).name))
    ip, ports = spec.clusterIP or "", spec.ports or []
    if not needs_address(spec) or is_headless(spec) or not ip:
        return
    yield f"{prefix}_SERVICE_HOST", ip
    yield f"{prefix}_SERVICE_PORT", str(ports[0].port)
    yield from ((f"{prefix}_SERVICE_PORT_{_named(port.name)}", str(port.port)) for port in ports if port.name)
    for at, port in enumerate(ports):
        protocol = (port.protocol or "TCP").lower()
        place = f"{protocol}://{ip}:{port.port}"
        if not at:
            yield f"{prefix}_PORT", place
        link = f"{prefix}_PORT_{port.port}_{protocol.upper()}"
        yield from ((link, place), (f"{link}_PROTO", protocol), (f"{link}_PORT", str(port.port)), (f"{link}_ADDR", ip))


def spoken_of(wish: Wish, services: Services, client: Client) -> dict[str, str]:
    """The Services' variables for a container's command line; none, if it speaks of no variable at all."""
    words = (*(wish.command or ()), *(wish.args or ()))
    return of_services(services, client) if any("$" in word for word in words) else {}


def _named(text: str) -> str:
    return text.upper().replace("-", "_")
