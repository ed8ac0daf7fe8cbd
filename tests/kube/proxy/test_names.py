"""Names of chains, in both modes: all that were seen in Kubernetes' tests, and on real clusters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k8snet.kube.proxy.names import base, endpoint_chain, is_service_chain, port_hash, service_port_name
from tests.conftest import GOLDEN

Row = dict[str, Any]


def seen(*path: str) -> list[Row]:
    file = GOLDEN / "chain-names.json"
    found = json.loads(file.read_text()) if file.is_file() else {}
    for step in path:
        found = found.get(step, {})
    return list(found)


PAIRS, BASES, NAMES = seen("iptables", "pairs"), seen("nftables", "base_name_tests", "cases"), seen("nftables", "names")


@pytest.mark.usefixtures("golden")
def test_all_rows_are_there() -> None:
    assert (len(PAIRS), len(BASES), len(NAMES)) == (46, 9, 27)


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("row", PAIRS, ids=lambda row: row["chain"])
def test_chains_of_iptables(row: Row) -> None:
    name, protocol = service_port_name(row["namespace"], row["service"], row["portName"] or ""), row["protocol"].lower()
    endpoint = row["endpoint"]
    chain = endpoint_chain(name, protocol, endpoint) if endpoint else f"{row['kind']}-{port_hash(name, protocol)}"
    assert chain == row["chain"]
    assert len(chain) <= 28
    assert is_service_chain(chain)


def base_of(row: Row) -> str:
    return base(row["namespace"], row["service"], row["portName"] or "", row["protocol"].lower(), row["endpoint"] or "")


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("row", BASES, ids=lambda row: row["expected_base"][:8])
def test_bases_of_nftables(row: Row) -> None:
    assert base_of(row) == row["expected_base"]


@pytest.mark.usefixtures("golden")
@pytest.mark.parametrize("row", NAMES, ids=lambda row: row["chain"])
def test_chains_of_nftables(row: Row) -> None:
    assert f"{row['kind']}-{base_of(row)}" == row["chain"]


@pytest.mark.parametrize("chain", ["KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-SEP", "POSTROUTING", "CNI-0123"])
def test_what_belongs_to_no_service(chain: str) -> None:
    assert not is_service_chain(chain)
