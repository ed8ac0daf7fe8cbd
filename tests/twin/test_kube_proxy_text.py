"""kube-proxy's rules through the real iptables-restore, of both kinds: what iptables-save then prints, the model prints."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

from k8snet.linux.iptables import restore, save
from k8snet.linux.netfilter import Netfilter
from tests.conftest import GOLDEN
from tests.linux.rule_rows import as_sent, by_table, kube_proxy_dumps

DUMPS = kube_proxy_dumps(GOLDEN) if GOLDEN.is_dir() else {}
KINDS = ("iptables-nft", "iptables-legacy")
SYNCS = [text for name, text in as_sent(GOLDEN).items() if name.startswith("TestSync")] if GOLDEN.is_dir() else []
"""What one kube-proxy sends, sync by sync."""

RUN_ALL = """
import json, subprocess, sys
kind, flags, *texts = json.load(sys.stdin)
def run(*words, text=""):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
answers = []
for text in texts:
    if not flags:
        for table in ("filter", "nat"):
            run(f"{kind}-restore", text=f"*{table}\\nCOMMIT\\n")
    code, said = run(f"{kind}-restore", *flags, text=text)
    answers.append((code, said if code else run(f"{kind}-save")[1]))
json.dump(answers, sys.stdout)
"""


@cache
def on_the_kernel(kind: str, texts: tuple[str, ...], *flags: str) -> list[dict[str, str]]:
    """What iptables-save prints after each text, by table: on an empty ruleset, or with flags on what the last one left."""
    done = subprocess.run(
        ["unshare", "-Urnm", "python3", "-c", RUN_ALL], input=json.dumps([kind, flags, *texts]),
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [refusal for code, refusal in said if code] == []
    tables = [by_table(saved) for _, saved in said]
    return [{name: each[name] for name in ("filter", "nat")} for each in tables]


def test_there_are_as_many_dumps(golden: Path) -> None:
    assert len(kube_proxy_dumps(golden)) == 54 - 2  # two are of IPv6, which is not modelled


@pytest.mark.usefixtures("kernel", "golden")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DUMPS)
def test_the_model_saves_kube_proxys_rules_as_the_kernel_does(name: str, kind: str) -> None:
    netfilter = Netfilter()
    restore(netfilter, DUMPS[name])
    theirs = on_the_kernel(kind, tuple(DUMPS.values()))[list(DUMPS).index(name)]
    assert by_table(save(netfilter)) == theirs


@pytest.mark.usefixtures("kernel", "golden")
@pytest.mark.parametrize("kind", KINDS)
def test_one_sync_after_the_other_leaves_what_it_leaves_on_the_kernel(kind: str) -> None:
    netfilter = Netfilter()
    assert len(SYNCS) == 9
    for number, theirs in enumerate(on_the_kernel(kind, tuple(SYNCS), "--noflush", "--counters")):
        restore(netfilter, SYNCS[number], noflush=True, counters=True)
        assert (number, by_table(save(netfilter))) == (number, theirs)
