"""What kubectl 1.20 prints otherwise than 1.37 of the same object: each line that differs, and why.

A line is compared without the width of its columns, since one longer name moves all others. The versions are those in whose
describe.go (k8s.io/kubectl) the line changed.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

UNSORTED = ("ConfigMap", "Secret")
"""Kinds whose keys 1.20 prints in no order."""
NOT_KNOWN = {"EndpointSlice": "the server could not find the requested resource"}
"""Kinds that 1.20 cannot describe: it asks for a version of the API that is gone."""


class Difference(NamedTuple):
    """Lines of the descriptions of some kinds (patterns): ``new`` only 1.37 prints, ``old`` only 1.20."""

    why: str
    kinds: str
    new: str = "(?!)"
    old: str = "(?!)"


TEMPLATED = "Pod Deployment ReplicaSet DaemonSet"

DIFFERENCES = (
    Difference("1.25: the runtime class", "Pod", new="Runtime Class Name: .*"),
    Difference("1.25: a pod's service account", "Pod", new="Service Account: .*"),
    Difference("1.27: seccomp profiles", "Pod", new="(SeccompProfile|LocalhostProfile): .*"),
    Difference("1.32: a pod's own resources", "Pod", new="Resources:|Limits:|Requests:|(cpu|memory): (2|1500m|1Gi)"),
    Difference("1.36: the group that a pod is scheduled with", "Pod", new="SchedulingGroup:|PodGroupName: .*"),
    Difference("1.34: ports with their names", TEMPLATED,
               new=r"(Host )?Ports?: .*\(.*", old=r"(Host )?Ports?: [\d/A-Z, ]+"),
    Difference("1.23: grpc probes, unknown before", "Pod", new="Liveness: grpc .*", old="Liveness: unknown .*"),
    Difference("1.37: successThreshold= and failureThreshold=, #success= and #failure= before", TEMPLATED,
               new=r"(Liveness|Readiness|Startup): .* successThreshold=\d+ failureThreshold=\d+",
               old=r"(Liveness|Readiness|Startup): .* #success=\d+ #failure=\d+"),
    Difference("1.33: optional sources of projected volumes, pointers before", "Pod",
               new="Optional: (true|false)", old="(ConfigMapOptional|SecretOptionalName): (<nil>|0x[0-9a-f]+)"),
    Difference("1.25: topology spread constraints", TEMPLATED,
               new=r"(Topology Spread Constraints: )?\S+:\w+ when max skew \d+ is exceeded.*"),
    Difference("1.31: what has finished is not terminating", "Pod",
               new="Status: Failed", old=r"Status: Terminating \(lasts 1\dy\)|Termination Grace Period: 0s"),
    Difference("1.23: events that are a series", "Pod",
               new=r"Warning FailedScheduling 1\dy \(x12 .*", old=r"Warning FailedScheduling 1\dy default-.*"),
    Difference("1.35: the part of the object that an event is about", "Pod",
               new=r"Normal Pulled .* spec.containers\{web\}: .*", old="Normal Pulled .* Container image already present"),
    Difference("1.30: node selectors and tolerations of templates", TEMPLATED,
               new="Node-Selectors: .*|Tolerations: .*|disk=ssd|b=2|b op=Exists"),
    Difference("1.27: old ReplicaSets without replicas", "Deployment",
               new=r"OldReplicaSets: web-a \(0/0.*", old="OldReplicaSets: web-b .*"),
    Difference("1.22: nothing of ReplicaSets where there are none", "Deployment", old="(Old|New)ReplicaSets?: <none>"),
    Difference("1.33: a DaemonSet's namespace", "DaemonSet", new="Namespace: .*"),
    Difference("1.36: no version of kube-proxy any more", "Node", old="Kube-Proxy Version:.*"),
    Difference("1.21: the column Age, AGE before", "Node", new="Namespace Name .* Age", old="Namespace Name .* AGE"),
    Difference("1.29, 1.36: sums with sidecars, a pod's own resources, and what its status tells", "Node",
               new="(shop rich|shop probed|default resized|default infeasible|cpu|memory) .*",
               old="(shop rich|shop probed|default resized|default infeasible|cpu|memory) .*"),
    Difference("1.24: events under a node's uid, only those under its name before", "Node",
               new="Normal (RegisteredNode|NodeReady|Starting) .*|Events:|Type Reason .*|[- ]+", old="Events: <none>"),
    Difference("1.31: the address that a balancer should have is not called IP", "Service",
               new="Desired LoadBalancer IP: .*", old="IP: 203.0.113.9"),
    Difference("1.31: the mode of a balancer's address", "Service",
               new=r"LoadBalancer Ingress: .*\(VIP\).*", old="LoadBalancer Ingress: .*"),
    Difference("1.36: a port's application protocol", "Service", new="AppProtocol: .*"),
    Difference("1.31: the policy for traffic from inside", "Service", new="Internal Traffic Policy: .*"),
    Difference("1.34: the distribution of traffic", "Service", new="Traffic Distribution: .*"),
    Difference("1.31: endpoints from EndpointSlices, from Endpoints before", "Service", new="Endpoints: .*", old="Endpoints: .*"),
    Difference("1.22: binary data of ConfigMaps; empty lines behind data", "ConfigMap",
               new="|BinaryData|====|(logo|other): [04] bytes"),
    Difference("1.35: no secrets of ServiceAccounts any more, nor whether they are there", "ServiceAccount",
               new="Image pull secrets: registry|another",
               old=r"(Image pull secrets: )?(registry|another) \(not found\)|(Mountable secrets|Tokens): .*"),
    Difference("1.23: a Namespace's conditions", "Namespace",
               new="Conditions:|Type Status LastTransitionTime .*|[- ]+|Namespace(Deletion|Content).*"),
)  # fmt: skip


def difference(kind: str, new: str, old: str) -> set[Difference | str]:
    """Which differences two descriptions show; a line that none of them tells stands for itself."""
    texts = [[" ".join(line.split()) for line in text.splitlines()] for text in (new, old)]
    ours, theirs = map(sorted, texts) if kind in UNSORTED else texts
    return {_explained(kind, line) for line in difflib.ndiff(ours, theirs) if line[0] in "+-"}


def _explained(kind: str, line: str) -> Difference | str:
    sign, text = line[0], line[2:]
    for each in DIFFERENCES:
        if kind in each.kinds.split() and re.fullmatch(each.new if sign == "-" else each.old, text):
            return each
    return f"{kind}: {line}"
