"""A cluster of three nodes and ten pods, in the model and on the real kernel.

The model does all of it: API server, scheduler, kubelets, CNI, and the network. The real kernel is given the commands
that the model's machines were given, and nothing else: one `ip -batch` for each network namespace, and what is no command of
`ip` as it stands.
"""

from __future__ import annotations

from time import perf_counter

from benchmarks.timing import Figures
from k8snet import Cluster, lab
from k8snet.lab.kernel import Kernel
from k8snet.linux.log import ROOT, Command
from k8snet.linux.tools import split

NODES, PODS = 3, 10
ROUNDS = 7
Line = tuple[list[str], str]
"""The words of a command, and what it reads."""


def figures() -> Figures:
    """The time until the model's cluster runs, as a share of that which the kernel takes for the network alone."""
    if (reason := lab.available()) is not None:
        print(f"(without the real kernel's cluster: {reason})")
        return
    lines = commands(build())
    pairs = [(_seconds_of_model(), _seconds_of_kernel(lines)) for _ in range(ROUNDS)]
    model, kernel = (min(times) for times in zip(*pairs, strict=True))
    yield (f"a cluster of {NODES} nodes and {PODS} pods, from nothing to running ({model * 1e3:.0f} ms)",
           f"its network on the real kernel, with `ip -batch` ({kernel * 1e3:.0f} ms)", model / kernel)


def build() -> Cluster:
    """The cluster: a control plane, two workers, and a Deployment of ten."""
    cluster = Cluster(nodes=NODES - 1)
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    spec = {"replicas": PODS, "selector": {"matchLabels": labels}, "template": template}
    cluster.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    assert sum(pod.ip is not None for pod in cluster.pods) == PODS
    return cluster


def commands(cluster: Cluster) -> list[Line]:
    """What the machines' kernels were told, in order."""
    return [(split(entry.line), entry.stdin) for entry in cluster.world.log if isinstance(entry, Command)]


def _seconds_of_model() -> float:
    start = perf_counter()
    build()
    return perf_counter() - start


def _seconds_of_kernel(lines: list[Line]) -> float:
    with Kernel() as kernel:
        start = perf_counter()
        replay(kernel, lines)
        return perf_counter() - start


def replay(kernel: Kernel, lines: list[Line]) -> None:
    """Give the real kernel the commands: those of `ip` that follow one another in a namespace in one batch."""
    batch: list[str] = []
    here = ROOT
    for words, stdin in lines:
        netns, inner = _where(words)
        is_batched = inner[0] == "ip" and inner[1] != "netns" and not inner[1].startswith("-")
        if batch and (netns != here or not is_batched):
            kernel.run(["ip", "-batch", "-"], "\n".join(batch) + "\n", netns=here)
            batch = []
        here = netns
        if is_batched:
            batch.append(" ".join(inner[1:]))
        else:
            kernel.run(inner, stdin, netns=netns)
    if batch:
        kernel.run(["ip", "-batch", "-"], "\n".join(batch) + "\n", netns=here)


def _where(words: list[str]) -> tuple[str, list[str]]:
    """In which network namespace a command acts, and the command as it is typed there."""
    netns = ROOT
    while True:
        if words[:3] == ["ip", "netns", "exec"]:
            netns, words = words[3], words[4:]
        elif words[:2] == ["ip", "-n"]:
            netns, words = words[2], ["ip", *words[3:]]
        else:
            return netns, words
