"""Which entries of the connection table kube-proxy deletes after it has written its rules: those of UDP that lead nowhere.

UDP has no end of a connection. As long as a client goes on sending, its entry lives, and with it the endpoint that was
chosen once, or that nothing was translated because there was no endpoint yet. So after a change kube-proxy deletes them:

- a UDP endpoint went away, or is no longer ready: what was translated to it;
- a UDP port got its first ready endpoint: all that came to its addresses so far;
- a UDP port went away: all that came to its ClusterIP.

These are the command lines that kube-proxy ran up to v1.31 (pkg/proxy/conntrack: cleanup.go, conntrack.go). Today it
speaks netlink, so nobody sees a command; v1.31 sent the same filters that way. Later versions go through the whole table
after each sync, and delete what was sent to a UDP port and is answered by none of its endpoints; it comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k8snet.kube.proxy.facts import Endpoints, ServicePort
from k8snet.kube.proxy.heard import Change, State


def clearing(changes: Iterable[Change]) -> tuple[str, ...]:
    """The commands that delete stale entries, in kube-proxy's order: whole addresses, node ports, single endpoints."""
    addresses: dict[str, None] = {}
    node_ports: dict[str, None] = {}
    endpoints: dict[str, None] = {}
    for change in changes:
        for port in _udp(change.before):
            if not any(_is_same(port, other) for other in change.after.ports):
                addresses[_to_address(port.cluster_ip)] = None
        for port in _udp(change.after):
            before, after = change.before.behind(port), change.after.behind(port)
            if _any_ready(after) and not _any_ready(before):
                addresses.update(dict.fromkeys(_to_address(ip) for ip in _addresses(port)))
                if port.node_port:
                    node_ports[_command(f"-p udp --dport {port.node_port}", port.cluster_ip)] = None
            for ip in _gone(before, after):
                endpoints.update(dict.fromkeys(_to_endpoint(port, ip)))
    return (*addresses, *node_ports, *endpoints)


def _udp(state: State) -> Iterator[ServicePort]:
    return (port for port in state.ports if port.protocol == "UDP")


def _is_same(port: ServicePort, other: ServicePort) -> bool:
    return (port.port_name, port.protocol) == (other.port_name, other.protocol)


def _any_ready(endpoints: Endpoints) -> bool:
    return any(each.ready for each in endpoints)


def _gone(before: Endpoints, after: Endpoints) -> list[str]:
    """The addresses of endpoints that were ready and are not. Who never was ready got no packets."""
    ready = {each.text for each in after if each.ready}
    return [each.ip for each in before if each.ready and each.text not in ready]


def _addresses(port: ServicePort) -> tuple[str, ...]:
    return (port.cluster_ip, *port.external_ips, *port.load_balancer_ips)


def _command(words: str, ip: str) -> str:
    return f"conntrack -D {words} -f ipv6" if ":" in ip else f"conntrack -D {words}"


def _to_address(ip: str) -> str:
    return _command(f"--orig-dst {ip} -p udp", ip)


def _to_endpoint(port: ServicePort, endpoint: str) -> Iterator[str]:
    if port.node_port:
        yield _command(f"-p udp --dport {port.node_port} --dst-nat {endpoint}", endpoint)
    for ip in _addresses(port):
        yield _command(f"--orig-dst {ip} --dst-nat {endpoint} -p udp", ip)
