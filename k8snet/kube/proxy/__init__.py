"""kube-proxy: from Services and EndpointSlices to a node's rules.

Read facts.py first, then choice.py and iptables.py; door.py makes the facts, and agent.py gives the rules to a kernel.
"""
