"""Discovery: the two forms say the same, and that is what the real server says."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import KINDS
from tests.kube.rest.asking import House

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ACCEPT = f"{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
VERSIONS = ["v1", "apps/v1", "policy/v1", "discovery.k8s.io/v1", "coordination.k8s.io/v1"]
STANDARD = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def resources(house: House, version: str) -> dict[str, Any]:
    place = f"/api/{version}" if version == "v1" else f"/apis/{version}"
    body = house.get(place)
    assert (body["kind"], body["groupVersion"]) == ("APIResourceList", version)
    return {each["name"]: each for each in body["resources"]}


def test_the_roots(shown: House) -> None:
    assert shown.get("/api")["versions"] == ["v1"]
    groups = shown.get("/apis")["groups"]
    assert [each["preferredVersion"]["groupVersion"] for each in groups] == VERSIONS[1:]
    assert shown.get("/apis/apps") == {"kind": "APIGroup", "apiVersion": "v1", **groups[0]}


def test_each_kind_is_listed(shown: House) -> None:
    found = {each["kind"] for version in VERSIONS for name, each in resources(shown, version).items() if "/" not in name}
    assert found == set(KINDS)


@pytest.mark.parametrize(("version", "name", "expected"), [
    ("v1", "pods", {"singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": STANDARD, "shortNames": ["po"],
     "categories": ["all"]}),
    ("v1", "nodes", {"singularName": "node", "namespaced": False, "kind": "Node", "verbs": STANDARD, "shortNames": ["no"]}),
    ("v1", "endpoints", {"singularName": "endpoints", "namespaced": True, "kind": "Endpoints", "verbs": STANDARD,
     "shortNames": ["ep"]}),
    ("v1", "namespaces", {"singularName": "namespace", "namespaced": False, "kind": "Namespace", "shortNames": ["ns"],
                          "verbs": [verb for verb in STANDARD if verb != "deletecollection"]}),
    ("v1", "pods/log", {"singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]}),
    ("v1", "pods/eviction", {"singularName": "", "namespaced": True, "group": "policy", "version": "v1", "kind": "Eviction",
     "verbs": ["create"]}),
    ("v1", "namespaces/finalize", {"singularName": "", "namespaced": False, "kind": "Namespace", "verbs": ["update"]}),
    ("apps/v1", "deployments/scale", {"singularName": "", "namespaced": True, "group": "autoscaling", "version": "v1",
     "kind": "Scale",
                                      "verbs": ["get", "patch", "update"]}),
    ("discovery.k8s.io/v1", "endpointslices", {"singularName": "endpointslice", "namespaced": True, "kind": "EndpointSlice",
                                               "verbs": STANDARD}),
])  # fmt: skip
def test_a_resource(shown: House, version: str, name: str, expected: dict[str, Any]) -> None:
    assert resources(shown, version)[name] == {"name": name, **expected}


def test_all_that_is_in_the_category_all(shown: House) -> None:
    found = {name for version in VERSIONS for name, each in resources(shown, version).items() if "categories" in each}
    assert found == {"pods", "services", "deployments", "replicasets", "daemonsets"}


@pytest.mark.parametrize(("path", "versions"), [("/api", ["v1"]), ("/apis", VERSIONS[1:])])
def test_the_aggregated_form_says_the_same(shown: House, path: str, versions: list[str]) -> None:
    answer = shown.ask("GET", path, accept=ACCEPT)
    assert answer.content_type == AGGREGATED
    found = {f"{group['metadata'].get('name', '')}/{each['version']}".lstrip("/"): each for group in answer.body["items"]
             for each in group["versions"]}
    assert list(found) == versions
    for version, page in found.items():
        assert page["freshness"] == "Current"
        assert {name: each["verbs"] for name, each in _flat(page).items()} == {
            name: each["verbs"] for name, each in resources(shown, version).items()}


def _flat(page: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for each in page["resources"]:
        found[each["resource"]] = each
        found |= {f"{each['resource']}/{sub['subresource']}": sub for sub in each.get("subresources", ())}
    return found


def test_an_aggregated_resource(shown: House) -> None:
    page = shown.ask("GET", "/apis", accept=ACCEPT).body["items"][0]["versions"][0]
    assert _flat(page)["deployments/scale"] == {
        "subresource": "scale", "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
        "verbs": ["get", "patch", "update"]}
    assert _flat(page)["deployments"]["scope"] == "Namespaced"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping"])
def test_health(shown: House, path: str) -> None:
    answer = shown.ask("GET", path)
    assert (answer.body, answer.content_type) == ("ok", "text/plain")


def test_the_version_is_that_of_the_kubelets(shown: House) -> None:
    assert shown.get("/version")["gitVersion"] == shown.get("/api/v1/nodes/node1")["status"]["nodeInfo"]["kubeletVersion"]
