"""The model's kubectl beside the real one, 1.37: the same commands, on two copies of one cluster, print the same text.

The real one talks to `k8snet.serve`. Each story is a list of commands in order; what they print and how they end is compared
line by line. Nothing is left out but the number of milliseconds and the process in what ``-v`` tells.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from k8snet import Cluster
from k8snet.linux.tools import Output
from k8snet.serve import Served, serve
from tests.shell import real

MANIFESTS = Path(__file__).parents[2] / "notebooks" / "manifests"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: two
  labels: {app: two}
spec:
  containers:
  - {name: web, image: nginx, ports: [{containerPort: 80}]}
  - {name: box, image: busybox, command: [sleep, infinity]}
"""


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """A cluster with a Deployment, pods that are well and pods that are not."""
    c = Cluster(nodes=2)
    c.kubectl(f"apply -f {MANIFESTS / 'deployment.yaml'}")
    c.kubectl("apply -f -", POD)
    c.kubectl("run done --image=busybox --restart=Never -- true")
    c.kubectl("run broken --image=nginx:does-not-exist")
    c.kubectl("create ns shop")
    c.kubectl("create deployment shop --image=nginx -n shop")
    c.sleep(75)
    return c


READ, NEWER = (part.splitlines() for part in
               Path(__file__).with_name("commands.txt").read_text(encoding="utf-8").split("--- told otherwise by 1.20\n"))
"""Commands that change nothing, one a line: what they print, and what they refuse."""


DISCOVERY = r"/(api|apis|openapi)(/v[23]|/[a-z0-9.]+/v\d+)?(/apis/[a-z0-9./]+|/api/v1)?(\?[^\"]*)?"
OF_ITSELF = re.compile(
    r"(?m)^I (loader|envvar|discovery|cached_discovery|patcher|apply|request)\.go.*\n"
    rf'|^I \S+ "Response" verb="GET" url="https://[^/]+{DISCOVERY}".*\n'
)
"""What real kubectl tells of itself: its configuration and features, and what it asks of the API once and then keeps."""


def without_volatile(text: str) -> str:
    """Text without what differs between any two runs of the real one."""
    text = re.sub(r"(?m)^([IWE])\d{4} \S+ +\d+ ", r"\1 ", text)
    return OF_ITSELF.sub("", re.sub(r"milliseconds=\d+", "milliseconds=0", text))


@pytest.mark.parametrize("line", [*READ, *NEWER])
def test_it_prints_what_the_real_one_prints(cluster: Cluster, served: Served, line: str) -> None:
    ours = cluster.fork().kubectl(line, check=False)
    text, code = real.screen(real.kubectl("1.37"), served, line)
    text = text.replace(served.url, "https://172.18.0.10:6443")
    assert (without_volatile(ours), ours.code) == (without_volatile(text), code)


STORIES = {
    "a deployment's life": """
        create deployment web2 --image=nginx --replicas=2
        get deploy web2 -o wide
        get pods -l app=web2 -o wide
        scale deploy/web2 --replicas=4
        scale deployment web2 --replicas=1 --current-replicas=4
        get rs -l app=web2
        set image deploy/web2 nginx=nginx:1.29
        set image deploy/web2 nginx=nginx:1.29
        rollout status deploy/web2
        rollout history deploy/web2
        rollout undo deploy/web2
        rollout restart deploy/web2
        rollout pause deploy/web2
        rollout resume deploy/web2
        get deploy web2 -o jsonpath={.spec.template.spec.containers[0].image}
        label deploy web2 tier=front
        label deploy web2 tier=back
        label deploy web2 tier=back --overwrite
        label deploy web2 tier-
        annotate deploy web2 note='a b'
        annotate deploy web2 note=c
        annotate deploy web2 note-
        patch deploy web2 -p {"spec":{"replicas":2}}
        patch deploy web2 -p {"spec":{"replicas":2}}
        patch deploy web2 --type=merge -p {"spec":{"replicas":3}}
        patch deploy web2 --type=json -p [{"op":"replace","path":"/spec/replicas","value":1}]
        delete deploy web2
        get pods -l app=web2
        delete deploy web2
    """,
    "pods": """
        run box --image=busybox --command -- sleep infinity
        get pod box -o wide
        get pod box -o yaml
        run box --image=busybox
        label pod box a=b
        get pods --show-labels
        delete pod box two
        get pods
        delete pod done --now
        delete pod broken --force
        delete pod broken --grace-period=0 --force
        get pods
        delete pods --all
        get pods
        delete pods --all
    """,
    "namespaces": """
        create namespace a
        create namespace a
        run web --image=nginx -n a
        get pods -n a
        get ns
        delete ns a
        get ns a
        run web --image=nginx -n a
        get pods -n a
        create configmap settings --from-literal=colour=blue
        get cm
        get cm settings -o yaml
        describe cm settings
        create secret generic word --from-literal=word=abc
        get secret word -o yaml
        create sa robot
        delete cm settings
        delete secret word sa/robot
    """,
    "nodes": """
        cordon node1
        cordon node1
        get nodes
        uncordon node1
        taint nodes node1 key=value:NoSchedule
        taint nodes node1 key=value:NoSchedule
        taint nodes node1 key=other:NoSchedule --overwrite
        taint nodes node1 key:NoSchedule-
        drain node1
        drain node1 --ignore-daemonsets --force
        get nodes
        uncordon node1
    """,
    "what kubectl prints of Go's structs": """
        create deployment web2 --image=nginx -o json
        run box --image=busybox --env=A=b --port=80 --save-config -o json
        set image pod/two web=nginx:1.29 -o json
        taint nodes node1 key=value:NoSchedule -o json
        rollout pause deploy/web -o json
        create configmap settings --save-config -o yaml
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_goes_as_with_the_real_one(cluster: Cluster, story: str) -> None:
    ours = cluster.fork()
    with serve(cluster.fork()) as served:
        for line in filter(None, map(str.strip, STORIES[story].splitlines())):
            words = line if "{" not in line else re.sub(r"([{\[].*[}\]])$", r"'\1'", line)
            said = ours.kubectl(words, check=False)
            text, code = real.screen(real.kubectl("1.37"), served, words)
            if line.startswith("drain"):  # real kubectl evicts all pods at once, and tells it in the order in which it comes
                said, text = (Output("\n".join(sorted(each.splitlines())), code=said.code) for each in (said, text))
            assert (line, without_volatile(said), said.code) == (line, without_volatile(text), code)


VOLUMES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: ordered}}
spec:
  selector: {{matchLabels: {{app: ordered}}}}
  strategy: {1}
  template:
    metadata: {{labels: {{app: ordered}}}}
    spec: {{volumes: {0}, containers: [{2}]}}
"""
MANIFEST = (MANIFESTS / "fr-bk.yaml").read_text(encoding="utf-8")
APPLIED = {
    "created, then unchanged": [MANIFEST, MANIFEST],
    "scaled and relabelled": [MANIFEST, MANIFEST.replace("replicas: 3", "replicas: 1").replace("name: fr\n  template", "x")],
    "another image": [MANIFEST, MANIFEST.replace("agnhost:2.53", "agnhost:2.52")],
    "an argument less": [MANIFEST, MANIFEST.replace(", --udp-port=4000", "")],
    "no ports any more": [MANIFEST, re.sub(r"\n +ports:\n +- containerPort: 4000", "", MANIFEST)],
    "one is wrong": [MANIFEST.replace("replicas: 2", "replicas: -2")],
    "one has an unknown field": [MANIFEST.replace("replicas: 2", "replicsa: 2")],
    "a wrong type": [MANIFEST.replace("replicas: 2", "replicas: two")],
    "the selector changes": [MANIFEST, MANIFEST.replace("app: fr", "app: front")],
    "the selector does not fit": [MANIFEST.replace("matchLabels:\n      app: bk", "matchLabels:\n      app: kb")],
    "an unknown kind": [MANIFEST.replace("kind: Deployment", "kind: Deploymnet")],
    "no name": [MANIFEST.replace("name: fr\nspec", "nam: fr\nspec")],
    "another namespace": [MANIFEST.replace("name: bk\nspec", "name: bk\n  namespace: nowhere\nspec")],
    "not YAML": ["a: b: c"],
    "nothing": ["# nothing\n"],
    "a pod twice": [POD.replace("name: two", "name: three"), POD.replace("name: two", "name: three").replace("nginx", "httpd")],
    "a pod's port": [POD.replace("name: two", "name: three"), POD.replace("name: two", "name: three").replace("80}", "81}")],
    "another order, another volume": [
        VOLUMES.format("[{name: v, emptyDir: {}}]", "{type: Recreate}", "{name: a, image: nginx}, {name: b, image: httpd}"),
        VOLUMES.format("[{name: v, hostPath: {path: /x}}]", "{rollingUpdate: {maxSurge: 2}}",
                       "{name: b, image: httpd, env: [{name: X}]}, {name: a, image: nginx}"),
        VOLUMES.format("[]", "{type: Recreate}", "{name: b, image: 5}, {name: c, image: nginx}"),
    ],
    "what is empty or null": [POD.replace("name: two", "name: three, finalizers: [], annotations: {a: null}").replace(
        "spec:", "spec:\n  hostNetwork: false\n  nodeSelector: {}\n  hostname: ''\n  volumes: null")],
    "a kind in small letters": [POD.replace("name: two", "name: three").replace("kind: Pod", "kind: pod")],
    "made without apply": [POD.replace("{app: two}", "{app: two, more: x}")],
}


@pytest.mark.parametrize("case", APPLIED)
@pytest.mark.parametrize("options", ["", "--dry-run=client", "--dry-run=server", "-v=6"])
def test_apply(cluster: Cluster, case: str, options: str) -> None:
    ours = cluster.fork()
    ours.kubectl("label pod two more=y")
    with serve(ours.fork()) as served:
        for manifest in APPLIED[case]:
            said = ours.kubectl(f"apply -f - {options}", manifest, check=False)
            text, code = real.screen(real.kubectl("1.37"), served, f"apply -f - {options}", manifest)
            text = text.replace(served.url, "https://172.18.0.10:6443")
            assert (without_volatile(said), said.code) == (without_volatile(text), code)
        shown = real.screen(real.kubectl("1.37"), served, "get deploy,pods -o yaml")[0]
    assert ours.kubectl("get deploy,pods -o yaml") == shown


# --- Debian's, 1.20 -----------------------------------------------------------------------------------------------

SINCE_1_20 = [
    (r" deleted from ", r"(?<=deleted) from \S+ namespace", "", "delete says from which namespace"),
    (r"labeled", r"(?<=labeled) \((server )?dry run\)", "", "label says that it was a dry run"),
    ("no name was", "no name was specified", "no name, label selector, or --all flag specified", "a missing name"),
    (r"allowed formats", r"(?<=,)kyaml,", "", "-o kyaml"),
    ("resourceVersion", r'(?<=\n  resourceVersion: "")\n\Z', '\n  selfLink: ""\n', "selfLink of a List, in YAML"),
    ("resourceVersion", r'"resourceVersion": ""(?=\n    \}\n\}\n\Z)', '"resourceVersion": "",\n        "selfLink": ""',
     "the same in JSON"),
    (r"unknown shorthand", r"\Aerror: unknown", "Error: unknown", "an error of usage begins with a small letter"),
]  # fmt: skip
"""What has changed in kubectl's words since 1.20: where it matters, what stands there now, what stood there, and what it is."""
VERBS_OF_1_20 = ("get", "describe", "apply", "scale", "delete", "create", "run", "label")
DESCRIBED_ELSEWHERE = ("describe sa", "describe svc")
"""tests/shell/describing/ compares what 1.20 describes, with a list of its own."""


def as_in_1_20(text: str) -> str:
    """Today's text in the words of 1.20."""
    for where, now, then, _ in SINCE_1_20:
        if re.search(where, text):
            text = re.sub(now, then, text)
    return text


COMMANDS_OF_1_20 = [line for line in READ if line.startswith(VERBS_OF_1_20) and not line.startswith(DESCRIBED_ELSEWHERE)]


@pytest.mark.parametrize("line", COMMANDS_OF_1_20)
def test_debian_s_kubectl_prints_it_too(cluster: Cluster, served: Served, line: str) -> None:
    ours = cluster.fork().kubectl(line, check=False)
    text, code = real.screen(real.kubectl("1.20"), served, line)
    assert (as_in_1_20(without_volatile(ours)), ours.code) == (without_volatile(text), code)


@pytest.mark.parametrize("case", ["created, then unchanged", "scaled and relabelled", "another image", "an argument less"])
def test_debian_s_kubectl_applies(cluster: Cluster, case: str) -> None:
    ours = cluster.fork()
    with serve(ours.fork()) as served:
        for line, manifest in [("apply -f -", manifest) for manifest in APPLIED[case]] + [("get deploy,rs,pods -o wide", "")]:
            said = ours.kubectl(line, manifest, check=False)
            text, code = real.screen(real.kubectl("1.20"), served, line, manifest)
            assert (said, said.code) == (text, code)
        for line in ("scale deploy/web --replicas=1", "get pods", "delete deploy web", "get pods", "delete pod --all"):
            assert as_in_1_20(ours.kubectl(line)) == real.screen(real.kubectl("1.20"), served, line)[0]
