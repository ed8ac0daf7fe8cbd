"""Linux networking in Python: network namespaces, wires, and the kernel's path of a packet.

Nothing in here knows what the network is for. `World` is where to begin.
"""

from k8snet.linux.trace import Trace
from k8snet.linux.world import Outcome, World

__all__ = ["Outcome", "Trace", "World"]
