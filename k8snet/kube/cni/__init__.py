"""The Container Network Interface: how a pod's sandbox is connected to a network, with the specification's own JSON.

`add`, `delete` and `check` run the plugins of a network configuration list, as containerd does; `plan_add` and
`plan_delete` leave the kernel's part for later. The plugins: bridge, host-local, portmap, loopback.
"""

from k8snet.kube.cni.conflist import add, check, delete, do, plan_add, plan_delete
from k8snet.kube.cni.loopback import CONFLIST as LOOPBACK
from k8snet.kube.cni.spec import CniError, PortMapping, Sandbox, version

__all__ = [
    "LOOPBACK", "CniError", "PortMapping", "Sandbox", "add", "check", "delete", "do", "plan_add", "plan_delete", "version",
]  # fmt: skip
