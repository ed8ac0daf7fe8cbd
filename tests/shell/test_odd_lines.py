"""Lines that nobody should type: both kubectls refuse them in the same words, and none ends in an error of Python's own."""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator

import pytest

from k8snet import Cluster
from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.serve import serve
from k8snet.shell.kubectl.command import SHARED, Command
from k8snet.shell.kubectl.commands import COMMANDS
from tests.shell import real
from tests.shell.verbs.beside import SERVER, check, workloads

NAMES = """
    get pods ''
    get pod two ''
    get pod a%b two
    get pod ..
    get pod 'a b'
    get pod 'a?watch=true'
    describe pod ''
    describe pod a%b
    rollout status deploy ''
    rollout restart deploy ''
    scale deploy '' --replicas=2
    label pod '' a=b
    set image deploy '' a=b
    taint node '' a=b:NoSchedule
    wait pod '' --for=delete
    cordon ''
    delete pod '' --dry-run=server
    delete pod a%b two
    patch deploy nope web -p '{}'
    patch deploy web -p '[1]'
    patch deploy web -p 'a: ['
    patch deploy web -p 'a: .inf'
    patch deploy web -p 2026-01-01
    patch deploy web -p 'a: &x [*x]'
    patch deploy web -p "'x'"
    patch deploy web --type=json -p '[{"op":"remove","path":"/x"}]'
"""
FLAGS = """
    get pods --chunk-size=99999999999999999999
    get pods -v=99999999999
    create deployment x --image=x --replicas=3000000000
    create deployment x --image=x --replicas=0x --dry-run=client
    create deployment x --image=x --replicas=010 -o jsonpath={.spec.replicas} --dry-run=client
    wait pod two --for=delete --timeout=9999999999h
    create deployment x --image=x --validate=x
    create cm x --validate=Strict
    taint node node1 a=b:NoSchedule --validate=x
    label a=b pod two
    annotate a=b pod two
    label pods --all -l a=b c=d
    label pods --all --field-selector=metadata.name=two c=d
    label pod two --list -o yaml
    label pod two a=b --list
    label pod two a=b c=d
    label pod two a=c --list
    label pod two a- --dry-run=client -o jsonpath={.metadata.labels}
    run x --image=nginx -t
    run x --image=nginx --annotations=a
    run x --image=nginx --annotations==b
    run x --image=nginx -l a==b
    run x --image=nginx -l =a
    run x --image=nginx --port=99999999999
    run x --image=nginx --port=4294967296
    run x --image=nginx --port=9223372036854775808
    get pod two -o jsonpath={9223372036854775808}
    get pod two -o jsonpath={.spec.containers[9223372036854775808].name}
    port-forward pod/two 9223372036854775808:80
    port-forward pod/two 80:9223372036854775808
    port-forward pod/two 80:65536
    delete pod two --now --force
    delete pod two --now --grace-period=5
"""


@pytest.mark.parametrize("story", [NAMES, FLAGS], ids=["names", "flags"])
def test_both_refuse_in_the_same_words(story: str) -> None:
    check(workloads(), story)


POD = "apiVersion: v1\nkind: Pod\nmetadata: {about}\nspec: {{containers: [{{name: a, image: nginx}}]}}\n"
UNKNOWN_FIELD = POD.format(about="{name: x}").replace("image: nginx", "image: nginx, nope: 1")
MANIFESTS = [
    (line, POD.format(about=about))
    for line in ("create -f -", "apply -f -", "delete -f -")
    for about in ("x", "{name: [1]}", "{name: 5}", "{name: a, namespace: 3}")
] + [
    ("create -f -", "---"),
    ("get -f -", "---"),
    ("delete -f -", POD.format(about="{name: nope}")),
    ("delete -f -", POD.format(about="{name: a/b}")),
    ("apply -f -", POD.format(about="{name: a/b}")),
    ("apply -f -", POD.format(about="{}")),
    ("label -f - a=b", POD.format(about="{name: a/b}")),
    ("create -f - --validate=strict", UNKNOWN_FIELD),
    ("create -f - --validate=false", UNKNOWN_FIELD),
    ("create -f - --validate=x", UNKNOWN_FIELD),
    ("apply -f - --validate", UNKNOWN_FIELD),
    ("apply -f - --validate=ignore", UNKNOWN_FIELD),
    ("create -f - --dry-run=client -o json", POD.format(about="{name: x, labels: {a: b}, annotations: {c: d}}")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "manifest"), MANIFESTS)
def test_both_say_the_same_of_odd_manifests(line: str, manifest: str) -> None:
    binary, cluster = real.kubectl("1.37"), Cluster(nodes=1)
    with serve(cluster.fork()) as served:
        text, code = real.screen(binary, served, line, manifest)
    said = cluster.kubectl(line, manifest, check=False)
    assert (str(said), said.code) == (text.replace(served.url, SERVER), code)


@pytest.mark.parametrize("noted", ["x", "[1]", "{", "3", "null", '{"spec":3}'])
def test_what_was_applied_last_is_an_annotation_that_anybody_may_write(noted: str) -> None:
    binary, cluster = real.kubectl("1.37"), workloads()
    cluster.kubectl(f"annotate cm cm --overwrite kubectl.kubernetes.io/last-applied-configuration={shlex.quote(noted)}")
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: c}\n"
    with serve(cluster.fork()) as served:
        text, code = real.screen(binary, served, "apply -f -", manifest)
    said = cluster.kubectl("apply -f -", manifest, check=False)
    assert (str(said), said.code) == (text, code)


@pytest.mark.parametrize("line", ["apply -f - --overwrite=false", "run x --image=nginx -i", "drain node1 --chunk-size=5"])
def test_what_would_be_ignored_is_not_modelled(line: str) -> None:
    with pytest.raises(NotModelled):
        Cluster(nodes=1).kubectl(line, POD.format(about="{name: x}"))


@pytest.mark.parametrize("line", [
    "get cm -o jsonpath=" + shlex.quote("{range .items[*]}" * 3000 + "{end}" * 3000),
    "get cm -o custom-columns=" + ",".join(["A:.a"] * 3000),
])  # fmt: skip
def test_what_is_too_deep_is_not_modelled(line: str) -> None:
    cluster = Cluster(nodes=1)
    cluster.kubectl("create cm x")
    with pytest.raises(NotModelled):
        cluster.kubectl(line)


# --- waiting for an end -------------------------------------------------------------------------------------------


def stuck() -> Cluster:
    """A cluster with a pod whose kubelet does nothing."""
    cluster = Cluster(nodes=1)
    cluster.kubectl("run web --image=nginx")
    cluster.stop("kubelet", "node1")
    return cluster


def test_delete_waits_as_long_as_it_is_told() -> None:
    cluster = stuck()
    said = cluster.kubectl("delete pod web --timeout=5s", check=False)
    assert said == 'pod "web" deleted from default namespace\nerror: timed out waiting for the condition on pods/web\n'
    assert (said.code, cluster.now) == (1, 5.0)


def test_delete_waits_an_hour_if_nobody_says_how_long() -> None:
    cluster = stuck()
    said = cluster.kubectl("delete pod web", check=False)
    assert said == 'pod "web" deleted from default namespace\n^C\n'
    assert cluster.now == 3600.0


def test_delete_does_not_wait_if_told_so_or_if_nobody_acts() -> None:
    cluster = stuck()
    cluster.kubectl("delete pod web --wait=false")
    with cluster.paused():
        cluster.kubectl("delete pod web")
    assert cluster.now == 0.0


# --- by chance ----------------------------------------------------------------------------------------------------

WORDS = (
    "pods", "deploy", "rs", "svc", "nodes", "all", "pods,deploy", "pod/two", "deploy/web", "/x", "x/", ",", "web", "two", "cm",
    "nope", "", "..", "a%b", "a/b/c", "é", "²", "-", "=", "a=b", "a-", "a:b", "a=b:NoSchedule", "*=x", "80:81", "pod.spec", "--",
    "0", "-1", "99999999999999999999", "1h", "json", "name", "jsonpath={.items[*].x}", "jsonpath={", "jsonpath={[9:-1:0]}", "{}",
    "custom-columns=A:.a[", "[{}]", "[1]", '{"spec":null}', '{"metadata":{"labels":[]}}', "condition=", "delete", "-f", "-l",
)  # fmt: skip


def verbs(commands: tuple[Command, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    for each in commands:
        if each.run is not None:
            yield (*path, each.name), each
        yield from verbs(each.subcommands, (*path, each.name))


@pytest.mark.parametrize("seed", range(4))
def test_no_line_ends_in_an_error_of_pythons_own(seed: int) -> None:
    chance, cluster, known = random.Random(seed), workloads(), list(verbs(tuple(COMMANDS.values())))
    for _ in range(250):
        path, command = chance.choice(known)
        words = [*path, *chance.choices(WORDS, k=chance.randrange(4))]
        for flag in chance.choices([*SHARED, *command.flags], k=chance.randrange(3)):
            words += [f"--{flag.name}"] if not flag.takes_value else [f"--{flag.name}={chance.choice(WORDS)}"]
        line = shlex.join(words)
        try:
            cluster.kubectl(line, POD.format(about=chance.choice(["x", "{}", "{name: x, labels: [1]}"])), check=False)
        except (ApiError, CommandError, NotModelled):
            pass
        except Exception as error:
            raise AssertionError(line) from error
