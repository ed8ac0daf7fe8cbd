"""The words of the CNI specification: the sandbox, one call of a plugin, its error, and what is left to be done.

A plugin is a program that reads a JSON text and some environment variables, and prints a JSON text. Here it is a module
with `plan_add`, `plan_delete` and `check`, each called with a `Call`. What must be known at once (the address, the
result) is answered at once; the commands for the kernel are returned as `Wiring`, to be done now or when the node wakes.
Source: the specification, version 1.0.0 (github.com/containernetworking/cni, SPEC.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote
from typing import Any

from k8snet.errors import K8snetError, NotModelled
from k8snet.linux.fact import Fact

Result = dict[str, Any]
"""A plugin's answer: cniVersion, interfaces, ips, routes, dns. Nobody changes it once it is handed on."""
Wiring = tuple[Callable[..., None], tuple[Any, ...]]
"""A function of a plugin, and the facts it takes behind the machine: ``function(machine, *facts)`` does the work."""

VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0")
"""Versions of the specification that the real plugins speak."""
OLD_RESULTS = VERSIONS[:2]
"""Versions whose result has another form, which is not modelled."""
WITHOUT_CHECK = VERSIONS[:4]
INCOMPATIBLE, UNKNOWN_CONTAINER, BAD_ENVIRONMENT, UNDECODABLE, BAD_CONFIG, INTERNAL = 1, 3, 4, 6, 7, 999
"""The specification's error codes; from 100 on they are the plugin's own, and the real plugins use 999 alone."""

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*", re.ASCII)
NO_INTERFACE = re.compile(r"[/:\s]")
"""What the name of an interface may not have."""


class PortMapping(Fact, frozen=True, rename={"host_port": "hostPort", "container_port": "containerPort", "host_ip": "hostIP"}):
    """A port of the node that leads to a port of the pod. ``protocol`` in lower case; an empty ``host_ip`` is every address."""

    host_port: int
    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""


class Sandbox(Fact, frozen=True):
    """What a pod's network hangs on: the sandbox's container id, its network namespace, and who the pod is."""

    container_id: str
    netns: str
    ifname: str = "eth0"
    pod_namespace: str = ""
    pod_name: str = ""
    pod_uid: str = ""
    port_mappings: tuple[PortMapping, ...] = ()

    @property
    def inside(self) -> str:
        """The beginning of a command that acts in the sandbox's namespace."""
        return f"ip -n {quote(self.netns)}"

    @property
    def device(self) -> str:
        """The interface's name as a word of a command line: nearly every letter may be in it."""
        return quote(self.ifname)

    @property
    def path(self) -> str:
        """The file by which the namespace is known: CNI_NETNS."""
        return f"/var/run/netns/{self.netns}"

    @property
    def arguments(self) -> str:
        """CNI_ARGS, as containerd fills it in."""
        pairs = {
            "IgnoreUnknown": "1", "K8S_POD_NAMESPACE": self.pod_namespace, "K8S_POD_NAME": self.pod_name,
            "K8S_POD_INFRA_CONTAINER_ID": self.container_id, "K8S_POD_UID": self.pod_uid,
        }  # fmt: skip
        return ";".join(f"{key}={value}" for key, value in pairs.items())


class Call(Fact, frozen=True):
    """What a runtime hands to one plugin, by the environment and by standard input.

    ``config`` is the plugin's part of the list as JSON, with the list's name and cniVersion; ``previous`` the result of
    the plugin before it (prevResult), ``ports`` the runtimeConfig of one that has the capability portMappings.
    """

    config: str
    sandbox: Sandbox
    previous: Result | None = None
    ports: tuple[PortMapping, ...] = ()


class CniError(K8snetError):
    """A plugin's or the runtime's no. ``msg`` and ``details`` are its own words, ``code`` the specification's number.

    >>> error = CniError("incompatible CNI versions", code=1, details='config is "9.0.0"', plugin="bridge")
    >>> print(error)
    incompatible CNI versions; config is "9.0.0"
    >>> print(error.by_runtime)
    plugin type="bridge" failed (add): incompatible CNI versions; config is "9.0.0"
    """

    def __init__(self, msg: str, *, code: int = INTERNAL, details: str = "", plugin: str = "", command: str = "add") -> None:
        super().__init__(f"{msg}; {details}" if details else msg)
        self.msg, self.code, self.details = msg, code, details
        self.plugin, self.command = plugin, command

    @property
    def by_runtime(self) -> str:
        """The error as libcni hands it on, and as the kubelet's event quotes it."""
        return f'plugin type="{self.plugin}" failed ({self.command}): {self}' if self.plugin else str(self)

    @property
    def printed(self) -> Result:
        """The error as the plugin prints it: a JSON object."""
        return {"code": self.code, "msg": self.msg} | ({"details": self.details} if self.details else {})


def version() -> Result:
    """What each plugin answers to VERSION.

    >>> version()["cniVersion"]
    '1.0.0'
    """
    return {"cniVersion": VERSIONS[-1], "supportedVersions": list(VERSIONS)}


def check_names(sandbox: Sandbox, network: str) -> None:
    """Refuse a container id, a network's name or an interface's name that the specification does not allow."""
    if not sandbox.container_id:
        raise CniError("missing containerID", code=UNKNOWN_CONTAINER)
    if not NAME.fullmatch(sandbox.container_id):
        raise CniError("invalid characters in containerID", code=BAD_ENVIRONMENT, details=sandbox.container_id)
    if not network:
        raise CniError("missing network name:", code=BAD_CONFIG)
    if not NAME.fullmatch(network):
        raise CniError("invalid characters found in network name", code=BAD_CONFIG, details=network)
    _check_interface(sandbox.ifname)


def _check_interface(name: str) -> None:
    if not name:
        raise CniError("interface name is empty", code=BAD_ENVIRONMENT)
    if len(name) > 15:
        limit = "interface name should be less than 16 characters"
        raise CniError("interface name is too long", code=BAD_ENVIRONMENT, details=limit)
    if name in (".", ".."):
        raise CniError("interface name is . or ..", code=BAD_ENVIRONMENT)
    if NO_INTERFACE.search(name):
        raise CniError("interface name contains / or : or whitespace characters", code=BAD_ENVIRONMENT)


def check_version(said: str) -> str:
    """The version of the specification that a configuration is written in; none means the first."""
    said = said or VERSIONS[0]
    if said not in VERSIONS:
        supported = " ".join(f'"{each}"' for each in VERSIONS)
        details = f'config is "{said}", plugin supports [{supported}]'
        raise CniError("incompatible CNI versions", code=INCOMPATIBLE, details=details)
    if said in OLD_RESULTS:
        raise NotModelled(f"results of CNI {said}", known=", ".join(VERSIONS[2:]))
    return said
