"""kubectl exec: whose command it is, how it ends, and the trace that it brings along."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.errors import CommandError
from tests.shell.verbs.beside import check, printed, workloads

REFUSALS = """
    exec
    exec two
    exec two ls
    exec -- ls
    exec two --
    exec nope -- ls
    exec done -- ls
    exec two -c x -- ls
    exec cm/cm -- ls
    exec pod two -- ls
    exec a/b/c -- ls
    exec foo/x -- ls
    exec deploy/nope -- ls
    exec pods/ -- ls
    exec two --pod-running-timeout=0s -- ls
    exec svc/kubernetes -- ls
    exec node/node1 -- ls
"""


def test_the_real_one_refuses_in_the_same_words() -> None:
    check(workloads(), REFUSALS)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = workloads()
    cluster.kubectl("run client --image=nicolaka/netshoot --command -- sleep infinity")
    return cluster


@pytest.mark.parametrize(("line", "text"), [
    ("exec client -- hostname", "client\n"),
    ("exec pod/client -- hostname", "client\n"),
    ("exec two -- hostname", 'Defaulted container "a" out of: a, b\ntwo\n'),
    ("exec two -q -- hostname", "two\n"),
    ("exec two -c b -- hostname", "two\n"),
    ("exec -it two -c b -- hostname", "two\n"),
    ("exec -it client -- sh -c 'hostname; exit 3'", "client\ncommand terminated with exit code 3\n[3]\n"),
    ("exec client -- false", "command terminated with exit code 1\n[1]\n"),
])  # fmt: skip
def test_what_is_printed(cluster: Cluster, line: str, text: str) -> None:
    assert printed(cluster.fork(), line) == text


def test_a_pod_of_a_deployment_is_picked(cluster: Cluster) -> None:
    assert printed(cluster, "exec deploy/web -- hostname").removesuffix("\n") in [pod.name for pod in cluster.pods]


def test_a_program_that_the_image_does_not_have(cluster: Cluster) -> None:
    with pytest.raises(CommandError) as refused:
        cluster.kubectl("exec two -c a -- ping -c 1 10.244.1.2")
    words = str(refused.value)
    assert words.startswith("error: Internal error occurred: error executing command in container: failed to exec in container: "
                            'failed to start exec "')  # fmt: skip
    assert 'unable to start container process: exec: "ping": executable file not found in $PATH' in words
    assert refused.value.code == 1


def test_the_trace_comes_through(cluster: Cluster) -> None:
    web = next(pod for pod in cluster.pods if pod.name.startswith("web-"))
    said = cluster.kubectl(f"exec client -- curl -s http://{web.ip}")
    assert said.trace is not None
    assert (said.trace.fate, said.trace.answered_by) == ("delivered", web.name)
    assert said.trace.hops[0].netns == "client"


def test_a_packet_that_is_lost_is_a_result_and_no_error(cluster: Cluster) -> None:
    """Nothing is raised: one wants to look at the trace."""
    said = cluster.fork().kubectl("exec client -- curl -s -m 2 http://10.244.1.250")
    assert said == "command terminated with exit code 28\n" or said == "command terminated with exit code 7\n"
    assert said.code in (7, 28)
    assert said.trace is not None
    assert said.trace.fate in ("timeout", "unreachable")


def test_a_command_that_fails_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(CommandError) as refused:
        cluster.kubectl("exec client -- sh -c 'hostname; exit 3'")
    assert (str(refused.value), refused.value.code) == ("client\ncommand terminated with exit code 3", 3)


def test_a_command_that_ends_a_container_has_its_consequences(cluster: Cluster) -> None:
    """PID 1 of the box is sleep, which heeds no signal from inside; nginx heeds TERM, and its container is started anew."""
    ours = cluster.fork()
    restarts = "get pod {} -o jsonpath={{.status.containerStatuses[*].restartCount}}"
    assert printed(ours, "exec two -c b -- kill -9 1") == ""
    assert ours.kubectl(restarts.format("two")) == "0 0"
    assert printed(ours, "exec two -c a -- sh -c 'kill 1'") == ""
    assert ours.kubectl(restarts.format("two")) == "1 0"


BACKEND = "error: unable to upgrade connection: error dialing backend: dial tcp {}:10250: connect: {}\n[1]\n"


def test_the_way_leads_by_the_kubelet(cluster: Cluster) -> None:
    ours = cluster.fork()
    node = ours.pod("client").node
    ours.stop("kubelet", node=node.name)
    assert printed(ours, "exec client -- hostname") == BACKEND.format(node.ip, "connection refused")
    node.stop()
    assert printed(ours, "exec client -- hostname") == BACKEND.format(node.ip, "no route to host")


def test_a_pod_without_a_node_and_a_container_that_does_not_run(cluster: Cluster) -> None:
    ours = cluster.fork()
    with ours.paused():
        ours.kubectl("run new --image=nginx")
        assert printed(ours, "exec new -- hostname") == (
            "error: unable to upgrade connection: pod new does not have a host assigned\n[1]\n")  # fmt: skip
    ours.kubectl("run broken --image=nginx:none-such")
    assert printed(ours, "exec broken -- hostname") == (
        'error: unable to upgrade connection: container not found ("broken")\n[1]\n')  # fmt: skip


def test_input_is_only_read_if_it_is_asked_for(cluster: Cluster) -> None:
    assert cluster.kubectl("exec -i two -c b -- cat", "hello\n") == "hello\n"
    assert cluster.kubectl("exec two -c b -- cat", "hello\n") == ""
