"""Tables: what the API server answers when it is asked for one instead of objects, as ``kubectl get`` asks.

Which columns there are and what stands in a cell is the server's affair; kubectl only lays them out. So ages are as old as
the answer. The server always gives all columns, and kubectl leaves out those of priority 1. Each file has some kinds.
What a row adds to its cells (the object's metadata) is not here. Sources: pkg/printers/internalversion, printers.go;
pkg/printers/storage; k8s.io/apimachinery, pkg/apis/meta/v1 (Table).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from k8snet.kube.objects import Kind, Object, Pod
from k8snet.kube.rest.tables import network, nodes, pods, settings, workloads
from k8snet.kube.rest.tables.columns import Columns, Row

_ROOMS = (pods, nodes, workloads, network, settings)
_TABLES: dict[str, tuple[Columns, Row]] = {kind: how for room in _ROOMS for kind, how in room.TABLES.items()}


def table(kind: Kind, objects: Sequence[Object], now: datetime) -> dict[str, Any]:
    """The columns of a kind, and a row for each object: its cells, and for a finished pod a condition that says so.

    >>> from k8snet.kube.objects import KINDS, Namespace, ObjectMeta
    >>> found = table(KINDS["Namespace"], [Namespace(metadata=ObjectMeta(name="default"))], datetime(2026, 11, 1))
    >>> [column["name"] for column in found["columnDefinitions"]], found["rows"]
    (['Name', 'Status', 'Age'], [{'cells': ['default', '', '<unknown>']}])
    """
    columns, row = _TABLES[kind.kind]
    rows = [{"cells": list(row(each, now)), **_conditions(each)} for each in objects]
    return {"columnDefinitions": [column.definition() for column in columns], "rows": rows}


def _conditions(obj: Object) -> dict[str, Any]:
    done = pods.completion(obj) if isinstance(obj, Pod) else None
    return {"conditions": [done]} if done else {}
