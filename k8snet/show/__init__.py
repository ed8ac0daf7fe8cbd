"""All that is seen: maps, ways, tables, graphs, capture files. Each is a view of a world or of a trace.

Nothing heavy is loaded here; pandas, networkx, resvg and matplotlib's fonts are, when the first figure needs them.
"""

from k8snet.show.chains import chains
from k8snet.show.cluster import cluster
from k8snet.show.frames import frame, steps
from k8snet.show.graph import graph
from k8snet.show.growth import growth
from k8snet.show.path import path
from k8snet.show.pcap import pcap
from k8snet.show.pod import pod
from k8snet.show.rules import rules
from k8snet.show.sequence import sequence
from k8snet.show.stepper import stepper
from k8snet.show.topology import topology
from k8snet.show.workflow import workflow

__all__ = [
    "chains", "cluster", "frame", "graph", "growth", "path", "pcap", "pod", "rules", "sequence", "stepper", "steps", "topology",
    "workflow",
]  # fmt: skip
