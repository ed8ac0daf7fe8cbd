"""Endpoints and EndpointSlices. Sources: pkg/apis/core/validation/validation_test.go (TestValidateEndpointsCreate),
pkg/apis/discovery/validation/validation_test.go.
"""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.defaults import with_defaults
from k8snet.kube.objects import Endpoint, EndpointConditions, EndpointPort, Endpoints, EndpointSlice, EndpointSubset, SubsetPort
from tests.kube.validation.saying import KEY, LABEL, PORTS, SUBDOMAIN, VALUE, made, said, said_of_change

IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
PROTOCOLS = 'supported values: "SCTP", "TCP", "UDP"'
TYPES = 'supported values: "FQDN", "IPv4", "IPv6"'
LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
LINK_LOCAL = "may not be in the link-local range (169.254.0.0/16, fe80::/10)"


def changed(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is said where one object is to replace another."""
    return said_of_change(made(kind, **after), made(kind, **before))


# --- Endpoints --------------------------------------------------------------------------------------------------------

ADDRESS: dict[str, Any] = {"ip": "10.1.1.1"}
SUBSETS: list[Any] = [
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 80}]}, [], id="right"),
    pytest.param({"notReadyAddresses": [ADDRESS]}, [], id="without ports"),
    pytest.param({"ports": [{"port": 80}]}, [": Required value: must specify `addresses` or `notReadyAddresses`"],
                 id="without addresses"),
    pytest.param({"addresses": [{"ip": "web"}]},
                 [f'.addresses[0].ip: Invalid value: "web": {IP}',
                  '.addresses[0].ip: Invalid value: "web": must be a valid IP address'], id="no address"),
    pytest.param({"addresses": [{"ip": "10.1.1.01"}]}, ['.addresses[0].ip: Invalid value: "10.1.1.01": must not have leading 0s'],
                 id="zeros"),
    pytest.param({"notReadyAddresses": [{"ip": "127.0.0.1"}]},
                 [f'.notReadyAddresses[0].ip: Invalid value: "127.0.0.1": {LOOPBACK}'], id="loopback"),
    pytest.param({"addresses": [{"ip": "169.254.1.1"}]}, [f'.addresses[0].ip: Invalid value: "169.254.1.1": {LINK_LOCAL}'],
                 id="link-local"),
    pytest.param({"addresses": [{"ip": "0.0.0.0"}]},
                 ['.addresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)'], id="unspecified"),
    pytest.param({"addresses": [{"ip": "224.0.0.1"}]},
                 ['.addresses[0].ip: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, '
                  "ff02::/10)"], id="multicast"),
    pytest.param({"addresses": [ADDRESS | {"hostname": "A"}]}, [f'.addresses[0].hostname: Invalid value: "A": {LABEL}'],
                 id="hostname"),
    pytest.param({"addresses": [ADDRESS | {"nodeName": "n_1"}]}, [f'.addresses[0].nodeName: Invalid value: "n_1": {SUBDOMAIN}'],
                 id="node"),
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 80}, {"port": 81, "name": "b"}]},
                 [".ports[0].name: Required value"], id="several ports have names"),
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 80, "name": "A"}]}, [f'.ports[0].name: Invalid value: "A": {LABEL}'],
                 id="port's name"),
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 66000}]}, [f".ports[0].port: Invalid value: 66000: {PORTS}"],
                 id="port"),
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 80, "protocol": "ICMP"}]},
                 [f'.ports[0].protocol: Unsupported value: "ICMP": {PROTOCOLS}'], id="protocol"),
    pytest.param({"addresses": [ADDRESS], "ports": [{"port": 80, "appProtocol": "a b"}]},
                 [f'.ports[0].appProtocol: Invalid value: "a b": {KEY}'], id="app protocol"),
]


@pytest.mark.parametrize(("subset", "errors"), SUBSETS)
def test_a_subset(subset: dict[str, Any], errors: list[str]) -> None:
    assert said("Endpoints", subsets=[subset]) == [f"subsets[0]{error}" for error in errors]


def test_subsets_that_stay_are_not_looked_at_again() -> None:
    wrong = [{"addresses": [{"ip": "127.0.0.1"}]}]
    assert changed("Endpoints", {"subsets": wrong}, {"subsets": wrong}) == []
    assert len(changed("Endpoints", {"subsets": []}, {"subsets": wrong})) == 1


# --- EndpointSlices ---------------------------------------------------------------------------------------------------


def slice_of(*endpoints: dict[str, Any], kind: str = "IPv4", ports: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"addressType": kind, "endpoints": list(endpoints), "ports": ports or [{"port": 80}]}


def at(*addresses: str, **more: Any) -> dict[str, Any]:
    return {"addresses": list(addresses), **more}


def hints(field: str, *names: str) -> dict[str, Any]:
    return at("10.1.1.1", hints={field: [{"name": name} for name in names]})


FIRST = "endpoints[0].addresses[0]: Invalid value"
SLICES: list[Any] = [
    pytest.param(slice_of(at("10.1.1.1")), [], id="right"),
    pytest.param(slice_of(), [], id="empty"),
    pytest.param(slice_of(at("2001:db8::1"), kind="IPv6"), [], id="IPv6"),
    pytest.param(slice_of(at("web.example.com."), kind="FQDN"), [], id="names"),
    pytest.param(slice_of(at("10.1.1.1"), kind=""), ["addressType: Required value"], id="no type"),
    pytest.param(slice_of(at("10.1.1.1"), kind="IP"), [f'addressType: Unsupported value: "IP": {TYPES}'], id="another type"),
    pytest.param(slice_of(at("2001:db8::1")), [f'{FIRST}: "2001:db8::1": must be an IPv4 address'], id="IPv6 among IPv4"),
    pytest.param(slice_of(at("10.1.1.1"), kind="IPv6"), [f'{FIRST}: "10.1.1.1": must be an IPv6 address'], id="IPv4 among IPv6"),
    pytest.param(slice_of(at("web")), [f'{FIRST}: "web": {IP}'], id="no address"),
    pytest.param(slice_of(at("127.0.0.1")), [f'{FIRST}: "127.0.0.1": {LOOPBACK}'], id="loopback"),
    pytest.param(slice_of(at("web"), kind="FQDN"),
                 [f'{FIRST}: "web": should be a domain with at least two segments separated by dots'], id="one label"),
    pytest.param(slice_of(at("a_b.c"), kind="FQDN"), [f'{FIRST}: "a_b.c": {SUBDOMAIN}'], id="no name"),
    pytest.param(slice_of(at()), ["endpoints[0].addresses: Required value"], id="an endpoint without addresses"),
    pytest.param(slice_of(at(*[f"10.1.1.{number}" for number in range(1, 102)])),
                 ["endpoints[0].addresses: Too many: 101: must have at most 100 items"], id="101 addresses"),
    pytest.param(slice_of(*[at("10.1.1.1")] * 1001), ["endpoints: Too many: 1001: must have at most 1000 items"],
                 id="1001 endpoints"),
    pytest.param(slice_of(at("10.1.1.1", nodeName="n_1")), [f'endpoints[0].nodeName: Invalid value: "n_1": {SUBDOMAIN}'],
                 id="node"),
    pytest.param(slice_of(at("10.1.1.1", hostname="A")), [f'endpoints[0].hostname: Invalid value: "A": {LABEL}'], id="hostname"),
    pytest.param(slice_of(hints("forZones", "a", "a")), ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
                 id="a zone twice"),
    pytest.param(slice_of(hints("forZones", "a b")), [f'endpoints[0].hints.forZones[0].name: Invalid value: "a b": {VALUE}'],
                 id="zone"),
    pytest.param(slice_of(hints("forNodes", "n_1")), [f'endpoints[0].hints.forNodes[0].name: Invalid value: "n_1": {SUBDOMAIN}'],
                 id="node of a hint"),
    pytest.param(slice_of(hints("forZones", *"abcdefghi")),
                 ["endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"], id="nine zones"),
    pytest.param(slice_of(ports=[{"port": 80}, {"port": 81}]), ['ports[1].name: Duplicate value: ""'], id="two without names"),
    pytest.param(slice_of(ports=[{"port": 80, "name": "A"}]), [f'ports[0].name: Invalid value: "A": {LABEL}'], id="port's name"),
    pytest.param(slice_of(ports=[{"port": 80, "protocol": "ICMP"}]),
                 [f'ports[0].protocol: Unsupported value: "ICMP": {PROTOCOLS}'], id="protocol"),
    pytest.param(slice_of(ports=[{"port": 80, "appProtocol": "a b"}]), [f'ports[0].appProtocol: Invalid value: "a b": {KEY}'],
                 id="app protocol"),
    pytest.param(slice_of(at(), at("web"), kind="IPv4", ports=[{"port": 80, "name": "A"}]),
                 [f'ports[0].name: Invalid value: "A": {LABEL}', f'endpoints[1].addresses[0]: Invalid value: "web": {IP}',
                  "endpoints[0].addresses: Required value"], id="all of it, in the server's order"),
]


@pytest.mark.parametrize(("parts", "errors"), SLICES)
def test_a_slice(parts: dict[str, Any], errors: list[str]) -> None:
    assert said("EndpointSlice", **parts) == errors


def test_the_type_of_addresses_does_not_change() -> None:
    before, after = slice_of(at("10.1.1.1")), slice_of(at("2001:db8::1"), kind="IPv6")
    assert changed("EndpointSlice", before, after) == ['addressType: Invalid value: "IPv6": field is immutable']


def test_endpoints_that_stay_are_not_looked_at_again() -> None:
    wrong = slice_of(at("127.0.0.1"))
    assert changed("EndpointSlice", wrong, wrong | {"ports": [{"port": 81}]}) == []
    assert len(changed("EndpointSlice", slice_of(), wrong)) == 1


# --- defaults ---------------------------------------------------------------------------------------------------------


def test_what_is_filled_in() -> None:
    filled = with_defaults(Endpoints(subsets=[EndpointSubset(ports=[SubsetPort(port=80)])]))
    assert filled.subsets[0].ports[0].protocol == "TCP"
    endpoint = Endpoint(addresses=["10.1.1.1"], deprecatedTopology={"a": "b"})
    one = EndpointSlice(addressType="IPv4", ports=[EndpointPort(port=80)], endpoints=[endpoint])
    filled = with_defaults(one)
    assert (filled.ports[0].name, filled.ports[0].protocol) == ("", "TCP")
    assert (filled.endpoints[0].conditions, filled.endpoints[0].deprecatedTopology) == (EndpointConditions(), None)
    assert with_defaults(filled) is filled
