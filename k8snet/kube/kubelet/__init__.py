"""The kubelet: it makes of each pod that is bound to its node what the pod asks for, and reports what has become of it.

A reading order: agent.py (what it looks at), worker.py (what is done next), containers.py, pulling.py, probes.py and
asking.py, stopping.py, status.py (what is reported); node.py (its own node), admission.py, static.py.
"""

from k8snet.kube.kubelet.agent import Kubelet
from k8snet.kube.kubelet.node import Capacity
from k8snet.kube.kubelet.static import control_plane

__all__ = ["Capacity", "Kubelet", "control_plane"]
