"""Pods of random clusters reach one another in the model exactly as on the real kernel.

A cluster is drawn: how many nodes, who has the routes, which pods, some with host ports or on the host's network; then things
happen to it: pods deleted, sandboxes killed, nodes off and on. Its world's log goes to the real kernel, and there, as in the
model, pods, nodes and the client outside ask one another.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from k8snet import Cluster, lab

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"
SOON = 0.4
CLUSTERS, QUESTIONS = 8, 12


def pod(draw: random.Random, number: int) -> dict[str, Any]:
    """A pod whose app answers on port 4000, over TCP and UDP."""
    port: dict[str, Any] = {"containerPort": 4000, "protocol": draw.choice(["TCP", "UDP"])}
    if draw.random() < 0.3:
        port["hostPort"] = 9000 + number
    container = {"name": "app", "image": AGNHOST, "args": ["netexec", "--http-port=4000", "--udp-port=4000"], "ports": [port]}
    spec: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 0}
    if draw.random() < 0.1:
        container["args"] = ["netexec", f"--http-port={5000 + number}", f"--udp-port={5000 + number}"]
        container["ports"] = []
        spec["hostNetwork"] = True
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, "spec": spec}


def cluster(draw: random.Random) -> Cluster:
    """A cluster to which something has happened."""
    made = Cluster(nodes=draw.randint(1, 3), routes=draw.choice(["nodes", "router"]))
    count = draw.randint(3, 6)
    made.apply([pod(draw, number) for number in range(count)])
    for _ in range(draw.randint(0, 3)):
        happen(draw, made)
    return made


def happen(draw: random.Random, made: Cluster) -> None:
    """A pod comes or goes, a sandbox dies, a machine loses its power and gets it back."""
    running = [each for each in made.pods if each.ip]
    what = draw.choice(["delete", "kill", "add", "power"])
    if what == "add" or len(running) < 3:
        made.apply(pod(draw, 10 + len(made.history)))
    elif what == "delete":
        made.delete("Pod", draw.choice(running).name, grace=0)
    elif what == "kill":
        draw.choice(running).kill("pause")
    else:
        node = made.node("node1")
        node.stop()
        node.start()


def ask(draw: random.Random, made: Cluster) -> None:
    """Somebody asks somebody, by ping, TCP or UDP; sometimes by a host port, or where nobody listens."""
    askers = [*made.pods, *made.nodes, made.external]
    asker = draw.choice(askers)
    host_ports = [port.hostPort for each in made.pods for container in each.object.spec.containers
                  for port in container.ports or [] if port.hostPort]
    targets = [*(each.ip or "" for each in made.pods), *(each.ip for each in made.nodes)]
    kind = draw.choice(["ping", "tcp", "udp"])
    if kind == "ping":
        asker.ping(draw.choice(targets), timeout=SOON)
        return
    port = draw.choice([4000, 4000, 4000, 4001, *host_ports])
    asker.connect(draw.choice(targets), port, proto=kind, timeout=SOON)


@pytest.mark.usefixtures("kernel")
def test_who_boots_during_a_question_was_there_before_it() -> None:
    made = Cluster(nodes=70)
    made.apply([pod(random.Random(1), number) for number in range(4)])
    first, *_, last = made.pods
    assert first.node.name != last.node.name
    trace = first.connect(last.ip or "", 4000, timeout=SOON)
    assert trace.has_woken
    assert lab.compare(made, trace).differences == []


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(CLUSTERS))
def test_pods_reach_one_another_as_on_the_kernel(seed: int) -> None:
    draw = random.Random(seed)
    made = cluster(draw)
    for _ in range(QUESTIONS):
        ask(draw, made)
    comparisons = lab.compare_all(made.world.log)
    assert len(comparisons) == QUESTIONS + 1
    assert [str(each) for each in comparisons if not each.agrees] == []
