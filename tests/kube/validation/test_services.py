"""Services: the cases of Kubernetes' own test by their number of errors, and the server's words for each kind of error."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from k8snet.kube.decoding import decode
from k8snet.kube.objects import Object
from k8snet.kube.validation import Errors, services, validate, validate_status, validate_update
from tests.conftest import GOLDEN
from tests.kube.validation.saying import KEY, LABEL, PORTS, SUBDOMAIN, made, said, said_of_change

Document = dict[str, Any]


@cache
def cases() -> list[Document]:
    file = GOLDEN / "service-validation.json"
    found: list[Document] = json.loads(file.read_text(encoding="utf-8"))["cases"] if file.is_file() else []
    return found


def errors_of(case: Document) -> Errors:
    new = decode(case["service"])
    match case["validates"]:
        case "create":
            return validate(new)
        case "update":
            return validate_update(new, decode(case["old_service"]))
    return services.external_traffic(new.spec)


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['id']} {case['description']}")
def test_as_many_errors_as_kubernetes_finds(case: Document) -> None:
    errors = errors_of(case)
    assert len(errors) == case["errors_expected"], errors


@pytest.mark.usefixtures("golden")
def test_all_cases_are_there() -> None:
    assert len(cases()) == 246


# --- words --------------------------------------------------------------------------------------------------------

HTTP: Document = {"port": 80}
IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"


def service(ip: str = "10.96.0.20", **spec: Any) -> Object:
    """A Service with an address, as allocation would have it; ``ip`` empty: without."""
    addresses = {"clusterIP": ip, "clusterIPs": [ip]} if ip else {}
    return made("Service", spec={"ports": [HTTP], **addresses, **spec})


def said_of_service(**spec: Any) -> Errors:
    return [error.removeprefix("spec.") for error in validate(service(**spec))]


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param({}, [], id="right"),
        pytest.param({"ports": []}, ["ports: Required value"], id="no ports"),
        pytest.param({"ports": [], "ip": "None"}, [], id="headless without ports"),
        pytest.param(
            {"type": "Headless"},
            ['type: Unsupported value: "Headless": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
            id="type",
        ),
        pytest.param(
            {"type": "NodePort", "ip": "None"},
            ["clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
            id="headless with node ports",
        ),
        # ports
        pytest.param(
            {"ports": [{"port": 0}]},
            [f"ports[0].port: Invalid value: 0: {PORTS}", f"ports[0].targetPort: Invalid value: 0: {PORTS}"],
            id="port 0",
        ),
        pytest.param(
            {"ports": [HTTP, {"port": 443, "name": "https"}]}, ["ports[0].name: Required value"], id="one of two has no name",
        ),
        pytest.param(
            {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]},
            ['ports[1].name: Duplicate value: "a"'],
            id="one name for two",
        ),
        pytest.param({"ports": [HTTP | {"name": "Web"}]}, [f'ports[0].name: Invalid value: "Web": {LABEL}'], id="a port's name"),
        pytest.param(
            {"ports": [HTTP | {"protocol": "tcp"}]},
            ['ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
            id="protocol",
        ),
        pytest.param(
            {"ports": [HTTP | {"targetPort": "80"}]},
            ['ports[0].targetPort: Invalid value: "80": must contain at least one letter (a-z)'],
            id="targetPort",
        ),
        pytest.param(
            {"ports": [HTTP | {"appProtocol": "a b"}]}, [f'ports[0].appProtocol: Invalid value: "a b": {KEY}'], id="appProtocol",
        ),
        pytest.param(
            {"ports": [HTTP | {"nodePort": 30080}]},
            ["ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
            id="a node port without the type",
        ),
        pytest.param(
            {"type": "NodePort", "ports": [{"port": 80, "name": "a", "nodePort": 30080},
                                           {"port": 81, "name": "b", "nodePort": 30080}]},
            ["ports[1].nodePort: Duplicate value: 30080"],
            id="one node port for two",
        ),
        pytest.param(
            {"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
            ['ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}'],
            id="one port twice",
        ),
        pytest.param({"ports": [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]}, [], id="TCP and UDP"),
        # affinity and traffic
        pytest.param(
            {"sessionAffinity": "Cookie"},
            ['sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
            id="affinity",
        ),
        pytest.param(
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}},
            ["sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400"],
            id="too sticky",
        ),
        pytest.param(
            {"externalTrafficPolicy": "Local"},
            ['externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
            id="a policy for nobody",
        ),
        pytest.param(
            {"type": "NodePort", "externalTrafficPolicy": "Node"},
            ['externalTrafficPolicy: Unsupported value: "Node": supported values: "Cluster", "Local"'],
            id="external policy",
        ),
        pytest.param(
            {"internalTrafficPolicy": "Node"},
            ['internalTrafficPolicy: Unsupported value: "Node": supported values: "Cluster", "Local"'],
            id="internal policy",
        ),
        pytest.param(
            {"trafficDistribution": "Near"},
            ['trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", '
             '"PreferSameNode"'],
            id="distribution",
        ),
        pytest.param(
            {"type": "NodePort", "healthCheckNodePort": 32000},
            ["healthCheckNodePort: Invalid value: 32000: may only be set when `type` is 'LoadBalancer' and "
             "`externalTrafficPolicy` is 'Local'"],
            id="health checks of nobody",
        ),
        # outside
        pytest.param(
            {"externalIPs": ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "web", "010.1.1.1", "::ffff:1.2.3.4"]},
            ['externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
             'externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
             'externalIPs[2]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
             'externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
             f'externalIPs[4]: Invalid value: "web": {IP}',
             'externalIPs[5]: Invalid value: "010.1.1.1": must not have leading 0s',
             'externalIPs[6]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address'],
            id="external addresses",
        ),
        pytest.param(
            {"type": "LoadBalancer", "loadBalancerSourceRanges": [
                " 10.0.0.0/8 ", "10.0.0.0", "10.0.0.1/8", "10.0.0.0/08", "::ffff:0:0/96", "fd00::/64"]},
            [f'LoadBalancerSourceRanges[1]: Invalid value: "10.0.0.0": {CIDR}',
             'LoadBalancerSourceRanges[2]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
             'LoadBalancerSourceRanges[3]: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length',
             'LoadBalancerSourceRanges[4]: Invalid value: "::ffff:0:0/96": must not have an IPv4-mapped IPv6 address'],
            id="source ranges",
        ),
        pytest.param(
            {"loadBalancerSourceRanges": ["10.0.0.0/8"], "loadBalancerClass": "a", "allocateLoadBalancerNodePorts": True},
            [f"LoadBalancerSourceRanges: Forbidden: {ONLY_BALANCED}",
             f"allocateLoadBalancerNodePorts: Forbidden: {ONLY_BALANCED}", f"loadBalancerClass: Forbidden: {ONLY_BALANCED}"],
            id="what only load balancers have",
        ),
        # a name for a name
        pytest.param({"type": "ExternalName", "ip": "", "externalName": "example.com."}, [], id="a name"),
        pytest.param({"type": "ExternalName", "ip": ""}, ["externalName: Required value"], id="no name"),
        pytest.param(
            {"type": "ExternalName", "externalName": "A"},
            ["clusterIPs: Forbidden: may not be set for ExternalName services",
             f'externalName: Invalid value: "A": {SUBDOMAIN}'],
            id="a name with an address",
        ),
        # addresses
        pytest.param(
            {"clusterIPs": ["10.96.0.21"]},
            ['clusterIPs: Invalid value: ["10.96.0.21"]: first value must match `clusterIP`'],
            id="two first ones",
        ),
        pytest.param(
            {"ip": "", "clusterIPs": ["10.96.0.21"]},
            ['clusterIPs: Invalid value: ["10.96.0.21"]: must be empty when `clusterIP` is not specified'],
            id="a list alone",
        ),
        pytest.param({"ip": "10.96.0"}, [f'clusterIPs[0]: Invalid value: "10.96.0": {IP}'], id="half an address"),
        pytest.param(
            {"clusterIPs": ["10.96.0.20", "10.96.0.21"]},
            ['clusterIPs: Invalid value: ["10.96.0.20","10.96.0.21"]: may specify no more than one IP for each IP family'],
            id="two of one family",
        ),
        pytest.param(
            {"ipFamilies": ["IPv6", "IPv5", "IPv6"], "ipFamilyPolicy": "Both"},
            ['ipFamilies[1]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
             'ipFamilies[2]: Duplicate value: "IPv6"',
             'ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
             'clusterIPs[0]: Invalid value: "10.96.0.20": expected an IPv6 value as indicated by `ipFamilies[0]`'],
            id="families",
        ),
    ],
)  # fmt: skip
def test_services(spec: Document, errors: list[str]) -> None:
    assert said_of_service(**spec) == errors


def test_the_topology_is_told_once() -> None:
    mode, hints = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"
    errors = said("Service", {"annotations": {mode: "Auto", hints: "Disabled"}}, spec={"ports": [HTTP]})
    assert errors == [
        f'metadata.annotations[{mode}]: Invalid value: "Auto": must match annotations[{hints}] when both are specified',
    ]


def test_source_ranges_in_an_annotation() -> None:
    key = "service.beta.kubernetes.io/load-balancer-source-ranges"
    annotated = {"annotations": {key: "10.0.0.0/8, web"}}
    errors = said("Service", annotated, spec={"ports": [HTTP]})
    path = f"metadata.annotations[{key}]"
    assert errors == [f"{path}: Forbidden: {ONLY_BALANCED}", f'{path}: Invalid value: "web": {CIDR}']
    old = made("Service", annotated, spec={"ports": [HTTP], "type": "LoadBalancer"})
    assert said_of_change(old, old) == []


# --- changes ------------------------------------------------------------------------------------------------------

LOCAL: Document = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000}
TWO: Document = {
    "clusterIPs": ["10.96.0.20", "fd00::20"], "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack",
}  # fmt: skip
ONE: Document = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "PreferDualStack"}


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        pytest.param({}, {"sessionAffinity": "ClientIP"}, [], id="right"),
        pytest.param({}, {"ip": "10.96.0.21"}, ['clusterIPs[0]: Invalid value: ["10.96.0.21"]: may not change once set'],
                     id="another address"),
        pytest.param({}, {"ip": "None"}, ['clusterIPs[0]: Invalid value: ["None"]: may not change once set'], id="headless"),
        pytest.param({}, {"ip": ""}, ["clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"],
                     id="no address"),
        pytest.param({"type": "ExternalName", "ip": "", "externalName": "a"}, {}, [], id="no longer a name"),
        pytest.param(LOCAL, LOCAL | {"healthCheckNodePort": 32001},
                     ["healthCheckNodePort: Forbidden: field is immutable"], id="another port for health checks"),
        pytest.param({"type": "LoadBalancer"}, {"type": "LoadBalancer", "loadBalancerClass": "a"},
                     ['loadBalancerClass: Invalid value: "a": may not change once set'], id="another class"),
        pytest.param(TWO, ONE, [
            """ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary """
            "clusterIP",
            """ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary """
            "ipFamily"], id="one of two"),
        pytest.param(TWO, ONE | {"ipFamilyPolicy": "SingleStack"}, [], id="one of two, and said so"),
        pytest.param(ONE, TWO, [], id="two of one"),
        pytest.param({"externalIPs": ["010.1.1.1"]}, {"externalIPs": ["010.1.1.1"]}, [], id="an old address in an old way"),
        pytest.param({"externalIPs": ["010.1.1.1"]}, {"externalIPs": ["010.1.1.2"]},
                     ['externalIPs[0]: Invalid value: "010.1.1.2": must not have leading 0s'], id="a new one"),
    ],
)  # fmt: skip
def test_changes(before: Document, after: Document, errors: list[str]) -> None:
    found = said_of_change(service(**after), service(**before))
    assert found == [f"spec.{error}" for error in errors]


# --- status -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ingress", "errors"),
    [
        pytest.param("LoadBalancer", [{"ip": "198.51.100.1", "ipMode": "VIP"}, {"hostname": "lb.example.com"}], [], id="right"),
        pytest.param("NodePort", [{"hostname": "a"}], [": Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
                     id="type"),
        pytest.param("LoadBalancer", [{"ip": "a", "ipMode": "VIP"}], [f'[0].ip: Invalid value: "a": {IP}'], id="ip"),
        pytest.param("LoadBalancer", [{"ip": "1.2.3.4", "ipMode": "NAT"}],
                     ['[0].ipMode: Unsupported value: "NAT": supported values: "Proxy", "VIP"'], id="mode"),
        pytest.param("LoadBalancer", [{"hostname": "1.2.3.4", "ipMode": "VIP"}],
                     ["[0].ipMode: Forbidden: may not be specified when `ip` is not set",
                      '[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'], id="a name"),
    ],
)  # fmt: skip
def test_statuses(kind: str, ingress: list[Document], errors: list[str]) -> None:
    spec: Document = {"type": kind, "ports": [HTTP]}
    old, new = (made("Service", spec=spec, status=status) for status in ({}, {"loadBalancer": {"ingress": ingress}}))
    assert validate_status(new, old) == [f"status.loadBalancer.ingress{error}" for error in errors]
