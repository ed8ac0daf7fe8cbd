"""The cases of golden/kube-proxy-iptables.json: how each one's node looks to us, and what stands in it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from k8snet.kube.proxy.facts import NodeFacts

Case = dict[str, Any]


def cases(golden: Path) -> dict[str, Case]:
    """All 129, by name."""
    read = json.loads((golden / "kube-proxy-iptables.json").read_text())["cases"]
    return {case["name"]: case for case in read}


def node_facts(config: dict[str, Any]) -> NodeFacts:
    """The node and the flags of a case's kube-proxy."""
    detector = config["localTrafficDetector"]
    return NodeFacts(
        name=config["nodeName"], ip=config["nodeIP"], ip_family=config["ipFamily"],
        cluster_cidr=detector.get("clusterCIDR") if detector["mode"] == "ClusterCIDR" else None,
        addresses=tuple(config["nodeInterfaceAddresses"]),
        masquerade_all=config["masqueradeAll"], masquerade_bit=int(config["masqueradeMark"], 16).bit_length() - 1,
        node_port_addresses=tuple(config["nodePortAddresses"] or ()), localhost_node_ports=config["localhostNodePorts"],
        random_fully=config["iptablesHasRandomFully"], conntrack_tcp_liberal=config["conntrackTCPLiberal"],
        nfacct_counters=tuple(config["nfacctCounters"]),
    )  # fmt: skip


def services(case: Case) -> list[dict[str, Any]]:
    """The Services of a case, as they reach kube-proxy: with the gate LoadBalancerIPMode off the API server drops ``ipMode``."""
    found: list[dict[str, Any]] = copy.deepcopy(case["services"])
    if not case["config"]["loadBalancerIPModeFeature"]:
        for service in found:
            for ingress in service.get("status", {}).get("loadBalancer", {}).get("ingress", []):
                ingress.pop("ipMode", None)
    return found
