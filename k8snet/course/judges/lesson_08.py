"""What lesson 08 asks for: kube-proxy's rules, who watches whom, and the table of connections."""

from __future__ import annotations

import re
from typing import Any

from k8snet.cluster import Asker, Cluster
from k8snet.course import figure
from k8snet.course.data import say
from k8snet.course.judges.judge import Judge
from k8snet.course.judges.looking import first, pod_of, pods_of, ready_of
from k8snet.launch import shipped
from k8snet.linux.iptables import understood

URL, SERVICE, PORT = "http://10.96.0.20", "10.96.0.20", 40000
ENTRY = re.compile(rf" src=(\S+) dst={SERVICE} sport=(\d+) dport=80 src=(\S+) ")
"""An entry of the connection table about the Service: client, its port, and who answers."""
FAIR = 0.01
"""So much may a share differ from the others."""
NODE_PORT = 31390


def _who_took_it(answer: object, cluster: Any) -> str | None:
    """The exercise that asks which pod a connection went to."""
    taken = {port: endpoint for _, port, endpoint in ENTRY.findall(cluster.node("node1").sh("conntrack -L"))}
    names = {str(pod.ip): pod.name for pod in pods_of(cluster, "web")}
    given = str(answer).strip().removeprefix("pod/")
    given = names.get(given, given)
    if given not in names.values():
        return say("08 not of web", name=given)
    if given == names.get(taken.get(str(PORT), "")):
        return None
    ports = [port for port, endpoint in taken.items() if names.get(endpoint) == given]
    return say("08 other ports", name=given, ports=", ".join(ports)) if ports else say("08 no entry", name=given)


def _at_odds(answer: object, cluster: Any) -> str | None:
    """The exercise in which two nodes are to hold different rules, as their kube-proxies wrote them."""
    if not ready_of(cluster, "web"):
        return say("too few", name="web", found=0, wanted="some")
    lost, others = _lost(cluster, cluster.node("node1")), _lost(cluster, cluster.node("node2"))
    if others or not lost:
        key = "08 both well" if not others else "08 node2 too" if lost else "08 node2 alone"
        return say(key, lost=others)
    cluster.start("kube-proxy")
    cluster.sleep(60)
    return None if not _lost(cluster, cluster.node("node1")) else say("08 by hand")


def _way_free(answer: object, cluster: Any) -> str | None:
    """The exercise with a rule in the way of one node's pods."""
    near, far = pod_of(cluster, "near"), pod_of(cluster, "far")
    if near is None or far is None:
        return say("no pod", name="near" if near is None else "far")
    return first(_uneven(cluster, asker) for asker in (near, far, cluster.node("node1"), cluster.node("node2")))


def _by_their_rules(answer: object, given: Any) -> str | None:
    """The exercise with another node's iptables-save: where does it send who comes to a node port?"""
    world = figure.whole()
    rules = understood((shipped() / "manifests" / "node.save").read_text(encoding="utf-8"))
    world.sh("ip netns exec node-a iptables-restore", rules.text)
    trace = world.connect("router", "10.100.0.2", NODE_PORT)
    [rewritten] = [step for step in trace.rewrites if step.target == "DNAT"]
    given_address = str(answer).strip()
    if given_address.partition(":")[0] == str(rewritten.after.dst):
        return None
    known = f"--to-destination {given_address.partition(':')[0]}:" in rules.text
    return say("08 another endpoint" if known else "08 no endpoint", answer=given_address)


# --- looking ------------------------------------------------------------------------------------------------------


def _lost(cluster: Cluster, asker: Asker) -> int:
    """In how many of all ways that the dice may fall nobody answers."""
    return len([each for each in asker.outcomes(URL) if each.trace.fate != "delivered"])


def _uneven(cluster: Cluster, asker: Asker) -> str | None:
    """What is wrong with the shares in which the pods answer one client."""
    shares: dict[str, float] = {}
    for each in asker.outcomes(URL):
        if each.trace.fate != "delivered":
            return say("08 no answer", asker=asker.netns, fate=each.trace.fate, at=each.trace.hops[-1].netns)
        name = each.trace.answered_by or ""
        shares[name] = shares.get(name, 0.0) + each.share
    wanted = {pod.name for pod in ready_of(cluster, "web")}
    if set(shares) != wanted or max(shares.values()) - min(shares.values()) > FAIR:
        return say("08 uneven", asker=asker.netns, found=", ".join(f"{name} {share:.2f}" for name, share in shares.items()))
    return None


JUDGES: dict[str, Judge] = {"08-1": _who_took_it, "08-2": _at_odds, "08-3": _way_free, "08-5": _by_their_rules}
"""Exercise 4 has goals."""
