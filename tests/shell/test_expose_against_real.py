"""kubectl expose, create service and set selector beside the real kubectl, 1.37: what they print, refuse and make.

Each line runs on a fresh copy of one cluster, for both.
"""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.serve import Served, serve
from tests.shell import real
from tests.shell.test_against_real import without_volatile

PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: two, labels: {app: two, tier: front}}
spec:
  containers:
  - {name: web, image: nginx, ports: [{containerPort: 80, name: http}, {containerPort: 443}]}
---
apiVersion: v1
kind: Pod
metadata: {name: dns, labels: {app: dns}}
spec:
  containers:
  - {name: dns, image: nginx, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}, {containerPort: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec: {containers: [{name: web, image: nginx}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: chosen}
spec:
  selector: {matchLabels: {app: chosen}, matchExpressions: [{key: tier, operator: In, values: [a, b]}]}
  template: {metadata: {labels: {app: chosen, tier: a}}, spec: {containers: [{name: web, image: nginx}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: set}
spec:
  selector: {matchLabels: {app: set}}
  template: {metadata: {labels: {app: set}}, spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}}
"""

LINES = """
expose deployment web --port=80
expose deploy/web --port=80 --target-port=8080 -o yaml
expose deploy web --port=80 --target-port=http -o json
expose deploy web --port=80 --dry-run=client -o yaml
expose deploy web --port=80 --dry-run=client -o json
expose deploy web --port=80 --dry-run=client
expose deploy web --port=80 --dry-run=server
expose deploy web --port=80 --dry-run=client -o yaml -n default
expose deploy web --port=80 --save-config --dry-run=client -o yaml
expose deploy web --port=80 --save-config -o yaml
expose deploy web --port=80 -o name
expose deploy web --port=80 -o wide
expose deploy web
expose deploy web --cluster-ip=None -o yaml
expose deploy web --port=80 --cluster-ip=None -o yaml
expose deploy web --port=80 --cluster-ip=10.96.0.20 -o yaml
expose deploy web --port=80 --cluster-ip=1.2.3.4
expose deploy web --port=80 --cluster-ip=10.96.0.1
expose deploy web --port=80,443 -o yaml
expose deploy web --port=abc
expose deploy web --port=0
expose deploy web --port=70000
expose deploy web --port=4294967376 --dry-run=client -o yaml
expose deploy web --port=80 --protocol=UDP -o yaml
expose deploy web --port=80 --protocol=SCTP -o jsonpath={.spec.ports}
expose deploy web --port=80 --protocol=icmp
expose deploy web --port=80 --type=NodePort --dry-run=client -o yaml
expose deploy web --port=80 --type=Wrong
expose deploy web --port=80 --type=LoadBalancer --load-balancer-ip=198.51.100.7 --dry-run=client -o yaml
expose deploy web --port=80 --load-balancer-ip=198.51.100.7 --dry-run=client -o yaml
expose deploy web --port=80 --type=ExternalName
expose deploy web --port=80 --external-ip=198.51.100.9 -o yaml
expose deploy web --port=80 --external-ip=nonsense
expose deploy web --port=80 --session-affinity=ClientIP -o yaml
expose deploy web --port=80 --session-affinity=Maybe
expose deploy web --port=80 --selector=a=b,c=d -o yaml
expose deploy web --port=80 --selector=a
expose deploy web --port=80 --selector==b
expose deploy web --port=80 --labels=a=b -o yaml
expose deploy web --port=80 -l a=b,c=d -o yaml
expose deploy web --port=80 --labels=a=b=c
expose deploy web --port=80 --name=front -o yaml
expose deploy web --port=80 --name=Front
expose deploy web --port=80 --name=kubernetes
expose deploy web --port=80 --target-port=99999
expose deploy web nothing --port=80
expose deploy nothing --port=80
expose deploy
expose
expose deploy,rs web --port=80
expose deploy web shop --port=80 -o yaml --dry-run=client
expose deploy chosen --port=80
expose deploy chosen --port=80 --selector=a=b -o yaml
expose rs set
expose rs/set -o yaml
expose pod two -o yaml
expose pod two --port=443 -o yaml
expose pod two --target-port=http -o yaml
expose pod dns -o yaml
expose pod dns --protocol=TCP -o yaml
expose pod dns --port=53 -o yaml
expose pod bare --port=80
expose pod bare --port=80 --selector=a=b
expose svc kubernetes --port=80
expose svc old
expose svc old --name=new -o yaml
expose svc old --name=new --port=443 --target-port=8443 -o yaml
expose configmap kube-root --port=80
expose cm settings --port=80
expose ns default --port=80
expose ds/x --port=80
expose node/node1 --port=80
expose deploy web --port=80 -n shop
expose deploy shop --port=80 -n shop -o yaml
expose deploy shop --port=80 -n shop --dry-run=client -o yaml
expose deploy web --port=80 --dry-run=maybe
expose deploy web --port
expose deploy web --port=80 --wrong
expose -f -
create service clusterip a --tcp=80
create service clusterip a --tcp=80:8080 -o yaml
create service clusterip a --tcp=80:http,443 -o yaml
create service clusterip a --tcp=80 --tcp=443:8443 -o json
create service clusterip a --tcp=80 --dry-run=client -o yaml
create service clusterip a --tcp=80 --dry-run=client -o json
create service clusterip a --tcp=80 --dry-run=client -o yaml --save-config
create service clusterip a --tcp=80 --dry-run=server
create service clusterip a --tcp=80 --save-config -o yaml
create service clusterip a --clusterip=None -o yaml
create service clusterip a --clusterip=None --tcp=80 -o yaml
create service clusterip a --clusterip=10.96.0.30 --tcp=80
create service clusterip a --clusterip=36075 --tcp=80
create service clusterip a
create service clusterip
create service clusterip a b --tcp=80
create service clusterip kubernetes --tcp=80
create service clusterip A --tcp=80
create service clusterip a --tcp=x
create service clusterip a --tcp=80:-1
create service clusterip a --tcp=80:99999
create service clusterip a --tcp=80:a_b
create service clusterip a --tcp=80:8080:9090 -o yaml
create service clusterip a --tcp=70000
create service clusterip a --tcp=0
create service clusterip a --tcp=80,80
create service clusterip a --tcp=80 -n shop -o yaml
create service clusterip a --tcp=80 -n nowhere
create svc nodeport a --tcp=80
create service nodeport a --tcp=80 --node-port=30080 -o yaml
create service nodeport a --tcp=80 --node-port=36075
create service nodeport a --tcp=80 --node-port=80
create service nodeport a --tcp=80,443 --node-port=30080
create service nodeport a
create service nodeport a --tcp=80 --dry-run=client -o yaml
create service loadbalancer a --tcp=80
create service loadbalancer a --tcp=80 --dry-run=client -o yaml
create service loadbalancer a
create service externalname a --external-name=example.com -o yaml
create service externalname a --external-name=example.com --tcp=80 --dry-run=client -o yaml
create service externalname a --external-name=-x
create service externalname a
create service wrong
run box --image=nginx --port=80 --expose
run box --image=nginx --port=80 --expose -o yaml --dry-run=client
run box --image=nginx --port=80 --expose -l a=b --dry-run=client -o json
run box --image=nginx --expose
run kubernetes --image=nginx --port=80 --expose
set selector svc old app=two
set selector svc old app=two,tier=front -o yaml
set selector svc/old app=two tier=front
set selector svc old app=web -o yaml
set selector svc old 'app in (web)'
set selector svc old 'app in (a,b),tier=front'
set selector svc old 'app!=web'
set selector svc old app
set selector svc old '!app'
set selector svc old 'a>1'
set selector svc old a=b=c
set selector svc old app=two --dry-run=client -o yaml
set selector svc old app=two --dry-run=server -o yaml
set selector svc old app=two --dry-run=client
set selector svc --all app=two
set selector svc app=two
set selector deploy web app=two
set selector svc none app=two
set selector app=two
set selector
set selector svc old
get svc,endpoints,endpointslices
get svc,endpoints,endpointslices -o wide
get ep old -o yaml
get endpointslices -l kubernetes.io/service-name=old -o yaml
get endpointslices -o json
describe ep
describe endpoints old
describe endpointslices
describe endpointslice kubernetes
describe svc
describe svc old
""".strip().splitlines()


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """A cluster with Deployments, pods and a Service that may be exposed, or not."""
    c = Cluster(nodes=2)
    c.kubectl("create deployment web --image=nginx --replicas=2")
    c.kubectl("create ns shop")
    c.kubectl("create deployment shop --image=nginx -n shop")
    c.kubectl("apply -f -", PODS)
    c.kubectl("create configmap settings")
    c.kubectl("expose deploy web --port=80,443 --name=old --labels=a=b")
    c.sleep(75)
    return c


READS = tuple(line for line in LINES if line.startswith(("get", "describe")) or "--dry-run" in line)


@pytest.mark.parametrize("line", READS)
def test_it_prints_what_the_real_one_prints(cluster: Cluster, served: Served, line: str) -> None:
    said = cluster.fork().kubectl(line, check=False)
    assert _shown(said, said.code) == _shown(*real.screen(real.kubectl("1.37"), served, line))


@pytest.mark.parametrize("line", [line for line in LINES if line not in READS])
def test_it_makes_what_the_real_one_makes(cluster: Cluster, line: str) -> None:
    ours = cluster.fork()
    with serve(cluster.fork()) as served:
        said = ours.kubectl(line, check=False)
        assert _shown(said, said.code) == _shown(*real.screen(real.kubectl("1.37"), served, line))
        after = real.screen(real.kubectl("1.37"), served, "get svc -A -o yaml")[0]
    assert ours.kubectl("get svc -A -o yaml") == after


def _shown(text: str, code: int) -> tuple[str, int]:
    return without_volatile(text), code
