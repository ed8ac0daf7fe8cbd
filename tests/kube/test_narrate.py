"""The history in words: each write of each kind of history has its sentence, and says what the write shows and no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8snet import Cluster
from k8snet.kube import narrate
from k8snet.kube.author import author
from k8snet.kube.evidence import evidence, is_housekeeping, without_housekeeping
from k8snet.kube.history import History, Write
from k8snet.kube.narrate import BRIEF, ENGLISH
from k8snet.kube.objects import ConfigMap, ObjectMeta
from k8snet.kube.reactions import HEEDS, reactions
from tests.show import histories
from tests.show.histories import HISTORIES, running

every_history = pytest.mark.parametrize("make", HISTORIES, ids=lambda make: make.__name__)


@every_history
def test_each_write_has_a_sentence_of_its_own_kind(make: Callable[[], History]) -> None:
    """None of what components write is only said to be changed; a sentence is whole, and begins with who wrote."""
    for write in make():
        key, sentence = narrate.key(write), narrate.sentence(write)
        assert not key.endswith((".rewritten", ".marked")) or key in ENGLISH, key
        assert not key.endswith(".changed") or write.who == "kubectl", key
        assert sentence.startswith(str(author(write)))
        assert "{" not in sentence
        assert "None" not in sentence
        assert not sentence.endswith((":", ": ", ", "))
        assert narrate.brief(write)
        assert not narrate.brief(write).endswith((":", " "))


SENTENCES: dict[Callable[[], History], list[tuple[str, int, str, str]]] = {
    histories.deployed: [
        ("Deployment.made", 0,
         "kubectl asks for Deployment web: 3 × nginx:1.29",
         "POST Deployment web: 3 × nginx:1.29"),
        ("ReplicaSet.made.owned", 0,
         "deployment-controller makes ReplicaSet web-5b54d89d5b, because Deployment web has none for its template: 3 × "
         "nginx:1.29",
         "POST ReplicaSet web-5b54d89d5b: 3 × nginx:1.29"),
        ("Deployment.numbered", 0,
         "deployment-controller notes on Deployment web that its template is revision 1",
         "PUT Deployment web: revision 1"),
        ("Pod.made.owned", 0,
         "replicaset-controller makes Pod web-5b54d89d5b-fjhl6 for ReplicaSet web-5b54d89d5b; no node is chosen yet",
         "POST Pod web-5b54d89d5b-fjhl6"),
        ("Pod.bound", 0,
         "kube-scheduler binds Pod web-5b54d89d5b-fjhl6 to node1",
         "bind Pod web-5b54d89d5b-fjhl6 → node1"),
        ("Pod.reported", 0,
         "kubelet on node1 reports on Pod web-5b54d89d5b-fjhl6: address 10.244.1.2, container nginx waits: ContainerCreating",
         "PUT Pod web-5b54d89d5b-fjhl6 status: IP 10.244.1.2, ContainerCreating"),
        ("Pod.reported.ready", 0,
         "kubelet on node1 reports on Pod web-5b54d89d5b-fjhl6: Pending → Running, container nginx runs, ready",
         "PUT Pod web-5b54d89d5b-fjhl6 status: Pending → Running, ready"),
        ("ReplicaSet.reported", 1,
         "replicaset-controller reports on ReplicaSet web-5b54d89d5b: ready 0 → 1, available 0 → 1",
         "PUT ReplicaSet web-5b54d89d5b status: ready 0 → 1, available 0 → 1"),
    ],
    histories.scaled_up: [
        ("Deployment.scaled.up", 0,
         "kubectl scales Deployment web up: replicas 3 → 4",
         "PATCH Deployment web: replicas 3 → 4"),
    ],
    histories.scaled_down: [
        ("ReplicaSet.scaled.down", 0,
         "deployment-controller scales ReplicaSet web-5b54d89d5b down: replicas 3 → 1",
         "PUT ReplicaSet web-5b54d89d5b: replicas 3 → 1"),
        ("Pod.marked.surplus", 0,
         "replicaset-controller deletes Pod web-5b54d89d5b-fjhl6, because ReplicaSet web-5b54d89d5b wants fewer: it has 30 s "
         "to end",
         "DELETE Pod web-5b54d89d5b-fjhl6: 30 s to end"),
        ("Pod.gone.stopped", 0,
         "kubelet on node1 has ended the containers of Pod web-5b54d89d5b-fjhl6, and takes it out of the API",
         "DELETE Pod web-5b54d89d5b-fjhl6: gone"),
        ("Deployment.reported", 0,
         "deployment-controller reports on Deployment web: generation 2 is seen",
         "PUT Deployment web status: generation 2 is seen"),
    ],
    histories.rolled: [
        ("Deployment.templated", 0,
         "kubectl changes the pod template of Deployment web: containers[0].image nginx:1.29 → nginx:1.30",
         "PATCH Deployment web: containers[0].image nginx:1.29 → nginx:1.30"),
    ],
    histories.replaced: [
        ("Pod.marked", 0,
         "kubectl deletes Pod web-5b54d89d5b-d6rsk: it has 30 s to end",
         "DELETE Pod web-5b54d89d5b-d6rsk: 30 s to end"),
    ],
    histories.deleted: [
        ("ReplicaSet.gone.collected", 0,
         "generic-garbage-collector deletes ReplicaSet web-5b54d89d5b, because its owner Deployment web is deleted",
         "DELETE ReplicaSet web-5b54d89d5b: gone"),
        ("Pod.reported.unready", 0,
         "kubelet on node1 reports on Pod web-5b54d89d5b-fjhl6: container nginx has ended with exit code 0, not ready",
         "PUT Pod web-5b54d89d5b-fjhl6 status: nginx ended: exit code 0, not ready"),
    ],
    histories.unplugged: [
        ("Node.silent", 0,
         "node-lifecycle-controller has not heard of Node node1 for too long: Ready is Unknown (NodeStatusUnknown)",
         "PUT Node node1 status: Ready is Unknown (NodeStatusUnknown)"),
        ("Pod.unready", 0,
         "node-lifecycle-controller marks Pod web-5b54d89d5b-fjhl6 as not ready, because node1 is not",
         "PUT Pod web-5b54d89d5b-fjhl6 status: not ready"),
        ("Node.tainted.on", 0,
         "node-lifecycle-controller taints Node node1: node.kubernetes.io/unreachable:NoSchedule, "
         "node.kubernetes.io/unreachable:NoExecute",
         "PATCH Node node1: taint unreachable on"),
        ("Pod.doomed", 0,
         "taint-eviction-controller notes on Pod web-5b54d89d5b-fjhl6 why it has to go: Taint manager: deleting due to "
         "NoExecute taint",
         "PUT Pod web-5b54d89d5b-fjhl6 status: to be disrupted"),
        ("Pod.marked.evicted", 0,
         "taint-eviction-controller deletes Pod web-5b54d89d5b-fjhl6, which tolerates a taint of node1 no longer: it has 30 s "
         "to end",
         "DELETE Pod web-5b54d89d5b-fjhl6: 30 s to end"),
        ("Lease.renewed", 0,
         "kubelet on control-plane renews Lease kube-node-lease/control-plane: it is alive",
         "PUT Lease kube-node-lease/control-plane: renewed"),
    ],
    histories.cordoned: [
        ("Node.cordoned", 0, "kubectl cordons Node node1: no new pods there", "PATCH Node node1: unschedulable"),
        ("Node.uncordoned", 0,
         "kubectl uncordons Node node1: new pods may come again",
         "PATCH Node node1: schedulable"),
    ],
    histories.crashing: [
        ("Pod.made", 0, "kubectl asks for Pod crash: busybox; no node is chosen yet", "POST Pod crash"),
        ("Pod.reported", 1,
         "kubelet on node1 reports on Pod crash: Pending → Running, container main has ended with exit code 1",
         "PUT Pod crash status: Pending → Running, main ended: exit code 1"),
        ("Pod.reported", 2,
         "kubelet on node1 reports on Pod crash: container main was started again (restart 1), container main has ended with "
         "exit code 1",
         "PUT Pod crash status: restart 1, main ended: exit code 1"),
        ("Pod.reported", 3,
         "kubelet on node1 reports on Pod crash: container main waits: CrashLoopBackOff",
         "PUT Pod crash status: CrashLoopBackOff"),
    ],
    histories.without_image: [
        ("Pod.reported", 1,
         "kubelet on node1 reports on Pod nope: container main waits: ErrImagePull",
         "PUT Pod nope status: ErrImagePull"),
    ],
    histories.everywhere: [
        ("Pod.made.owned.placed", 0,
         "daemonset-controller makes Pod web-8w4zb for DaemonSet web; it is meant for node1",
         "POST Pod web-8w4zb"),
    ],
    histories.restarted: [
        ("Pod.reported", 1,
         "kubelet on node2 reports on Pod web-5b54d89d5b-d6rsk: address 10.244.2.2 → 10.244.2.3",
         "PUT Pod web-5b54d89d5b-d6rsk status: IP 10.244.2.2 → 10.244.2.3"),
    ],
    histories.emptied: [
        ("Namespace.marked", 0,
         "kubectl deletes Namespace shop, which stays until it is empty",
         "DELETE Namespace shop: marked"),
        ("Namespace.finalized", 0,
         "namespace-controller has emptied Namespace shop, and takes its finalizer away",
         "PUT Namespace shop: finalizer off"),
    ],
    histories.relabelled: [
        ("Pod.released", 0,
         "replicaset-controller releases Pod web-5b54d89d5b-d6rsk, which does not fit the selector of ReplicaSet "
         "web-5b54d89d5b any more",
         "PATCH Pod web-5b54d89d5b-d6rsk: no more of ReplicaSet web-5b54d89d5b"),
        ("Pod.adopted", 0,
         "replicaset-controller makes Pod web-5b54d89d5b-d6rsk, which had no owner and fits its selector, part of ReplicaSet "
         "web-5b54d89d5b",
         "PATCH Pod web-5b54d89d5b-d6rsk: part of ReplicaSet web-5b54d89d5b"),
    ],
    histories.born: [
        ("Node.made", 1, "kubelet on node1 registers its node: Node node1", "POST Node node1"),
        ("Node.ranged", 1,
         "node-ipam-controller gives Node node1 the range 10.244.1.0/24 for its pods",
         "PATCH Node node1: podCIDR 10.244.1.0/24"),
        ("Node.reported.ready", 0, "kubelet on node1 reports on Node node1: ready", "PUT Node node1 status: ready"),
        ("Pod.made.mirror", 0,
         "kubelet on control-plane shows its static pod in the API: Pod kube-system/etcd-control-plane",
         "POST Pod kube-system/etcd-control-plane"),
        ("Service.made", 0,
         "kube-apiserver makes Service kubernetes, with the address 10.96.0.1",
         "POST Service kubernetes"),
    ],
}  # fmt: skip
"""Of each history: a write by its key and its number among those, its sentence, and the words on its arrow."""


@pytest.mark.parametrize("make", SENTENCES, ids=lambda make: make.__name__)
def test_sentences(make: Callable[[], History]) -> None:
    writes: dict[str, list[Write]] = {}
    for write in make():
        writes.setdefault(narrate.key(write), []).append(write)
    told = [(key, nth, narrate.sentence(writes[key][nth]), narrate.brief(writes[key][nth])) for key, nth, _, _ in SENTENCES[make]]
    assert told == SENTENCES[make]


def test_a_kind_of_which_nothing_is_known_gets_an_honest_general_sentence() -> None:
    before = ConfigMap(metadata=ObjectMeta(name="colours", namespace="default"), data={"sky": "grey"})
    after = ConfigMap(metadata=ObjectMeta(name="colours", namespace="default"), data={"sky": "blue"})
    rows = {
        "kubectl makes ConfigMap colours": (None, before),
        "kubectl changes ConfigMap colours: data.sky grey → blue": (before, after),
        "kubectl writes ConfigMap colours again: no field is another": (before, before),
        "kubectl deletes ConfigMap colours": (before, None),
    }
    for sentence, (old, new) in rows.items():
        assert narrate.sentence(Write(0.0, "kubectl", "PUT", "ConfigMap", "default", "colours", old, new)) == sentence


def test_another_language_needs_its_templates_only() -> None:
    write = histories.deployed()[0]
    assert narrate.sentence(write, ENGLISH | {"Deployment.made": "{who} wünscht {subject}"}) == "kubectl wünscht Deployment web"


def test_all_keys_of_brief_and_english_are_of_one_set() -> None:
    kinds = {name.split(".")[0] for name in ENGLISH}
    assert {name.split(".")[0] for name in BRIEF} <= kinds


def test_the_story_has_a_line_for_each_write() -> None:
    history = histories.deployed()
    lines = narrate.story(history).splitlines()
    assert len(lines) == len(history)
    assert lines[0] == "   0.000  kubectl asks for Deployment web: 3 × nginx:1.29"


def test_housekeeping_is_leases_and_reports_without_news() -> None:
    history = histories.unplugged()
    left = without_housekeeping(history)
    assert {write.kind for write in history if is_housekeeping(write)} == {"Lease"}
    assert len(left) < len(history) / 2
    assert not any(write.kind == "Lease" for write in left)


# --- who answers whom ---------------------------------------------------------------------------------------------------


def test_what_a_component_heeds_is_of_a_kind_that_it_watches() -> None:
    components = running()._assembly.plane.components
    writers = {component.name for component in components} - {"cni-agent", "kube-proxy", "route-controller"}
    assert writers == set(HEEDS)
    for component in components:
        watched = {kind for kind, _ in component.agent.feeds} | {"*"}
        assert {beginning.split(".")[0] for beginning in HEEDS.get(component.name, ())} <= watched, component.name


CHAINS = [
    pytest.param(histories.deployed, [
        ("Deployment.made", "ReplicaSet.made.owned"), ("ReplicaSet.made.owned", "Pod.made.owned"),
        ("Pod.made.owned", "Pod.bound"), ("Pod.bound", "Pod.reported"),
        ("Pod.reported.ready", "ReplicaSet.reported"), ("ReplicaSet.reported", "Deployment.reported"),
    ], id="deployed"),
    pytest.param(histories.rolled, [
        ("Deployment.templated", "ReplicaSet.made.owned"), ("ReplicaSet.reported", "ReplicaSet.scaled.down"),
        ("ReplicaSet.scaled.down", "Pod.marked.surplus"), ("Pod.marked.surplus", "Pod.reported.unready"),
        ("Pod.gone.stopped", "ReplicaSet.reported"),
    ], id="rolled"),
    pytest.param(histories.replaced, [("Pod.marked", "Pod.made.owned"), ("Pod.marked", "Pod.reported.unready")], id="replaced"),
    pytest.param(histories.deleted, [
        ("Deployment.gone", "ReplicaSet.gone.collected"), ("Pod.marked.collected", "Pod.reported.unready"),
    ], id="deleted"),
    pytest.param(histories.unplugged, [
        ("Node.tainted.on", "Pod.doomed"), ("Pod.unready", "ReplicaSet.reported"), ("Pod.marked.evicted", "Pod.made.owned"),
    ], id="unplugged"),
    pytest.param(histories.cordoned, [
        ("Node.cordoned", "Node.tainted.on"), ("Node.uncordoned", "Node.tainted.off"),
    ], id="cordoned"),
    pytest.param(histories.born, [
        ("Namespace.made", "ServiceAccount.made"), ("Node.made", "Node.ranged"), ("Node.made", "Node.tainted.on"),
        ("Node.reported.ready", "Node.tainted.off"),
    ], id="born"),
    pytest.param(histories.everywhere, [("DaemonSet.made", "Pod.made.owned.placed")], id="everywhere"),
    pytest.param(histories.emptied, [
        ("Namespace.marked", "Pod.marked"), ("Namespace.made", "ServiceAccount.made"),
    ], id="emptied"),
    pytest.param(histories.relabelled, [("Pod.changed", "Pod.released"), ("Pod.changed", "Pod.adopted")], id="relabelled"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "links"), CHAINS)
def test_the_chain(make: Callable[[], History], links: list[tuple[str, str]]) -> None:
    writes = make()
    found = {(narrate.key(writes[news]), narrate.key(writes[effect])) for news, effect in reactions(writes)}
    assert set(links) <= found


@every_history
def test_nobody_reacts_to_what_he_cannot_have_heard(make: Callable[[], History]) -> None:
    """News comes before its effect, from somebody else, and is heeded; and a person at a terminal is not told by a watch."""
    writes = make()
    seen = set()
    for news, effect in reactions(writes):
        who = author(writes[effect])
        assert news < effect
        assert author(writes[news]) != who
        assert who.program in HEEDS
        assert (who, news) not in seen
        assert evidence(writes[effect]).key not in ("Node.silent", "Lease.renewed", "Node.reported.ready")
        seen.add((who, news))


def test_a_kubelet_is_told_of_its_own_nodes_pods_alone() -> None:
    writes = histories.deployed()
    for news, effect in reactions(writes):
        if author(writes[effect]).program == "kubelet":
            assert writes[news].after.spec.nodeName == author(writes[effect]).node


def test_a_slice_claims_nothing_about_what_lies_before_it() -> None:
    writes = histories.deployed()
    scheduled = next(at for at, write in enumerate(writes) if narrate.key(write) == "Pod.bound")
    assert 0 not in [effect for _, effect in reactions(writes[scheduled:])]


def test_a_slow_component_is_told_when_the_others_are() -> None:
    cluster = Cluster(nodes=1)
    cluster.slow("replicaset-controller", 5.0)
    begin = len(cluster.history)
    cluster.apply(histories.DEPLOYMENT)
    cluster.sleep(5)
    writes = cluster.history[begin:]
    news, effect = next(each for each in reactions(writes) if narrate.key(writes[each.effect]) == "Pod.made.owned")
    assert (writes[news].kind, writes[effect].now - writes[news].now) == ("ReplicaSet", 5.0)
