"""What the benchmarks measure is what they say; how long it takes is no test's business."""

from __future__ import annotations

from benchmarks import cluster, journey, limit, proxy, services
from k8snet.course.figure import whole
from k8snet.linux.steps import Delivered, Judged, Rewritten


def test_the_unrolled_journey_has_as_many_records() -> None:
    world = whole()
    count = journey.records(world.ping("pod-a", "10.1.2.2"))
    trace = world.traces[-1]
    assert count == len(trace.packets) + sum(1 + len(hop.steps) for packet in trace.packets for hop in packet.hops)
    made = journey.unrolled(count)()
    assert isinstance(made, list)
    assert len(made) == count


def test_the_last_service_is_reached_past_all_the_others() -> None:
    trace = services.handshake(services.with_services(300), 300)
    assert trace.fate == "delivered"
    syn = trace.packets[0]
    assert [(str(step.after.dst), step.after.dport) for step in syn.rewrites] == [("10.1.2.2", 4000)]
    assert max(step.tried for step in syn.steps if isinstance(step, Judged)) == 1 + 300 + 2 + 2  # with its own and its endpoint's
    assert any(isinstance(step, Rewritten) for packet in trace.packets[1:] for step in packet.steps)
    assert any(isinstance(step, Delivered) for step in syn.steps)


def test_a_change_of_one_endpoint_is_sent_with_no_other_services_endpoints() -> None:
    whole, change = proxy.changes(20)
    texts = [str(act()) for act in (whole, change, change)]
    assert [text.count("-j DNAT") for text in texts] == [20, 1, 1]
    assert [text.count("\n-X ") for text in texts] == [0, 1, 1]
    assert all(text.count(" cluster IP\"") >= 20 for text in texts)


def test_the_cluster_on_the_kernel_is_told_all_that_the_models_machines_were() -> None:
    made = cluster.build()
    lines = [" ".join(words) for words, _ in cluster.commands(made)]
    assert len(made.pods) == cluster.PODS
    assert sum(line.startswith("ip netns add ") for line in lines) == 3 + cluster.NODES + cluster.PODS
    assert any("IP-MASQ-AGENT" in stdin for _, stdin in cluster.commands(made))


def test_the_limit_is_measured_on_running_pods() -> None:
    assert [what for what, *_ in limit.measured(limit.cluster, 70, 150, 10)] == [
        "k8snet: the nodes have registered", "k8snet: the pods of a Deployment for each Service run, and say so",
        "k8snet: the Services have addresses and endpoints, and kube-proxies have heard of them",
        "k8snet: a first connection, whose machines boot for it", "k8snet: a first connection to a Service",
    ]  # fmt: skip
