"""Services in the model's kubectl beside the real one, 1.37: created, shown, described, changed, deleted; line by line the same.

The server is ours on both sides, so what it says of a Service is not judged here but in tests/kube; how it is shown is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snet import Cluster
from k8snet.kube.decoding import decode
from k8snet.kube.objects import changed
from k8snet.serve import Served, serve
from tests.shell import real

MANIFESTS = Path(__file__).parents[2] / "notebooks" / "manifests"
ALL = """\
apiVersion: v1
kind: Service
metadata: {name: inside, labels: {tier: back}}
spec: {selector: {app: web, tier: back}, ports: [{port: 80, targetPort: http}], clusterIP: 10.96.0.30}
---
apiVersion: v1
kind: Service
metadata: {name: nodes, annotations: {note: a b}}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30090}], externalTrafficPolicy: Local}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {clusterIP: None}
---
apiVersion: v1
kind: Service
metadata: {name: named}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: v1
kind: Service
metadata: {name: pending}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 30100
  loadBalancerSourceRanges: [10.0.0.0/8, 192.0.2.0/24]
  selector: {app: web}
  ports: [{port: 80, nodePort: 30091}]
---
apiVersion: v1
kind: Service
metadata: {name: balanced}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, nodePort: 30092}]}
---
apiVersion: v1
kind: Service
metadata: {name: many}
spec:
  selector: {app: web}
  sessionAffinity: ClientIP
  trafficDistribution: PreferSameZone
  externalIPs: [198.51.100.7, 198.51.100.8]
  ports:
  - {name: http, port: 80, appProtocol: kubernetes.io/h2c}
  - {name: dns, port: 53, protocol: UDP, targetPort: 5353}
  - {name: sig, port: 3868, protocol: SCTP}
"""
NAMES = ("inside", "nodes", "headless", "nobody", "named", "pending", "balanced", "many", "web", "kubernetes")
BALANCED = {"loadBalancer": {"ingress": [{"ip": "198.51.100.80"}, {"hostname": "lb.example.com"}]}}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """A cluster with Services of all kinds, and pods behind some of them."""
    c = Cluster(nodes=2)
    c.apply(MANIFESTS / "web.yaml")
    c.apply(ALL)
    status = decode({"apiVersion": "v1", "kind": "Service", "status": BALANCED}).status
    c.api.update_status(changed(c.api.get("Service", "balanced"), status=status))
    c.sleep(75)
    return c


def assert_alike(ours: Cluster, served: Served, line: str, stdin: str = "") -> None:
    """Both print the same, and end in the same way."""
    said = ours.kubectl(line, stdin, check=False)
    text, code = real.screen(real.kubectl("1.37"), served, line, stdin)
    assert (said, said.code) == (text, code)


@pytest.mark.parametrize(
    "line",
    [
        "get svc",
        "get svc -o wide",
        "get services -A --show-labels",
        "get svc,endpointslices,endpoints",
        "get svc -o yaml",
        "get svc many -o json",
        "get svc -o name",
        "get svc -l tier=back",
        "get svc --sort-by=.spec.clusterIP",
        "get svc --field-selector spec.type=NodePort",
        "get svc --field-selector spec.clusterIP=None",
        "get svc web -o jsonpath={.spec.ports[0].nodePort}",
        "get svc -o custom-columns=NAME:.metadata.name,IP:.spec.clusterIP,PORT:.spec.ports[*].port",
        "get svc nope",
        "describe svc",
        "describe services -l tier=back",
        "describe svc nope",
        *(f"describe svc {name}" for name in NAMES),
    ],
)
def test_services_are_shown_alike(cluster: Cluster, served: Served, line: str) -> None:
    assert_alike(cluster.fork(), served, line)


STORIES = {
    "from type to type": """
        patch svc inside -p '{"spec":{"type":"NodePort"}}'
        get svc inside -o yaml
        patch svc inside -p '{"spec":{"type":"LoadBalancer","externalTrafficPolicy":"Local"}}'
        describe svc inside
        patch svc inside --type=merge -p '{"spec":{"type":"ClusterIP","externalTrafficPolicy":null}}'
        get svc inside -o yaml
        patch svc inside -p '{"spec":{"type":"ExternalName","externalName":"example.com"}}'
        describe svc inside
        patch svc inside --type=json -p '[{"op":"replace","path":"/spec/type","value":"ClusterIP"}]'
        get svc inside -o wide
        delete svc inside
        delete svc inside
    """,
    "ports": """
        patch svc web -p '{"spec":{"ports":[{"port":443,"name":"https"},{"port":80,"name":"http"}]}}'
        get svc web -o yaml
        patch svc web -p '{"spec":{"ports":[{"port":443,"$patch":"delete"}]}}'
        describe svc web
        patch svc web --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":8080}]'
        get svc web
        patch svc web -p '{"spec":{"ports":[{"port":8080,"nodePort":36075}]}}'
        patch svc web -p '{"spec":{"ports":[{"port":8080,"nodePort":30090}]}}'
        patch svc web --type=json -p '[{"op":"replace","path":"/spec/ports","value":[]}]'
        get svc web
    """,
    "what is refused": """
        patch svc web -p '{"spec":{"clusterIP":"10.96.0.99"}}'
        patch svc web -p '{"spec":{"clusterIP":"None"}}'
        patch svc web -p '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}'
        patch svc web -p '{"spec":{"type":"Headless"}}'
        patch svc web -p '{"spec":{"sessionAffinity":"Cookie","internalTrafficPolicy":"Node"}}'
        patch svc pending -p '{"spec":{"healthCheckNodePort":30101}}'
        get svc
    """,
    "labels, selectors, affinity": """
        label svc web tier=front
        annotate svc web note=a
        patch svc web -p '{"spec":{"selector":{"app":"nobody"}}}'
        describe svc web
        patch svc web -p '{"spec":{"selector":null,"sessionAffinity":"ClientIP"}}'
        describe svc web
        get endpointslices
        patch svc web -p '{"spec":{"sessionAffinity":"None"}}'
        get svc web -o yaml
        delete svc -l tier=front
        delete svc --all
        get svc
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_services_change_alike(cluster: Cluster, story: str) -> None:
    ours = cluster.fork()
    with serve(ours.fork()) as served:
        for line in STORIES[story].split("\n"):
            assert_alike(ours, served, line.strip()) if line.strip() else None


WEB = (MANIFESTS / "web.yaml").read_text(encoding="utf-8")


def web(**changes: str) -> str:
    """The manifest with other lines in its Service: by key, the whole line; empty: without it."""
    lines = WEB.split("\n")
    for key, text in changes.items():
        at = next(at for at, line in enumerate(lines) if line.strip().startswith(f"{key}: "))
        lines[at] = text
    return "\n".join(lines)


APPLIED = {
    "the same again": [WEB],
    "without an address and a node port": [web(clusterIP="", nodePort="")],
    "another type": [web(type="  type: LoadBalancer"), WEB],
    "no node port any more": [web(type="", nodePort=""), WEB],
    "a type that has no node port": [web(type="  type: ClusterIP")],
    "another node port": [web(nodePort="      nodePort: 30081")],
    "the course's node port": [web(nodePort="      nodePort: 36075")],
    "another address": [web(clusterIP="  clusterIP: 10.96.0.21")],
    "an address elsewhere": [web(clusterIP="  clusterIP: 10.97.0.1").replace("name: web\nspec:\n  ty", "name: new\nspec:\n  ty")],
    "a name for a name": [web(type="  type: ExternalName\n  externalName: example.com", clusterIP="", nodePort="")],
    "a port more": [web(nodePort="      name: http\n    - {name: https, port: 443}"), WEB],
    "a slip": [web(targetPort="      targetport: 80")],
    "all kinds again": [ALL, ALL.replace("30090", "30093").replace("example.com", "example.org")],
}


@pytest.mark.parametrize("case", APPLIED)
def test_services_are_applied_alike(cluster: Cluster, case: str) -> None:
    ours = cluster.fork()
    with serve(ours.fork()) as served:
        for manifest in APPLIED[case]:
            assert_alike(ours, served, "apply -f -", manifest)
        assert_alike(ours, served, "get svc -o yaml")
