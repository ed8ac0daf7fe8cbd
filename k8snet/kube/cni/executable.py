r"""One plugin by hand, as the specification has it: environment variables and a JSON text in, a JSON text out.

    CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/var/run/netns/pod-a CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin \
        /opt/cni/bin/bridge < bridge.conf

Not here: an address or a MAC address asked for in CNI_ARGS. Source: libcni's pkg/skel/skel.go, pkg/types/args.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from k8snet.errors import NotModelled
from k8snet.kube.cni import conflist
from k8snet.kube.cni.golang import Fields, decode, kind_of
from k8snet.kube.cni.spec import (
    BAD_CONFIG,
    BAD_ENVIRONMENT,
    INCOMPATIBLE,
    UNDECODABLE,
    WITHOUT_CHECK,
    Call,
    CniError,
    PortMapping,
    Result,
    Sandbox,
    check_names,
    check_version,
    version,
)
from k8snet.kube.machine import Machine

NETNS = "/var/run/netns/"
NEEDED = ("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH")
READS_ARGS = {"bridge": "MAC", "host-local": "IP"}
"""Which plugins look into CNI_ARGS, and for what."""


def run(machine: Machine, plugin: str, environment: Mapping[str, str], stdin: str = "") -> str:
    """Run a plugin and return what it prints; CniError, whose ``printed`` is the JSON object that the real one prints."""
    command = environment.get("CNI_COMMAND", "")
    optional = ("CNI_NETNS",) if command == "DEL" else ()
    needed = [name for name in NEEDED if name not in optional] if command in ("ADD", "DEL", "CHECK") else []
    missing = [name for name in ("CNI_COMMAND", *needed) if not environment.get(name)]
    if missing:
        raise CniError(f"required env variables [{','.join(missing)}] missing", code=BAD_ENVIRONMENT)
    conflist.module(plugin)
    if command == "VERSION":
        return json.dumps(version(), separators=(",", ":")) + "\n"
    call = _call(environment, stdin, takes_ports=plugin == "portmap")
    if command not in COMMANDS:
        raise CniError(f"unknown CNI_COMMAND: {command}", code=BAD_ENVIRONMENT)
    if command == "CHECK" and Fields(decode(stdin), "").text("cniVersion") in (*WITHOUT_CHECK, ""):
        raise CniError("config version does not allow CHECK", code=INCOMPATIBLE)
    _check_args(plugin, environment.get("CNI_ARGS", ""))
    result = COMMANDS[command](machine, plugin, call)
    return "" if result is None else json.dumps(result, indent=4)


def _add(machine: Machine, plugin: str, call: Call) -> Result:
    result: Result
    result, wiring = conflist.module(plugin).plan_add(machine, call)
    try:
        conflist.do(machine, wiring)
    except CniError:  # the plugin's own undoing is less than DEL: the address goes back, the veth stays
        if plugin == "bridge":
            conflist.module(plugin).plan_delete(machine, call)
        raise
    conflist.read_macs(machine, result)
    return result


def _delete(machine: Machine, plugin: str, call: Call) -> None:
    conflist.do(machine, conflist.module(plugin).plan_delete(machine, call))


def _check(machine: Machine, plugin: str, call: Call) -> None:
    conflist.module(plugin).check(machine, call)


COMMANDS = {"ADD": _add, "DEL": _delete, "CHECK": _check}


# --- reading -----------------------------------------------------------------------------------------------------


def _call(environment: Mapping[str, str], stdin: str, *, takes_ports: bool) -> Call:
    values = _decoded(stdin)
    try:
        name = Fields(values, "").text("name")
    except ValueError as error:
        raise CniError(f"error unmarshall network config: {error}", code=UNDECODABLE) from None
    if not name:
        raise CniError("missing network name", code=BAD_CONFIG)
    sandbox = Sandbox(environment["CNI_CONTAINERID"], _netns(environment.get("CNI_NETNS", "")), environment["CNI_IFNAME"])
    check_names(sandbox, name)
    try:
        check_version(Fields(values, "").text("cniVersion"))
    except ValueError as error:
        raise CniError(f"decoding version from network config: {error}", code=UNDECODABLE) from None
    previous: Result | None = values.get("prevResult")
    return Call(stdin, sandbox, previous, _ports(environment["CNI_COMMAND"], values) if takes_ports else ())


def _decoded(stdin: str) -> dict[str, Any]:
    try:
        values = decode(stdin)
    except ValueError as error:
        raise CniError(f"error unmarshall network config: {error}", code=UNDECODABLE) from None
    if not isinstance(values, dict):
        text = f'json: cannot unmarshal {kind_of(values)} into Go value of type struct {{ Name string "json:\\"name\\"" }}'
        raise CniError(f"error unmarshall network config: {text}", code=UNDECODABLE)
    return values


def _netns(path: str) -> str:
    """The namespace's name: the file in /var/run/netns that it is known by."""
    if path and not path.startswith(NETNS):
        raise NotModelled(f"the network namespace {path}", known=f"{NETNS}NAME")
    return path.removeprefix(NETNS)


def _ports(command: str, values: dict[str, Any]) -> tuple[PortMapping, ...]:
    try:
        runtime = Fields(values, "").fields("runtimeConfig", "")
        return tuple(_port(each) for each in runtime.objects("portMappings", "main.PortMapEntry"))
    except ValueError as error:
        text = f"failed to parse network configuration: {error}"
        raise CniError(text if command == "CHECK" else f"failed to parse config: {text}") from None


def _port(fields: Fields) -> PortMapping:
    host, container = fields.number("hostPort") or 0, fields.number("containerPort") or 0
    return PortMapping(host, container, fields.text("protocol"), fields.text("hostIP"))


def _check_args(plugin: str, text: str) -> None:
    """Refuse what a plugin does not know in CNI_ARGS, unless it is told to read over it."""
    if not text or plugin not in READS_ARGS:
        return
    pairs = [pair.split("=") for pair in text.split(";")]
    for pair in pairs:
        if len(pair) != 2:
            raise CniError(f'ARGS: invalid pair "{"=".join(pair)}"')
        if pair[0] == READS_ARGS[plugin]:
            raise NotModelled(f"{pair[0]} in CNI_ARGS", known="what the plugins choose")
    unknown = " ".join(f'"{key}={value}"' for key, value in pairs if key != "IgnoreUnknown")
    if unknown and not any(key == "IgnoreUnknown" and value.lower() in ("1", "true") for key, value in pairs):
        raise CniError(f"ARGS: unknown args [{unknown}]")
