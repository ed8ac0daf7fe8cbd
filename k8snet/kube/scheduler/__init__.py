"""kube-scheduler: it finds a node for each pod. Read facts.py first, then filters.py, scores.py, scan.py and agent.py."""

from k8snet.kube.scheduler.agent import Scheduler

__all__ = ["Scheduler"]
