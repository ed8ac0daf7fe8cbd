"""The runtime's side: a network configuration list, and the chain of plugins that it names.

ADD runs the plugins from first to last, each with the result of the one before; DEL from last to first; CHECK from first to
last with the final result. `plan_add` and `plan_delete` answer at once and return what is to be done to the kernel;
`add` and `delete` do it too. The result of ADD is the caller's to keep: libcni's cache of results is not modelled.
Source: libcni (api.go, conf.go) and containerd's use of it, which calls DEL after an ADD that failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from shlex import quote
from types import ModuleType
from typing import Any

from k8snet.errors import K8snetError, NotModelled
from k8snet.kube.cni import bridge, host_local, loopback, portmap
from k8snet.kube.cni.golang import Fields, decode, kind_of
from k8snet.kube.cni.spec import (
    WITHOUT_CHECK,
    Call,
    CniError,
    Result,
    Sandbox,
    Wiring,
    check_names,
    check_version,
)
from k8snet.kube.machine import Machine
from k8snet.linux.fact import Fact

PLUGINS: dict[str, ModuleType] = {"bridge": bridge, "host-local": host_local, "portmap": portmap, "loopback": loopback}
WHOSE: dict[Callable[..., None], tuple[str, str]] = {
    bridge.wire: ("bridge", "add"), bridge.unwire: ("bridge", "delete"),
    portmap.wire: ("portmap", "add"), portmap.unwire: ("portmap", "delete"),
    loopback.wire: ("loopback", "add"), loopback.unwire: ("loopback", "delete"),
}  # fmt: skip
"""Of which plugin a function is, and for which command."""
OTHERS = frozenset({
    "bandwidth", "dhcp", "firewall", "host-device", "ipvlan", "macvlan", "ptp", "sbr", "static", "tuning", "vlan", "vrf",
    "flannel", "calico", "cilium-cni",
})  # fmt: skip
"""Plugins that there are, and that the model does not have."""
GO_TYPES = {bool: "bool", int: "float64", float: "float64", str: "string", list: "[]interface {}",
            dict: "map[string]interface {}"}  # fmt: skip


class Plugin(Fact, frozen=True):
    """One plugin of a list: its type, and its configuration as JSON, with the list's name and version."""

    type: str
    config: str
    takes_ports: bool


class NetworkList(Fact, frozen=True):
    """A network configuration list."""

    name: str
    version: str
    disable_check: bool
    plugins: tuple[Plugin, ...]


# --- ADD, DEL, CHECK ---------------------------------------------------------------------------------------------


def add(machine: Machine, conflist: str, sandbox: Sandbox) -> Result:
    """Connect a sandbox to a network: reserve its address, wire it, return the last plugin's result.

    CniError in the plugin's own words if one refuses; DEL has then cleaned up, as far as DEL can.
    """
    try:
        result, wiring = plan_add(machine, conflist, sandbox)
        do(machine, wiring)
    except K8snetError:
        with suppress(K8snetError):
            delete(machine, conflist, sandbox)
        raise
    read_macs(machine, result)
    return result


def plan_add(machine: Machine, conflist: str, sandbox: Sandbox) -> tuple[Result, list[Wiring]]:
    """The result, with the address reserved, and what is to be done to the kernel: now, or when the node wakes.

    The result lacks the bridge's MAC address. CniError as with `add`.
    """
    network = parse(conflist)
    check_names(sandbox, network.name)
    wiring: list[Wiring] = []
    result: Result | None = None
    for plugin in network.plugins:
        try:
            result, more = module(plugin.type).plan_add(machine, _call(network, plugin, sandbox, result))
        except K8snetError as error:
            _give_back(machine, conflist, sandbox)
            raise _signed(error, plugin.type, "add") from None
        wiring += more
    assert result is not None
    return result, wiring


def delete(machine: Machine, conflist: str, sandbox: Sandbox) -> None:
    """Take a sandbox off a network. What is gone already, or never was, is no error."""
    do(machine, plan_delete(machine, conflist, sandbox))


def plan_delete(machine: Machine, conflist: str, sandbox: Sandbox) -> list[Wiring]:
    """Give the address back, and return what is to be undone at the kernel."""
    network = parse(conflist)
    check_names(sandbox, network.name)
    wiring: list[Wiring] = []
    for plugin in reversed(network.plugins):
        try:
            wiring += module(plugin.type).plan_delete(machine, _call(network, plugin, sandbox, None))
        except CniError as error:
            raise _signed(error, plugin.type, "delete") from None
    return wiring


def check(machine: Machine, conflist: str, sandbox: Sandbox, result: Result) -> None:
    """CniError unless all that ADD's result tells is still so."""
    network = parse(conflist)
    if network.version in WITHOUT_CHECK:
        raise CniError(f'configuration version "{network.version}" does not support the CHECK command')
    for plugin in () if network.disable_check else network.plugins:
        try:
            module(plugin.type).check(machine, _call(network, plugin, sandbox, result))
        except CniError as error:
            raise _signed(error, plugin.type, "check") from None


def do(machine: Machine, wiring: Iterable[Wiring]) -> None:
    """Do what was planned. CniError if a plugin is refused by the kernel."""
    for function, facts in wiring:
        try:
            function(machine, *facts)
        except CniError as error:
            raise _signed(error, *WHOSE[function]) from None


def module(plugin: str) -> ModuleType:
    """The module of a plugin; the runtime's error if there is none of that name."""
    if plugin not in PLUGINS:
        if plugin in OTHERS:
            raise NotModelled(f"the CNI plugin {plugin}", known=", ".join(PLUGINS))
        raise CniError(f'failed to find plugin "{plugin}" in path [/opt/cni/bin]')
    return PLUGINS[plugin]


def _call(network: NetworkList, plugin: Plugin, sandbox: Sandbox, previous: Result | None) -> Call:
    check_version(network.version)
    return Call(plugin.config, sandbox, previous, sandbox.port_mappings if plugin.takes_ports else ())


def _give_back(machine: Machine, conflist: str, sandbox: Sandbox) -> None:
    with suppress(K8snetError):
        plan_delete(machine, conflist, sandbox)


def _signed(error: K8snetError, plugin: str, command: str) -> K8snetError:
    """The error, saying which plugin it is of."""
    if isinstance(error, CniError):
        error.plugin, error.command = plugin, command
    return error


def read_macs(machine: Machine, result: Result) -> None:
    """Fill in what only the kernel knows: the MAC addresses of the node's own devices that were not chosen."""
    for interface in result.get("interfaces", ()):
        if "mac" not in interface and "sandbox" not in interface:
            words = machine.sh(f"ip -o link show dev {quote(interface['name'])}").split()
            interface["mac"] = words[words.index("link/ether") + 1]


# --- reading a list ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def parse(conflist: str) -> NetworkList:
    """Read a network configuration list. CniError in libcni's words if it is none.

    >>> parse('{"cniVersion": "1.0.0", "name": "k8snet", "plugins": [{"type": "bridge"}]}').plugins[0].type
    'bridge'
    """
    try:
        return _network(decode(conflist))
    except ValueError as error:
        raise CniError(f"error parsing configuration list: {error}") from None


def _network(values: Any) -> NetworkList:
    if kind_of(values) != "object":
        raise ValueError(f"json: cannot unmarshal {kind_of(values)} into Go value of type map[string]interface {{}}")
    if "name" not in values:
        raise ValueError("no name")
    name, version = _typed(values, "name", str, "invalid name type"), _typed(values, "cniVersion", str, "invalid cniVersion type")
    if "cniVersions" in values:
        raise NotModelled("a choice of cniVersions", known="one cniVersion")
    if "plugins" not in values:
        raise ValueError("no 'plugins' key")
    plugins = _typed(values, "plugins", list, "invalid 'plugins' type")
    if not plugins:
        raise ValueError("no plugins in list")
    own = {"name": name, "cniVersion": version}
    return NetworkList(name, version, _disable_check(values), tuple(_plugin(at, each, own) for at, each in enumerate(plugins)))


def _typed(values: dict[str, Any], key: str, wanted: type, text: str) -> Any:
    value = values.get(key, wanted())
    if type(value) is not wanted:
        raise ValueError(f"{text} {GO_TYPES.get(type(value), '<nil>')}")
    return value


def _disable_check(values: dict[str, Any]) -> bool:
    value = values.get("disableCheck", False)
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise ValueError(f'invalid disableCheck value "{value}"')
        return value.lower() == "true"
    return bool(_typed(values, "disableCheck", bool, "invalid disableCheck type"))


def _plugin(number: int, values: Any, own: dict[str, str]) -> Plugin:
    """A plugin's part of the list, which gets the list's name and version. CniError in libcni's words."""
    failed = f"failed to parse plugin config {number}: error parsing configuration: "
    if kind_of(values) != "object":
        raise CniError(f"{failed}json: cannot unmarshal {kind_of(values)} into Go value of type types.NetConf")
    try:
        fields = Fields(values, "NetConf")
        kind, capabilities = fields.text("type"), fields.fields("capabilities", "map[string]bool")
        takes_ports = capabilities.flag("portMappings")
    except ValueError as error:
        raise CniError(f"{failed}{error}") from None
    if not kind:
        raise CniError(f"{failed}missing 'type'")
    return Plugin(kind, json.dumps(values | own), takes_ports)
