"""The real iptables-restore reads what kube-proxy sends, in both its kinds, and the kernel keeps what the model keeps."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any

import pytest

from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.door import key_of
from k8snet.linux.iptables import restore
from k8snet.linux.netfilter import Netfilter
from tests.kube.proxy.made import NODE, Manifest, balanced, endpoint, service, slice_of
from tests.kube.proxy.test_syncs import chains_in

KINDS = ("iptables-nft", "iptables-legacy")
RUN_ALL = """
import json, subprocess, sys
kind, jumps, texts = json.load(sys.stdin)
def run(*words, text=""):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
answers = [run(kind, *words[1:]) for words in jumps]
for text in texts:
    answers.append(run(f"{kind}-restore", "--test", "--noflush", "--counters", text=text))
    answers.append(run(f"{kind}-restore", "--noflush", "--counters", text=text))
json.dump([answers, run(f"{kind}-save")[1]], sys.stdout)
"""

OUTSIDE: dict[str, Any] = {
    "type": "LoadBalancer", "externalIPs": ["198.51.100.1"], "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000,
    "loadBalancerSourceRanges": ["172.18.0.0/16", "192.0.2.0/24"], "sessionAffinity": "ClientIP",
    "ports": [{"name": "dns", "port": 53, "protocol": "UDP", "nodePort": 30053},
              {"name": "dns-tcp", "port": 53, "nodePort": 30053}],
}  # fmt: skip


def named(one: Manifest, port: str) -> Manifest:
    return {**one, "ports": [{**one["ports"][0], "name": port}]}


def sent() -> list[str]:
    """What one kube-proxy sends in its life: every kind of rule, a change of endpoints, a deletion, all once more."""
    book = iptables.Rules(NODE)
    sctp = [{"port": 9, "protocol": "SCTP"}]
    for one in (service(), service("empty", "10.96.0.21"),
                service("here", "10.96.0.23", internalTrafficPolicy="Local", ports=sctp),
                service("out", "10.96.0.22", status=balanced("203.0.113.1"), **OUTSIDE)):  # fmt: skip
        book.set_service(key_of(one), one)
    far = endpoint("10.244.2.4", "node2")
    for one in (slice_of("10.244.1.2", "10.244.1.3", far), slice_of(far, of="here", port=9, protocol="SCTP"),
                named(slice_of("10.244.1.5", far, of="out", port=5353, protocol="UDP"), "dns"),
                named(slice_of(far, of="out", name="out-2"), "dns-tcp")):  # fmt: skip
        book.set_slice(key_of(one), one)
    texts = [book.sync()]
    book.set_slice(("default", "web-1"), slice_of("10.244.1.3"))
    texts.append(book.sync())
    book.set_service(("default", "out"), None)
    texts.append(book.sync())
    return [*texts, book.sync(full=True)]


def test_every_kind_of_rule_is_sent() -> None:
    whole = sent()[0]
    for part in ("recent", "statistic", "--dst-type LOCAL", "--src-type LOCAL", "-j REJECT", "-j DROP", "-m sctp", "-m udp",
                 "KUBE-FW-", "KUBE-SVL-", "health check"):  # fmt: skip
        assert part in whole
    assert "\n-X KUBE-FW-" in sent()[2]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_takes_all_of_it(kind: str) -> None:
    jumps = [shlex.split(command) for command in iptables.jumps(NODE)]
    done = subprocess.run(
        ["unshare", "-Urnm", "python3", "-c", RUN_ALL], input=json.dumps([kind, jumps, sent()]),
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    answers, saved = json.loads(done.stdout)
    assert [said for code, said in answers if code] == []
    real, model = Netfilter(), Netfilter()
    restore(real, saved)
    for text in sent():
        restore(model, text, noflush=True, counters=True)
    listed = {key: rules for key, rules in chains_in(real).items() if key in chains_in(model)}
    built_in = {key for key in listed if not key[1].startswith("KUBE-")}
    assert {key: rules for key, rules in listed.items() if key not in built_in} == {
        key: rules for key, rules in chains_in(model).items() if key not in built_in}  # fmt: skip
    assert [rule.split()[-1] for rule in chains_in(real)["*filter", "INPUT"]] == [
        "KUBE-FIREWALL", "KUBE-PROXY-FIREWALL", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES"]  # fmt: skip
