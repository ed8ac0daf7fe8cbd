"""kube-proxy's rules: written by the model, and read by the real iptables-restore; and what a small change costs.

Services have as many endpoints as in a cluster of 10,000 Services and 150,000 pods. Names of chains are hashes, and are
remembered; so the first kube-proxy, which works them out, is told apart from those that come after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from benchmarks.timing import Act, Figures, in_turns
from k8snet import lab
from k8snet.errors import CommandError
from k8snet.kube.objects import EndpointSlice, Service
from k8snet.kube.proxy import iptables, names
from k8snet.kube.proxy.door import key_of
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.lab.kernel import Kernel
from k8snet.linux.address import Ip

SERVICES, ENDPOINTS = 1_000, 15
MANY = 10_000
READ = ("iptables-legacy-restore", "--test")
NODE = NodeFacts(name="node1", ip="172.18.0.11", cluster_cidr="10.128.0.0/9", addresses=("127.0.0.1", "172.18.0.11"))


def figures() -> Figures:
    """How quickly rules are written, as a multiple of how quickly the real tool reads them; the whole against one change."""
    services, slices = objects(SERVICES, ENDPOINTS)
    text = iptables.rules(services, slices, NODE)
    count = text.count("\n-A ")
    first, later = in_turns(lambda: _first(services, slices), lambda: iptables.rules(services, slices, NODE), rounds=10, times=1)
    for read in _reading(text):
        against = f"`{' '.join(READ)}` reads them"
        yield f"kube-proxy writes {count:,} rules ({count / first:,.0f} a second), quicker by", against, read / first
        yield f"another node's writes them ({count / later:,.0f} a second), quicker by", against, read / later
    whole, one = in_turns(*changes(MANY), rounds=5, times=1)
    yield f"one endpoint changes at {MANY:,} Services ({one * 1e3:.1f} ms), quicker by", "all their rules", whole / one


def objects(count: int, endpoints: int) -> tuple[list[Service], list[EndpointSlice]]:
    """Services of one port each, and their endpoints."""
    return [service(number) for number in range(count)], [slice_of(number, endpoints) for number in range(count)]


def service(number: int) -> Service:
    """One of many Services."""
    ports = [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]
    spec = {"type": "ClusterIP", "clusterIP": str(Ip(Ip("10.96.0.1") + number)), "ports": ports, "selector": {"app": "web"}}
    return msgspec.convert({"metadata": {"namespace": "default", "name": f"web-{number}"}, "spec": spec}, Service)


def slice_of(number: int, endpoints: int, *, shift: int = 0) -> EndpointSlice:
    """Its endpoints. ``shift``: as many have been replaced by others."""
    first = Ip("10.128.0.0") + number * 64 + shift
    about = {"namespace": "default", "name": f"web-{number}-1", "labels": {"kubernetes.io/service-name": f"web-{number}"}}
    found = [{"addresses": [str(Ip(first + each))], "nodeName": f"node{each}",
              "conditions": {"ready": True, "serving": True, "terminating": False}} for each in range(endpoints)]  # fmt: skip
    ports = [{"name": "http", "protocol": "TCP", "port": 8080}]
    return msgspec.convert({"metadata": about, "addressType": "IPv4", "endpoints": found, "ports": ports}, EndpointSlice)


def _first(services: list[Service], slices: list[EndpointSlice]) -> str:
    """The rules of a kube-proxy that nobody came before."""
    names.port_hash.cache_clear()
    names.endpoint_chain.cache_clear()
    return iptables.rules(services, slices, NODE)


def _reading(text: str) -> Iterator[float]:
    """The shortest time in which the real tool read a text; nothing if this machine does not let it."""
    if (reason := lab.available()) is not None:
        print(f"(without the real iptables-restore: {reason})")
        return
    with TemporaryDirectory() as folder, Kernel() as kernel:
        file = Path(folder, "rules")
        file.write_text(text)
        try:
            yield min(_seconds(kernel, file) for _ in range(10))
        except CommandError as refusal:
            print(f"(without {READ[0]}: {refusal})")


def _seconds(kernel: Kernel, file: Path) -> float:
    start = perf_counter()
    kernel.run([*READ, str(file)])
    return perf_counter() - start


def changes(count: int) -> tuple[Act, Act]:
    """Two acts for ``count`` Services with one endpoint each: write all rules; write what a changed endpoint makes others."""
    services, slices = objects(count, 1)
    book = iptables.Rules(NODE)
    for each in services:
        book.set_service(key_of(each), each)
    for one in slices:
        book.set_slice(key_of(one), one)
    book.sync()
    number = count // 2
    shifts = [slice_of(number, 1, shift=shift) for shift in (0, 1)]

    def change() -> str:
        shifts.reverse()
        book.set_slice(key_of(shifts[0]), shifts[0])
        return book.sync()

    return (lambda: iptables.rules(services, slices, NODE)), change
