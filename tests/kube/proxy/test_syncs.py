"""One kube-proxy through many changes: what it sends, and that the kernel then holds what one would write who begins anew."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.names import is_service_chain
from k8snet.linux.fact import changed
from k8snet.linux.iptables import restore, save
from k8snet.linux.netfilter import Netfilter
from tests.kube.proxy.made import NODE, Manifest, balanced, declared, endpoint, service, slice_of

WEB, SLICE = ("default", "web"), ("default", "web-1")

@pytest.fixture
def book() -> iptables.Rules:
    """One Service with an endpoint, all of it sent."""
    book = iptables.Rules(NODE)
    book.set_service(WEB, service())
    book.set_slice(SLICE, slice_of("10.244.1.2"))
    assert book.sync()
    return book


def of_services(text: str) -> list[str]:
    return [chain for chain in declared(text) if is_service_chain(chain)]


def deleted(text: str) -> list[str]:
    return [line.split()[1] for line in text.splitlines() if line.startswith("-X")]


def test_nothing_is_sent_when_nothing_has_changed(book: iptables.Rules) -> None:
    assert (book.has_changed, book.sync(), book.stale_udp()) == (False, "", ())
    assert of_services(book.sync(again=True)) == []
    assert len(of_services(book.sync(full=True))) == 2


def test_only_what_has_changed_is_sent(book: iptables.Rules) -> None:
    book.set_service(("default", "other"), service("other", "10.96.0.21"))
    text = book.sync()
    assert of_services(text) == []
    assert "default/web cluster IP" in text
    assert "default/other has no endpoints" in text


def test_an_endpoint_that_goes_takes_its_chain_along(book: iptables.Rules) -> None:
    (old,) = [chain for chain in of_services(book.sync(full=True)) if "SEP" in chain]
    book.set_slice(SLICE, slice_of("10.244.1.3"))
    text = book.sync()
    assert deleted(text) == [old]
    assert len(of_services(text)) == 3
    assert deleted(book.sync(full=True)) == []


def test_after_a_refusal_all_is_sent_and_deleted_again(book: iptables.Rules) -> None:
    book.set_service(WEB, None)
    first = book.sync()
    book.failed()
    assert book.has_changed
    assert deleted(book.sync()) == deleted(first) != []
    assert book.sync() == ""


def test_what_an_earlier_one_left_is_deleted() -> None:
    book = iptables.Rules(NODE)
    book.set_service(WEB, service())
    book.set_slice(SLICE, slice_of("10.244.1.2"))
    needed = of_services(deepcopy(book).sync())
    book.found(["PREROUTING", "KUBE-SERVICES", "CNI-HOSTPORT-DNAT", "KUBE-SVC-AAAAAAAAAAAAAAAA", *needed])
    assert deleted(book.sync()) == ["KUBE-SVC-AAAAAAAAAAAAAAAA"]


def test_a_node_in_another_zone_writes_all_anew(book: iptables.Rules) -> None:
    hinted = [endpoint(f"10.244.1.{number}", zones=(f"z{number}",)) for number in (2, 3)]
    book.set_slice(SLICE, slice_of(*hinted))
    assert "10.244.1.3" in book.sync()
    book.set_node(changed(NODE, zone="z2"))
    text = book.sync()
    assert "10.244.1.3" not in text
    assert len(deleted(text)) == 1


def test_a_service_that_goes_while_all_is_written_anew(book: iptables.Rules) -> None:
    book.set_service(WEB, None)
    book.set_node(changed(NODE, zone="z2"))
    text = book.sync()
    assert (len(deleted(text)), "default/web" in text) == (2, False)


def test_a_copy_goes_its_own_way(book: iptables.Rules) -> None:
    other = deepcopy(book)
    other.set_service(WEB, None)
    assert len(deleted(other.sync())) == 2
    assert (book.sync(), len(of_services(book.sync(full=True)))) == ("", 2)


# --- a large cluster ---------------------------------------------------------------------------------------------


def crowd(count: int) -> Manifest:
    return slice_of(*[f"10.245.{number >> 8}.{number & 255}" for number in range(count)], of="crowd")


def test_a_cluster_that_grows_large_loses_its_comments_at_the_next_full_sync(book: iptables.Rules) -> None:
    book.set_service(("default", "crowd"), service("crowd", "10.96.0.21"))
    book.set_slice(("default", "crowd-1"), crowd(iptables.LARGE - 1))
    assert '"default/crowd -> ' in book.sync()
    book.set_slice(("default", "crowd-1"), crowd(iptables.LARGE))
    for text in (book.sync(), book.sync(full=True)):
        assert " -> " not in text
    assert book.is_large
    book.set_slice(("default", "crowd-1"), crowd(1))
    assert deleted(book.sync()) != []
    assert book.sync(full=True).count(" -> ") == 2


def test_in_a_large_cluster_stale_chains_wait(book: iptables.Rules) -> None:
    book.set_service(("default", "crowd"), service("crowd", "10.96.0.21"))
    book.set_slice(("default", "crowd-1"), crowd(iptables.LARGE + 1))
    book.sync()
    book.set_service(WEB, None)
    assert deleted(book.sync()) == []
    assert len(deleted(book.sync(again=True))) == 2


# --- whatever happens --------------------------------------------------------------------------------------------


def any_service(chance: Random, number: int) -> Manifest | None:
    """One of many Services, or none."""
    kind = chance.choice(["none", "ClusterIP", "NodePort", "LoadBalancer"])
    if kind == "none":
        return None
    ports: list[dict[str, Any]] = [{"port": 80, "protocol": chance.choice(["TCP", "UDP"])}]
    spec: dict[str, Any] = {"type": kind, "ports": ports, "sessionAffinity": chance.choice(["None", "ClientIP"]),
                            "internalTrafficPolicy": chance.choice(["Cluster", "Local"])}  # fmt: skip
    if kind != "ClusterIP":
        ports[0]["nodePort"] = 30000 + number
        spec["externalTrafficPolicy"] = chance.choice(["Cluster", "Local"])
    if chance.random() < 0.3:
        spec["externalIPs"] = [f"198.51.100.{number}"]
    if kind == "LoadBalancer":
        spec["loadBalancerSourceRanges"] = chance.choice([[], ["192.0.2.0/24"], ["172.18.0.0/16", "192.0.2.0/24"]])
    status = balanced(f"203.0.113.{number}") if kind == "LoadBalancer" else None
    return service(f"s{number}", f"10.96.0.{number}", status=status, **spec)


def any_slice(chance: Random, number: int) -> Manifest | None:
    """A slice of one of these Services, or none."""
    if chance.random() < 0.2:
        return None
    endpoints = [
        endpoint(f"10.244.{each}.{number}", f"node{each}", ready=chance.random() < 0.7, terminating=chance.random() < 0.5)
        for each in range(1, 4) if chance.random() < 0.5
    ]  # fmt: skip
    return slice_of(*endpoints, of=f"s{number}", name=f"s{number}-1", protocol=chance.choice(["TCP", "UDP"]))


def chains_in(netfilter: Netfilter) -> dict[tuple[str, str], list[str]]:
    """The rules of each chain, in whatever order the chains were made."""
    found: dict[tuple[str, str], list[str]] = {}
    table = ""
    for line in save(netfilter).splitlines():
        if line.startswith("*"):
            table = line
        elif line.startswith(":"):
            found[table, line[1:].split()[0]] = []
        elif line.startswith("-A"):
            found[table, line.split()[1]].append(line)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_many_syncs_end_where_a_fresh_start_begins(seed: int) -> None:
    chance, kernel, book = Random(seed), Netfilter(), iptables.Rules(NODE)
    services: dict[str, Manifest | None] = {}
    slices: dict[str, Manifest | None] = {}
    for step in range(25):
        for _ in range(chance.randint(1, 3)):
            number = chance.randint(1, 6)
            if chance.random() < 0.5:
                one = services[f"s{number}"] = any_service(chance, number)
                book.set_service(("default", f"s{number}"), one)
            else:
                other = slices[f"s{number}-1"] = any_slice(chance, number)
                book.set_slice(("default", f"s{number}-1"), other)
        restore(kernel, book.sync(full=step % 9 == 8), noflush=True)
        fresh = Netfilter()
        restore(fresh, iptables.rules(filter(None, services.values()), filter(None, slices.values()), NODE))
        assert chains_in(kernel) == chains_in(fresh), step
