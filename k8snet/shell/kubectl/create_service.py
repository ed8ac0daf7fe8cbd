"""kubectl create service: a Service of one of the four types, for pods with the label ``app`` of its name.

The flag ``--save-config`` is read and forgotten, as in the real one. Source: k8s.io/kubectl, pkg/cmd/create/create_service.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.errors import ApiError, CommandError
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.names import port_faults, port_name_faults, subdomain_faults
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl import generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, SAVE_CONFIG, VALIDATE, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import Flag, flag
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.session import place

Document = dict[str, Any]
NO_PORT = "error: at least one tcp port specifier must be provided"


def name_of(call: Call) -> str:
    """The one name that is given. CommandError."""
    if len(call.args) != 1:
        raise call.misused(f"exactly one NAME is required, got {len(call.args)}")
    return call.args[0]


def _making(kind: str) -> Callable[[Call], None]:
    """How a Service of a type is made."""

    def run(call: Call) -> None:
        name = name_of(call)
        check_flags(call)
        _check(call, kind)
        document = _service(call, name, kind)
        if dry_run(call) != "client":
            document = _posted(call, document, kind)
        emit(call, ordered(document), "created")

    return run


def _check(call: Call, kind: str) -> None:
    headless = call.has("clusterip") and call["clusterip"] == "None"
    if not headless and not call["tcp"] and kind != "ExternalName":
        raise CommandError(NO_PORT)
    if kind == "ExternalName" and subdomain_faults(call["external-name"]):
        raise CommandError(f"error: invalid service external name {call['external-name']}")


def _posted(call: Call, document: Document, kind: str) -> Document:
    try:
        made: Document = call.session.request("POST", place(KINDS["Service"], call.namespace), query(call), document)
    except Refused as error:
        raise ApiError(f"error: failed to create {kind} service: {error.status['message']}", reason=error.reason) from None
    return made


def _service(call: Call, name: str, kind: str) -> Document:
    ports = [_port(call, word) for word in call["tcp"]]
    more = {"type": kind, **{field: call[name] for field, name in (("clusterIP", "clusterip"), ("externalName", "external-name"))
                             if call.has(name)}}  # fmt: skip
    document = generated.service(name, labels={"app": name}, selector={"app": name}, ports=ports, more=more)
    return generated.placed(document, call.namespace) if call.given("namespace") else document


def _port(call: Call, word: str) -> Document:
    """A port, written ``80:8080``, ``80:http`` or ``80``; what stands behind a second colon is not looked at."""
    first, *rest = word.split(":")
    number = _number(first, "ParseUint", 16)
    node_port = call["node-port"] if call.has("node-port") else 0
    port = {"name": word.replace(":", "-"), "protocol": "TCP", "port": number, "targetPort": _target(rest[0]) if rest else number}
    return port | ({"nodePort": (node_port + (1 << 31)) % (1 << 32) - (1 << 31)} if node_port else {})


def _target(text: str) -> int | str:
    try:
        found: int | str = read_integer(text, "Atoi")
    except Unreadable:
        found = text
    faults = port_name_faults(found) if isinstance(found, str) else port_faults(found)
    if faults:
        raise CommandError(f"error: {','.join(faults)}")
    return found


def _number(text: str, how: str, bits: int) -> int:
    try:
        return read_integer(text, how, bits=bits)
    except Unreadable as error:
        raise CommandError(f"error: {error}") from None


def _made(name: str, kind: str, rest: str, about: str, *flags: Flag, required: tuple[str, ...] = ()) -> Command:
    return Command(
        name, f"create service {name} NAME {rest} [--dry-run=server|client|none]", about, _making(kind),
        flags=(*CHANGES, SAVE_CONFIG, VALIDATE, flag("tcp", "list"), *flags), others=OUTPUT_OTHERS, required=required,
    )  # fmt: skip


COMMAND = Command(
    "service", "create service", "Create a service using a specified subcommand", aliases=("svc",),
    subcommands=(
        _made("clusterip", "ClusterIP", "[--tcp=<port>:<targetPort>]", "Create a ClusterIP service", flag("clusterip")),
        _made("nodeport", "NodePort", "[--tcp=port:targetPort]", "Create a NodePort service", flag("node-port", "int")),
        _made("loadbalancer", "LoadBalancer", "[--tcp=port:targetPort]", "Create a LoadBalancer service"),
        _made("externalname", "ExternalName", "--external-name external.name", "Create an ExternalName service",
              flag("external-name"), required=("external-name",)),
    ),
)  # fmt: skip
