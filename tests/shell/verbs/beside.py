"""The model's kubectl beside the real one: a story of commands on two copies of one cluster, the texts compared line by line."""

from __future__ import annotations

import re
from collections.abc import Callable

from k8snet import Cluster
from k8snet.serve import serve
from tests.shell import real

SERVER = "https://172.18.0.10:6443"
"""Where a cluster's kubeconfig has the API server."""
SHORT_WATCH = re.compile(r"(?m)^I\d{4} .* reflector\.go:.*very short watch: .*\n")
"""What the real one logs, or does not, as its clock will have it, when it stops waiting after a second."""
WORKLOADS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {kubernetes.io/change-cause: first}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ds}
spec:
  selector: {matchLabels: {app: ds}}
  template:
    metadata: {labels: {app: ds}}
    spec: {containers: [{name: sleep, image: busybox, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec:
  containers: [{name: a, image: nginx}, {name: b, image: busybox, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Pod
metadata: {name: local}
spec:
  volumes: [{name: x, emptyDir: {}}]
  containers: [{name: a, image: busybox, command: [sleep, infinity], volumeMounts: [{name: x, mountPath: /x}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: done}
spec:
  restartPolicy: Never
  containers: [{name: a, image: busybox, command: ["true"]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
"""


def workloads() -> Cluster:
    """A cluster with a Deployment, a DaemonSet, and pods: one with two containers, one with a volume, one that has ended."""
    cluster = Cluster(nodes=2)
    cluster.apply(WORKLOADS)
    cluster.sleep(120)
    return cluster


def in_any_order(text: str) -> str:
    """A text's lines, sorted, for what the real one does at the same time; so the pods that come after have other names.

    What is listed between brackets or as a warning it takes from a map of Go's, which has no order.
    """
    text = re.sub(r"\bweb-\w+-\w{5}\b", "web-…", text)
    text = re.sub(r"\[(.+)\]", lambda found: ", ".join(sorted(found[1].split(", "))), text)
    text = re.sub(r"(?m)^Warning: (.+)$", lambda found: "; ".join(sorted(found[1].split("; "))), text)
    return "\n".join(sorted(text.splitlines()))


def without_ages(text: str) -> str:
    """A table without how long ago something was: the real one asks this machine's clock. So columns have no widths either."""
    return re.sub(r" {2,}", "  ", re.sub(r"(?m)^(\S+ +)?(\d+[smhdy])+( \(x\d+ over (\d+[smhdy])+\))?", r"\1AGE", text))


def check(cluster: Cluster, story: str, seen: Callable[[str], str] = str) -> None:
    """Both kubectls print the same of each line of a story, and end with the same code; ``seen`` is what of it is compared."""
    binary, ours = real.kubectl("1.37"), cluster.fork()
    with serve(cluster.fork()) as served:
        for line in filter(None, map(str.strip, story.splitlines())):
            said = ours.kubectl(line, check=False)
            text, code = real.screen(binary, served, line)
            text = SHORT_WATCH.sub("", text.replace(served.url, SERVER))
            both = f"$ kubectl {line}\n{said}[{said.code}]; the real one:\n{text}[{code}]"
            assert (seen(said), said.code) == (seen(text), code), both


def printed(cluster: Cluster, line: str, stdin: str = "") -> str:
    """What the model's kubectl prints, and below it the exit code, if it is not 0."""
    said = cluster.kubectl(line, stdin, check=False)
    return f"{said}[{said.code}]\n" if said.code else str(said)
