"""kubectl expose: a Service for the pods of something that is there, with its selector, labels and ports.

Source: k8s.io/kubectl, pkg/cmd/expose/expose.go; pkg/polymorphichelpers (canbeexposed.go, mapbasedselectorforobject.go,
portsforobject.go, multiprotocolsforobject.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl import generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, SAVE_CONFIG, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.patching import annotated
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, wanted
from k8snet.shell.kubectl.session import place
from k8snet.shell.kubectl.visiting import Found, act_on

Document = dict[str, Any]
WITH_TEMPLATE = ("Deployment", "ReplicaSet")
LONGEST_NAME = 63
NO_SELECTOR = "error: couldn't retrieve selectors via --selector flag or introspection: "
NO_PORT = "error: couldn't find port via --port flag or introspection"
SERVICE = KINDS["Service"]


def run(call: Call) -> None:
    """Expose what is meant; what goes wrong with one object is told at the end.

    Of several objects the first one's selector, port and labels are those of all: so does kubectl.
    """
    check_flags(call)
    said = {name: call[name] for name in ("selector", "port", "labels")} | {"ports": ""}
    act_on(call, wanted(call, names_needed=True), lambda found: _expose(call, found, said))


def _expose(call: Call, found: Found, said: dict[str, str]) -> None:
    if found.kind.kind not in ("Pod", "Service", *WITH_TEMPLATE):
        raise CommandError(f"error: cannot expose a {found.kind.kind}{f'.{found.kind.group}' if found.kind.group else ''}")
    said["selector"] = said["selector"] or _joined(_selector(found))
    offered = _ports(found)
    if not said["port"]:
        _take_ports(call, offered, said)
    said["labels"] = said["labels"] or _joined(found.document["metadata"].get("labels") or {})
    document = _service(call, said, found.name[:LONGEST_NAME], offered)
    if dry_run(call) == "client":
        emit(call, ordered(generated.placed(document, call.namespace) if call.given("namespace") else document), "exposed")
        return
    sent = annotated(ordered(document)) if call["save-config"] else document
    emit(call, ordered(call.session.request("POST", place(SERVICE, call.namespace), query(call), sent)), "exposed")


# --- what is read off the object --------------------------------------------------------------------------------------


def _selector(found: Found) -> Mapping[str, str]:
    kind, document = found.kind.kind, found.document
    if kind == "Pod":
        return _unless_empty(document["metadata"].get("labels"), "the pod has no labels and cannot be exposed")
    asked = document["spec"].get("selector")
    if kind == "Service":
        return _unless_empty(asked, "the service has no pod selector set")
    pairs = _unless_empty(asked.get("matchLabels"), f"invalid {kind.lower()}: no selectors, therefore cannot be exposed")
    if terms := asked.get("matchExpressions"):
        shown = " ".join(f"{{Key:{each['key']} Operator:{each['operator']} Values:[{' '.join(each.get('values') or ())}]}}"
                         for each in terms)  # fmt: skip
        raise CommandError(f"{NO_SELECTOR}couldn't convert expressions - \"[{shown}]\" to map-based selector format")
    return pairs


def _unless_empty(labels: Mapping[str, str] | None, otherwise: str) -> Mapping[str, str]:
    if not labels:
        raise CommandError(f"{NO_SELECTOR}{otherwise}")
    return labels


def _joined(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _ports(found: Found) -> dict[str, list[str]]:
    """The ports of an object, each with its protocols."""
    spec = found.document["spec"]
    if found.kind.kind == "Service":
        listed: Iterable[tuple[int, str]] = ((each["port"], each.get("protocol")) for each in spec.get("ports") or ())
    else:
        pod = spec["template"]["spec"] if found.kind.kind in WITH_TEMPLATE else spec
        listed = ((port["containerPort"], port.get("protocol")) for each in pod["containers"] for port in each.get("ports") or ())
    ports: dict[str, list[str]] = {}
    for number, protocol in listed:
        ports.setdefault(str(number), []).append(protocol or "TCP")
    return ports


def _take_ports(call: Call, offered: Mapping[str, object], said: dict[str, str]) -> None:
    """Where no port is given, those of the object are taken. A headless Service needs none."""
    if not offered and call["cluster-ip"] != "None":
        raise CommandError(NO_PORT)
    if offered:
        said["port" if len(offered) == 1 else "ports"] = ",".join(offered)


# --- the Service ------------------------------------------------------------------------------------------------------


def _service(call: Call, said: Mapping[str, str], name: str, offered: Mapping[str, list[str]]) -> Document:
    selector = labels_of(said["selector"])
    labels = labels_of(said["labels"]) if said["labels"] else {}
    numbers = said["ports"] or said["port"]
    ports = _service_ports(numbers.split(","), call["protocol"], offered) if numbers else []
    target = call["target-port"]
    ports = [each | {"targetPort": _target(target) if target else each["port"]} for each in ports]
    affinity = call["session-affinity"]
    if affinity not in ("", "None", "ClientIP"):
        raise CommandError(f"error: unknown session affinity: {affinity}")
    more = {
        "externalIPs": [call["external-ip"]] if call["external-ip"] else None, "type": call["type"],
        "loadBalancerIP": call["load-balancer-ip"] if call["type"] == "LoadBalancer" else "", "sessionAffinity": affinity,
        "clusterIP": call["cluster-ip"],
    }  # fmt: skip
    return generated.service(call["name"] or name, labels=labels, selector=selector, ports=ports, more=more)


def _service_ports(numbers: list[str], protocol: str, offered: Mapping[str, list[str]]) -> list[Document]:
    """The ports, with names where there are several. A port takes its protocols from the object, unless one is given."""
    ports: list[Document] = []
    for at, text in enumerate(numbers, 1):
        number, name = _number(text), f"port-{at}" if len(numbers) > 1 else ""
        protocols = [protocol] if protocol else offered.get(text, ["TCP"])
        for each in protocols:
            own = f"port-{at}-{each.lower()}" if len(protocols) > 1 else name
            ports.append({**({"name": own} if own else {}), "protocol": each, "port": number})
    return ports


def _number(text: str) -> int:
    """A port's number; kubectl keeps its last 32 bits."""
    try:
        return (read_integer(text, "Atoi") + (1 << 31)) % (1 << 32) - (1 << 31)
    except Unreadable as error:
        raise CommandError(f"error: {error}") from None


def _target(text: str) -> int | str:
    """A target port: a number, or a container's name for one (intstr.Parse)."""
    try:
        return read_integer(text, bits=32)
    except Unreadable:
        return text


def labels_of(text: str) -> dict[str, str]:
    """Labels as a flag has them: ``app=web,tier=front``. CommandError."""
    labels: dict[str, str] = {}
    for word in text.split(","):
        key, equals, value = word.partition("=")
        if not equals or "=" in value:
            raise CommandError(f"error: unexpected label spec: {word}")
        if not key:
            raise CommandError("error: unexpected empty label key")
        labels[key] = value
    return labels


COMMAND = Command(
    "expose", "expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] "
              "[--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service", run,
    flags=(FILENAME, *CHANGES, SAVE_CONFIG, flag("protocol"), flag("port"), flag("type"), flag("load-balancer-ip"),
           flag("selector"), flag("l, labels"), flag("target-port"), flag("external-ip"), flag("name"), flag("session-affinity"),
           flag("cluster-ip")),
    others=("overrides", "override-type", "record", *FILENAME_OTHERS, *OUTPUT_OTHERS),
)  # fmt: skip
