"""Random Services on two nodes, with what kube-proxy writes for them, and clients everywhere who ask for them.

    lan: a switch ─┬─ node1 ─ pod1, pod2      Each node has a bridge for its pods, a route to the other's, and kube-proxy's rules.
                   ├─ node2 ─ pod3, pod4      outside sends to ClusterIPs and load balancers' addresses by node1.
                   └─ outside

Chance: kernel and model would each throw their own dice. So where kube-proxy writes ``--mode random`` with 1 in n, here stands
``--mode nth --every n``, which chooses from the same endpoints, in turns. Each TCP connection has a source port of its own: where
one meets another's TIME_WAIT behind a DNAT, sequence numbers decide which stays (nf_nat_used_tuple_harder).
"""

from __future__ import annotations

import random
import re
from typing import Any, NamedTuple

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.lab.replay import Entry
from k8snet.linux.address import Ip
from k8snet.linux.log import Command, Connect, Listen, Log
from tests.twin.drawn_networks import inside, quick_arp

PODS = {"pod1": ("node1", "10.244.1.1"), "pod2": ("node1", "10.244.1.2"), "pod3": ("node2", "10.244.2.1"),
        "pod4": ("node2", "10.244.2.2")}  # fmt: skip
NODES = {"node1": "172.18.0.11", "node2": "172.18.0.12"}
OUTSIDE = "172.18.0.100"
CLUSTER_CIDR = "10.244.0.0/16"
TARGET = 8080
PATIENCE = 0.25
"""Seconds that a question waits."""
Drawn = dict[str, Any]


class World(NamedTuple):
    """What was drawn: Services, the slices of their endpoints, and the flags of both kube-proxies."""

    services: list[Drawn]
    slices: list[Drawn]
    flags: Drawn


# --- the network -------------------------------------------------------------------------------------------------


def network() -> list[str]:
    """The lines that build it; the same for all worlds."""
    lines = [f"ip netns add {name}" for name in ("lan", "outside", *NODES, *PODS)]
    lines += [f"ip -n {name} link set lo up" for name in ("lan", "outside", *NODES, *PODS)]
    lines += ["ip -n lan link add br0 type bridge", "ip -n lan link set br0 up"]
    for name, ip in {**NODES, "outside": OUTSIDE}.items():
        lines += [f"ip link add to-{name} netns lan type veth peer name eth0 netns {name}",
                  f"ip -n lan link set to-{name} master br0", f"ip -n lan link set to-{name} up",
                  f"ip -n {name} addr add {ip}/24 dev eth0", f"ip -n {name} link set eth0 up"]  # fmt: skip
    for number, node in enumerate(NODES, 1):
        lines += [f"ip -n {node} link add cni0 type bridge", f"ip -n {node} addr add 10.244.{number}.254/24 dev cni0",
                  f"ip -n {node} link set cni0 up", inside(node, "sysctl -qw net.ipv4.ip_forward=1")]  # fmt: skip
    for pod, (node, ip) in PODS.items():
        port = f"to-{pod}"
        lines += [f"ip link add {port} netns {node} type veth peer name eth0 netns {pod}",
                  f"ip -n {node} link set {port} master cni0", f"ip -n {node} link set {port} type bridge_slave hairpin on",
                  f"ip -n {node} link set {port} up", f"ip -n {pod} addr add {ip}/24 dev eth0",
                  f"ip -n {pod} link set eth0 up", f"ip -n {pod} route add default via {ip[:-1]}254"]  # fmt: skip
    lines += [f"ip -n node1 route add 10.244.2.0/24 via {NODES['node2']}",
              f"ip -n node2 route add 10.244.1.0/24 via {NODES['node1']}",
              *(f"ip -n {name} route add default via {OUTSIDE}" for name in NODES),
              *(f"ip -n outside route add {cidr} via {NODES['node1']}" for cidr in ("10.96.0.0/16", "198.51.100.0/24"))]
    return lines + [quick_arp(name, dev) for name, dev in
                    (*((name, "eth0") for name in ("outside", *NODES, *PODS)), *((name, "cni0") for name in NODES))]


# --- Services ----------------------------------------------------------------------------------------------------


def draw(number: int) -> World:
    """The world of a number: three Services."""
    dice = random.Random(number)
    drawn = [_service(dice, index) for index in range(3)]
    flags = {"masquerade_all": dice.random() < 0.15, "random_fully": dice.random() < 0.5,
             "cluster_cidr": CLUSTER_CIDR if dice.random() < 0.8 else None,
             "localhost_node_ports": dice.random() < 0.8}  # fmt: skip
    return World([service for service, _ in drawn], [_slice(dice, service, chosen) for service, chosen in drawn], flags)


def _service(dice: random.Random, index: int) -> tuple[Drawn, list[str]]:
    """A Service, and the pods behind it."""
    kind = dice.choice(["ClusterIP", "NodePort", "LoadBalancer"])
    port: Drawn = {"name": "p", "port": 80, "targetPort": TARGET, "protocol": dice.choice(["TCP", "TCP", "UDP"])}
    spec: Drawn = {"type": kind, "clusterIP": f"10.96.0.{20 + index}", "ports": [port]}
    status: Drawn = {}
    if kind != "ClusterIP":
        port["nodePort"] = 30080 + index
        spec["externalTrafficPolicy"] = dice.choice(["Cluster", "Local"])
    if kind == "LoadBalancer":
        status = {"loadBalancer": {"ingress": [{"ip": f"198.51.100.{20 + index}"}]}}
        if dice.random() < 0.4:
            spec["loadBalancerSourceRanges"] = [dice.choice(["172.18.0.0/24", "192.0.2.0/24", "172.18.0.96/28"])]
    if dice.random() < 0.25:
        spec["externalIPs"] = [f"198.51.100.{40 + index}"]
    if dice.random() < 0.25:
        spec["internalTrafficPolicy"] = "Local"
    if dice.random() < 0.3:
        spec |= {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}
    service = {"metadata": {"name": f"web{index}", "namespace": "default"}, "spec": spec, "status": status}
    return service, dice.sample(list(PODS), dice.choice([0, 1, 1, 2, 2, 3, 4]))


def _slice(dice: random.Random, service: Drawn, pods: list[str]) -> Drawn:
    port = service["spec"]["ports"][0]
    return {
        "metadata": {"name": f"{service['metadata']['name']}-1", "namespace": "default",
                     "labels": {"kubernetes.io/service-name": service["metadata"]["name"]}},
        "addressType": "IPv4", "ports": [{"name": "p", "port": TARGET, "protocol": port["protocol"]}],
        "endpoints": [{"addresses": [PODS[pod][1]], "nodeName": PODS[pod][0], "conditions": _conditions(dice)} for pod in pods],
    }  # fmt: skip


def _conditions(dice: random.Random) -> Drawn:
    """Mostly ready; else on its way out, or not well."""
    ready, serving, terminating = dice.choice([(True, True, False)] * 5 + [(False, True, True), (False, False, True),
                                                                          (False, False, False)])  # fmt: skip
    return {"ready": ready, "serving": serving, "terminating": terminating}


# --- what is done and asked --------------------------------------------------------------------------------------


def proxied(world: World) -> list[Command]:
    """What both kube-proxies do."""
    commands = []
    for name, ip in NODES.items():
        node = NodeFacts(name=name, ip=ip, addresses=("127.0.0.1", ip), **world.flags)
        if node.localhost_node_ports:
            commands.append(Command(inside(name, "sysctl -qw net.ipv4.conf.all.route_localnet=1")))
        commands += [Command(inside(name, line)) for line in iptables.jumps(node)]
        text = _in_turns(iptables.rules(world.services, world.slices, node))
        commands.append(Command(inside(name, "iptables-restore --noflush --counters"), text))
    return commands


def _in_turns(text: str) -> str:
    return re.sub(r"--mode random --probability ([\d.]+)",
                  lambda found: f"--mode nth --every {round(1 / float(found[1]))} --packet 0", text)


def questions(world: World, number: int, count: int) -> list[Entry]:
    """Clients everywhere ask for any address of any of the Services."""
    dice = random.Random(-number)
    return [_question(dice, dice.choice(world.services), 50000 + index) for index in range(count)]


def _question(dice: random.Random, service: Drawn, sport: int) -> Connect:
    asker = dice.choice([*PODS, *NODES, "outside", "outside"])
    spec, port = service["spec"], service["spec"]["ports"][0]
    goals = [(spec["clusterIP"], 80)] * 2 + [(ip, 80) for ip in spec.get("externalIPs", [])]
    goals += [(ingress["ip"], 80) for ingress in service["status"].get("loadBalancer", {}).get("ingress", [])] * 2
    if "nodePort" in port:
        goals += [(ip, port["nodePort"]) for ip in NODES.values()]
        goals += [("127.0.0.1", port["nodePort"])] * (asker in NODES)
    ip, number = dice.choice(goals)
    proto = port["protocol"].lower()
    return Connect(asker, Ip(ip), number, proto, sport if proto == "tcp" else None, timeout=PATIENCE)


def log_of(number: int, count: int = 10) -> Log:
    """All of it: the network, apps, rules, questions."""
    world = draw(number)
    apps = [Listen(pod, TARGET, proto, pod, Ip(0)) for pod in PODS for proto in ("tcp", "udp")]
    return Log([*map(Command, network()), *apps, *proxied(world), *questions(world, number, count)])
