"""Discovery: what the API server has, and which version it is. Clients ask this first.

There is the old form, a page for each group and version, and the aggregated one, all in two pages. Source: the documents of
Kubernetes 1.37; k8s.io/apiserver, pkg/endpoints/discovery.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from k8snet.kube.objects import KINDS, Kind
from k8snet.kube.rest import openapi
from k8snet.kube.rest.http import OK, TEXT, Request, Response
from k8snet.kube.rest.negotiation import negotiated
from k8snet.kube.rest.resources import CATEGORIES, SUBRESOURCES, Sub, verbs
from k8snet.kube.rest.status import not_allowed

VERSION = {
    "major": "1", "minor": "37", "emulationMajor": "1", "emulationMinor": "37", "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36", "gitVersion": "v1.37.0", "gitCommit": "", "gitTreeState": "clean", "buildDate": "",
    "goVersion": "", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip
"""What /version tells. Nothing was built, so there is no commit and no date."""
HEALTH = ("/healthz", "/livez", "/readyz")
AGGREGATED = "APIGroupDiscoveryList"
POLICY = "policy/v1"
"""A group without a resource of its own in the model: evictions are of it."""


def page(request: Request) -> Response | None:
    """The page that a path leads to; None: it is no page of discovery. ApiError for methods other than GET."""
    found = _page(request)
    if found is not None and request.method not in ("GET", "HEAD"):
        raise not_allowed()
    return found


def _page(request: Request) -> Response | None:
    place = request.place
    if place in HEALTH or place.startswith(tuple(f"{each}/" for each in HEALTH)):
        return Response(OK, "ok", TEXT)
    if place == "/version":
        return Response(OK, VERSION)
    if place in ("/api", "/apis"):
        return _roots(request, core=place == "/api")
    if place.startswith("/openapi/"):
        return openapi.page(request)
    version = place.removeprefix("/apis/") if place.startswith("/apis/") else place.removeprefix("/api/")
    if place in (f"/apis/{version}", f"/api/{version}"):
        return _group_or_version(version, core=place.startswith("/api/"))
    return None


def _group_or_version(name: str, *, core: bool) -> Response | None:
    if core != (name == "v1"):
        return None
    if name in versions():
        return Response(OK, resource_list(name))
    group = next((each for each in versions() if each.partition("/")[0] == name and "/" in each), None)
    return None if group is None else Response(OK, {"kind": "APIGroup", "apiVersion": "v1", **_group(group)})


def versions() -> list[str]:
    """The group versions that there are, the core first."""
    return list(dict.fromkeys(("v1", "apps/v1", POLICY, *(kind.api_version for kind in KINDS.values()))))


def _roots(request: Request, *, core: bool) -> Response:
    form = negotiated(request.accept, ("", AGGREGATED))
    if form.name == AGGREGATED:
        names = [each for each in versions() if (each == "v1") == core]
        items = [_aggregated(each) for each in names]
        body = {"kind": AGGREGATED, "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
        return Response(OK, body, form.media)
    if core:
        return Response(OK, {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
    groups = [_group(each) for each in versions() if each != "v1"]
    return Response(OK, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


# --- the old form -------------------------------------------------------------------------------------------------


def _group(version: str) -> dict[str, Any]:
    name, _, number = version.partition("/")
    it = {"groupVersion": version, "version": number}
    return {"name": name, "versions": [it], "preferredVersion": it}


def resource_list(version: str) -> dict[str, Any]:
    """All resources of a group version, each subresource as one of its own."""
    found = [each for kind in _kinds(version) for each in _resources(kind)]
    named = {} if version == "v1" else {"apiVersion": "v1"}
    return {"kind": "APIResourceList", **named, "groupVersion": version, "resources": found}


def _kinds(version: str) -> list[Kind]:
    return sorted((kind for kind in KINDS.values() if kind.api_version == version), key=lambda kind: kind.plural)


def _resources(kind: Kind) -> Iterable[dict[str, Any]]:
    own: dict[str, Any] = {
        "name": kind.plural, "singularName": kind.kind.lower(), "namespaced": kind.namespaced, "kind": kind.kind,
        "verbs": list(verbs(kind)),
    }  # fmt: skip
    yield own | _names(kind)
    for sub in SUBRESOURCES.get(kind.kind, ()):
        group = {"group": sub.group, "version": sub.version} if sub.group else {}
        yield {"name": f"{kind.plural}/{sub.name}", "singularName": "", "namespaced": kind.namespaced, **group,
               "kind": sub.kind, "verbs": list(sub.verbs)}


def _names(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"shortNames": list(kind.short)} if kind.short else {}
    return found | ({"categories": list(CATEGORIES[kind.kind])} if kind.kind in CATEGORIES else {})


# --- the aggregated form ------------------------------------------------------------------------------------------


def _aggregated(version: str) -> dict[str, Any]:
    group, _, number = version.rpartition("/")
    resources = [_resource(kind) for kind in _kinds(version)]
    return {"metadata": {"name": group} if group else {},
            "versions": [{"version": number, "resources": resources, "freshness": "Current"}]}


def _resource(kind: Kind) -> dict[str, Any]:
    found = {
        "resource": kind.plural, "responseKind": _kind(kind, kind.kind), "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.kind.lower(), "verbs": list(verbs(kind)), **_names(kind),
    }  # fmt: skip
    parts = [{"subresource": sub.name, "responseKind": _kind(kind, sub.kind, sub), "verbs": list(sub.verbs)}
             for sub in SUBRESOURCES.get(kind.kind, ())]
    return found | ({"subresources": parts} if parts else {})


def _kind(kind: Kind, name: str, sub: Sub | None = None) -> dict[str, str]:
    group, _, version = kind.api_version.rpartition("/")
    if sub is not None and sub.group:
        group, version = sub.group, sub.version
    return {"group": group, "version": version, "kind": name}
