"""What the API server remarks on Services that it takes: over HTTP, as warnings."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.decoding import decode
from k8snet.kube.defaults import with_defaults
from k8snet.kube.rest.remarks import remarks
from tests.kube.rest.asking import House

SERVICES = "/api/v1/namespaces/default/services"
DEPRECATED = "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
HINTS = "service.kubernetes.io/topology-aware-hints"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"externalIPs": ["198.51.100.7"]}, [DEPRECATED], id="external addresses"),
        pytest.param({"trafficDistribution": "PreferClose"},
                     ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'], id="an old word"),
        pytest.param({"externalName": "a"}, ['spec.externalName is ignored when spec.type is not "ExternalName"'], id="a name"),
        pytest.param({"type": "ExternalName", "externalName": "a", "externalIPs": ["198.51.100.7"]},
                     ['spec.externalIPs is ignored when spec.type is "ExternalName"'], id="addresses of a name"),
        pytest.param(
            {"clusterIPs": ["None"], "loadBalancerIP": "198.51.100.7", "externalIPs": ["198.51.100.7"],
             "sessionAffinity": "ClientIP"},
            ["spec.loadBalancerIP is ignored for headless services", "spec.externalIPs is ignored for headless services",
             "spec.SessionAffinity is ignored for headless services"], id="headless"),
    ],
)  # fmt: skip
def test_remarks(spec: dict[str, Any], expected: list[str]) -> None:
    obj = with_defaults(decode({"apiVersion": "v1", "kind": "Service", "spec": spec}))
    assert list(remarks(obj)) == expected


def test_an_old_annotation() -> None:
    obj = with_defaults(decode({"apiVersion": "v1", "kind": "Service", "metadata": {"annotations": {HINTS: "Auto"}}}))
    assert remarks(obj) == (f"annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead",)


def test_whoever_writes_is_told() -> None:
    house = House()
    wish = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "externalIPs": ["198.51.100.7"]}}
    made = house.ask("POST", SERVICES, wish)
    assert (made.status, made.warnings) == (201, (DEPRECATED,))
    replaced = house.ask("PUT", f"{SERVICES}/web", wish)
    assert (replaced.status, replaced.warnings) == (200, (DEPRECATED,))
    assert house.ask("GET", f"{SERVICES}/web").warnings == ()
    assert house.ask("PUT", f"{SERVICES}/web/status", wish | {"status": {}}).warnings == ()
