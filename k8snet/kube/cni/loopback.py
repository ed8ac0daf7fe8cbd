"""The plugin loopback brings a sandbox's ``lo`` up. containerd calls it for each sandbox before the pod's own network.

Source: containernetworking-plugins 1.1.1, plugins/main/loopback/loopback.go; containerd's internal configuration of it.
"""

from __future__ import annotations

from functools import lru_cache

from k8snet.errors import CommandError
from k8snet.kube.cni.golang import decode, said
from k8snet.kube.cni.spec import Call, CniError, Result, Sandbox, Wiring
from k8snet.kube.machine import Machine

CONFLIST = '{"cniVersion": "0.3.1", "name": "cni-loopback", "plugins": [{"type": "loopback"}]}'
"""The network that every sandbox has besides the pod's own."""
ADDRESS = "127.0.0.1/8"
"""What the kernel gives a ``lo`` that comes up without an address."""


def plan_add(machine: Machine, call: Call) -> tuple[Result, list[Wiring]]:
    """The result is that of the plugin before, or tells of ``lo``; to do is to bring it up."""
    wiring: list[Wiring] = [(wire, (call.sandbox,))]
    if call.previous is not None:
        return call.previous, wiring
    interface = {"name": "lo", "mac": "00:00:00:00:00:00", "sandbox": call.sandbox.path}
    address = {"interface": 0, "address": ADDRESS}  # in old versions of the specification too, without the family
    return {"cniVersion": _version(call.config), "interfaces": [interface], "ips": [address], "dns": {}}, wiring


def plan_delete(machine: Machine, call: Call) -> list[Wiring]:
    """To do is to take ``lo`` down."""
    return [(unwire, (call.sandbox,))]


def check(machine: Machine, call: Call) -> None:
    """CniError unless ``lo`` is up."""
    flags = _run(machine, call.sandbox, "-o link show dev lo").partition("<")[2].partition(">")[0]
    if "UP" not in flags.split(","):
        raise CniError("loopback interface is down")


def wire(machine: Machine, sandbox: Sandbox) -> None:
    """Bring ``lo`` up."""
    _run(machine, sandbox, "link set lo up")


def unwire(machine: Machine, sandbox: Sandbox) -> None:
    """Take ``lo`` down, if its namespace is still there."""
    try:
        machine.sh(f"{sandbox.inside} link set lo down")
    except CommandError as error:
        if error.errno != "ENOENT":
            raise CniError(said(error)) from None


def _run(machine: Machine, sandbox: Sandbox, words: str) -> str:
    try:
        return machine.sh(f"{sandbox.inside} {words}")
    except CommandError as error:
        raise no_netns(sandbox) if error.errno == "ENOENT" else CniError(said(error)) from None


def no_netns(sandbox: Sandbox, prefix: str = "") -> CniError:
    """What every plugin says where there is no such network namespace; some say before it what they wanted there."""
    return CniError(f'{prefix}failed to Statfs "{sandbox.path}": no such file or directory')


@lru_cache(maxsize=1 << 14)
def _version(config: str) -> str:
    return str(decode(config)["cniVersion"])
