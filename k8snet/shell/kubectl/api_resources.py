"""kubectl api-resources and api-versions: what the API server says that it has.

Source: k8s.io/kubectl, pkg/cmd/apiresources; k8s.io/client-go, discovery (aggregated_discovery.go).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.printing.columns import Aligner
from k8snet.shell.kubectl.session import JSON

AGGREGATED = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{JSON}"
"""What kubectl accepts: all in two pages."""
TIMEOUT = {"timeout": "32s"}
HEADS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
MORE_HEADS = ("VERBS", "CATEGORIES")
FORMS = ("json", "kyaml", "name", "wide", "yaml")
Resource = dict[str, Any]
ORDERS: dict[str, Callable[[Resource], Any]] = {
    "": lambda each: (each.get("group", ""), each["name"]), "name": lambda each: each["name"],
    "kind": lambda each: (each["kind"], each["name"]),
}  # fmt: skip
"""In which order resources stand, by what --sort-by says."""


def discovered(call: Call) -> list[dict[str, Any]]:
    """The API groups of the server with their versions and resources, the core first."""
    return [group for place in ("/api", "/apis")
            for group in call.session.request("GET", place, TIMEOUT, accept=AGGREGATED)["items"]]


def run(call: Call) -> None:
    """Print the resources that are asked for."""
    if call.args:
        raise call.misused(f"unexpected arguments: [{' '.join(call.args)}]")
    form = call["output"]
    if form and form not in FORMS:
        formats.check(form, FORMS)
    if form == "kyaml":
        raise NotModelled("-o kyaml", known="yaml, json, name, wide")
    if call["sort-by"] not in ORDERS:
        raise CommandError("error: --sort-by accepts only name or kind")
    found = sorted(filter(lambda each: _is_meant(call, each), _resources(call)), key=ORDERS[call["sort-by"]])
    if form in ("json", "yaml"):
        _print_list(call, found)
    elif form == "name":
        for each in found:
            call.line(f"{each['name']}.{each['group']}" if each.get("group") else each["name"])
    else:
        _print_table(call, found)


def _resources(call: Call) -> list[Resource]:
    """All resources of the groups' preferred versions, as the older form of discovery has them."""
    return [_resource(group["metadata"].get("name", ""), group["versions"][0]["version"], each)
            for group in discovered(call) for each in group["versions"][0]["resources"]]


def _resource(group: str, version: str, found: dict[str, Any]) -> Resource:
    names = {name: found[name] for name in ("shortNames", "categories") if found.get(name)}
    about = {"group": group} if group else {}
    return {"name": found["resource"], "singularName": found["singularResource"], "namespaced": found["scope"] == "Namespaced",
            **about, "version": version, "kind": found["responseKind"]["kind"], "verbs": found["verbs"], **names}


def _is_meant(call: Call, each: Resource) -> bool:
    if call.given("api-group") and call["api-group"] != each.get("group", ""):
        return False
    if call.given("namespaced") and call["namespaced"] != each["namespaced"]:
        return False
    return set(call["verbs"]) <= set(each["verbs"]) and set(call["categories"]) <= set(each.get("categories", ()))


# --- printing -----------------------------------------------------------------------------------------------------


def _print_table(call: Call, found: list[Resource]) -> None:
    wide = call["output"] == "wide"
    rows = [] if call["no-headers"] else [[*HEADS, *(MORE_HEADS if wide else ())]]
    rows += [_row(each, wide=wide) for each in found]
    call.terminal.print(Aligner().align("".join("\t".join(row) + "\n" for row in rows)))


def _row(each: Resource, *, wide: bool) -> list[str]:
    version = f"{each['group']}/{each['version']}" if each.get("group") else each["version"]
    cells = [each["name"], ",".join(each.get("shortNames", ())), version, "true" if each["namespaced"] else "false", each["kind"]]
    return [*cells, ",".join(each["verbs"]), ",".join(each.get("categories", ()))] if wide else cells


def _print_list(call: Call, found: list[Resource]) -> None:
    document = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "", "resources": found}
    if call["output"] == "json":  # in the order of the fields of Go's struct
        call.line(json.dumps(document, indent=4))
    else:
        call.terminal.print(formats.text("yaml", document))


def _versions(call: Call) -> None:
    if call.args:
        raise call.misused(f"unexpected arguments: [{' '.join(call.args)}]")
    names = [(group["metadata"].get("name", ""), version["version"])
             for group in discovered(call) for version in group["versions"]]
    for text in sorted(f"{name}/{version}" if name else version for name, version in names):
        call.line(text)


COMMAND = Command(
    "api-resources", "api-resources [flags] [options]", "Print the supported API resources on the server.", run,
    flags=(*OUTPUT, flag("api-group"), flag("namespaced", "bool", default=True), flag("verbs", "list"), flag("sort-by"),
           flag("categories", "list"), flag("no-headers", "bool"), flag("cached", "bool")),
    others=("show-managed-fields",),
)  # fmt: skip
VERSIONS = Command(
    "api-versions", "api-versions", 'Print the supported API versions on the server, in the form of "group/version".', _versions,
)  # fmt: skip
