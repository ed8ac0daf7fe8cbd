"""The real iptables-restore and iptables-save on a real kernel: they still say what the rows say, and so does the model."""

from __future__ import annotations

import json
import subprocess

import pytest

from k8snet.linux.iptables import restore, save, understood
from k8snet.linux.netfilter import Netfilter
from tests.linux.rule_rows import by_table, rows
from tests.linux.test_iptables import RESTORED
from tests.linux.test_real_nodes import NODES

RUN_ALL = """
import json, subprocess, sys
def run(*words, text=""):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
answers = []
for text in json.load(sys.stdin):
    for table in ("filter", "nat", "mangle", "raw"):
        run("iptables-restore", text=f"*{table}\\nCOMMIT\\n")
    code, said = run("iptables-restore", text=text)
    answers.append((code, said if code else run("iptables-save")[1]))
json.dump(answers, sys.stdout)
"""


def on_the_kernel(texts: list[str]) -> list[tuple[int, str]]:
    """Exit status and refusal, or what iptables-save prints afterwards, for each text on an empty ruleset."""
    done = subprocess.run(
        ["unshare", "-Urnm", "python3", "-c", RUN_ALL],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return [(code, output) for code, output in json.loads(done.stdout)]


@pytest.mark.usefixtures("kernel")
def test_the_kernel_lists_the_rules_as_recorded() -> None:
    accepted = rows("accepted")
    for row, (code, saved) in zip(accepted, on_the_kernel([row.restored for row in accepted]), strict=True):
        listed = "".join(line for line in saved.splitlines(keepends=True) if line.startswith("-A"))
        assert (row.typed, code, listed) == (row.typed, 0, row.output)


@pytest.mark.usefixtures("kernel")
def test_iptables_refuses_as_recorded() -> None:
    refused = rows("refused")
    for row, (code, said) in zip(refused, on_the_kernel([row.restored for row in refused]), strict=True):
        assert (row.typed, code, said) == (row.typed, row.code, row.output)


@pytest.mark.usefixtures("kernel")
def test_whole_texts_are_restored_or_refused_as_recorded() -> None:
    for (text, part, code), (said_code, said) in zip(RESTORED, on_the_kernel([row[0] for row in RESTORED]), strict=True):
        assert (text, said_code) == (text, code)
        assert part in said


@pytest.mark.usefixtures("kernel")
def test_what_is_understood_of_real_nodes_is_saved_as_the_kernel_saves_it() -> None:
    texts = [understood(text).text.replace("-p ipv4", "-p 4") for text in NODES.values()]
    for name, text, (code, saved) in zip(NODES, texts, on_the_kernel(texts), strict=True):
        netfilter = Netfilter()
        restore(netfilter, text)
        ours, theirs = by_table(save(netfilter)), by_table(saved)
        assert (name, code, ours) == (name, 0, {table: theirs[table] for table in ours})
