"""Pods as a whole, what they wish of their node, volumes, and which changes the server takes."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import Object, Toleration, changed
from k8snet.kube.validation import validate
from tests.kube.validation.saying import CONTAINER, KEY, LABEL, SUBDOMAIN, VALUE, made, said, said_of_change, said_of_pod

FIELDS = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions "
    "to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
UPDATES = f"spec: Forbidden: pod updates may not change fields other than {FIELDS}"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param({}, [], id="right"),
        pytest.param(
            {"restartPolicy": "always"},
            ['spec.restartPolicy: Unsupported value: "always": supported values: "Always", "OnFailure", "Never"'],
            id="restart",
        ),
        pytest.param(
            {"dnsPolicy": "Cluster"},
            [
                'spec.dnsPolicy: Unsupported value: "Cluster": supported values: "ClusterFirstWithHostNet", '
                '"ClusterFirst", "Default", '
                '"None"'
            ],
            id="dns",
        ),
        pytest.param({"nodeName": "Node1"}, [f'spec.nodeName: Invalid value: "Node1": {SUBDOMAIN}'], id="node"),
        pytest.param(
            {"nodeSelector": {"a b": "c d"}},
            [f'spec.nodeSelector: Invalid value: "a b": {KEY}', f'spec.nodeSelector: Invalid value: "c d": {VALUE}'],
            id="nodeSelector",
        ),
        pytest.param({"serviceAccountName": "Me"}, [f'spec.serviceAccountName: Invalid value: "Me": {SUBDOMAIN}'], id="account"),
        pytest.param({"hostname": "a.b"}, ['spec.hostname: Invalid value: "a.b": must not contain dots'], id="hostname"),
        pytest.param({"subdomain": "A"}, [f'spec.subdomain: Invalid value: "A": {LABEL}'], id="subdomain"),
        pytest.param(
            {"activeDeadlineSeconds": 0},
            ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
            id="deadline",
        ),
        pytest.param(
            {"preemptionPolicy": "Yes"},
            ['spec.preemptionPolicy: Unsupported value: "Yes": supported values: "PreemptLowerPriority", "Never"'],
            id="preemption",
        ),
        pytest.param(
            {"shareProcessNamespace": True, "hostPID": True},
            [
                "spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID "
                "cannot both be enabled",
            ],
            id="processes",
        ),
        pytest.param(
            {"hostUsers": False, "hostNetwork": True},
            ["spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false"],
            id="users",
        ),
        pytest.param(
            {"securityContext": {"sysctls": [{"name": "a b", "value": ""}]}},
            [
                'spec.securityContext.sysctls[0].name: Invalid value: "a b": must have at most 253 characters and match regex '
                r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
            ],
            id="sysctl",
        ),
        pytest.param(
            {"ephemeralContainers": [{"name": "a", "image": "b"}]},
            ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
            id="ephemeral",
        ),
    ],
)
def test_pods(spec: dict[str, Any], errors: list[str]) -> None:
    assert said_of_pod(**spec) == errors


def test_a_pods_annotations() -> None:
    metadata = {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "low"}}
    words = 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "low": must be a 32bit integer'
    assert said("Pod", metadata, spec={"containers": [CONTAINER]}) == [words]


def test_errors_come_in_the_servers_order() -> None:
    errors = said(
        "Pod",
        {"name": "A"},
        spec={"containers": [{"ports": [{}]}], "restartPolicy": "x", "volumes": [{"name": "v"}, {"name": "v"}]},
    )
    assert [error.partition(": ")[0] for error in errors] == [
        "metadata.name",
        "spec.volumes[1].name",
        "spec.containers[0].name",
        "spec.containers[0].image",
        "spec.containers[0].ports[0].containerPort",
        "spec.restartPolicy",
    ]


@pytest.mark.parametrize(
    ("toleration", "errors"),
    [
        pytest.param({"key": "a", "operator": "Exists"}, [], id="right"),
        pytest.param({"operator": "Exists"}, [], id="all"),
        pytest.param(
            {"value": "a"},
            [
                'operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all '
                'values and all keys"'
            ],
            id="no key",
        ),
        pytest.param(
            {"key": "a", "operator": "Exists", "value": "b"},
            ["operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"],
            id="a value too many",
        ),
        pytest.param(
            {"key": "a", "operator": "Has"},
            ['operator: Unsupported value: "Has": supported values: "Equal", "Exists"'],
            id="operator",
        ),
        pytest.param(
            {"key": "a", "effect": "NoRun"},
            ['effect: Unsupported value: "NoRun": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'],
            id="effect",
        ),
        pytest.param(
            {"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5},
            ["effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set"],
            id="seconds",
        ),
    ],
)
def test_tolerations(toleration: dict[str, Any], errors: list[str]) -> None:
    assert said_of_pod(tolerations=[toleration]) == [f"spec.tolerations[0].{error}" for error in errors]


def node_affinity(**term: Any) -> dict[str, Any]:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}


@pytest.mark.parametrize(
    ("affinity", "errors"),
    [
        pytest.param(node_affinity(matchExpressions=[{"key": "a", "operator": "Gt", "values": ["1"]}]), [], id="right"),
        pytest.param(
            {"nodeAffinity": {REQUIRED: {}}},
            [f"nodeAffinity.{REQUIRED}.nodeSelectorTerms: Required value: must have at least one node selector term"],
            id="no term",
        ),
        pytest.param(
            node_affinity(matchExpressions=[{"key": "a", "operator": "In"}]),
            [
                f"nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be "
                f"specified when "
                "`operator` is 'In' or 'NotIn'"
            ],
            id="no values",
        ),
        pytest.param(
            node_affinity(matchExpressions=[{"key": "a", "operator": "in", "values": ["b"]}]),
            [
                f'nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "in": not a '
                f"valid selector "
                "operator"
            ],
            id="operator",
        ),
        pytest.param(
            node_affinity(matchExpressions=[{"key": "a", "operator": "Exists", "values": ["b"]}]),
            [
                f"nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].values: Forbidden: may not be "
                f"specified when `operator` "
                "is 'Exists' or 'DoesNotExist'"
            ],
            id="values too many",
        ),
        pytest.param(
            node_affinity(matchFields=[{"key": "spec.unschedulable", "operator": "In", "values": ["true"]}]),
            [
                f'nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "spec.unschedulable": '
                f"not a valid field "
                "selector key"
            ],
            id="field",
        ),
        pytest.param(
            {"nodeAffinity": {PREFERRED: [{"weight": 0, "preference": {}}]}},
            [f"nodeAffinity.{PREFERRED}[0].weight: Invalid value: 0: must be in the range 1-100"],
            id="weight",
        ),
        pytest.param(
            {"podAntiAffinity": {REQUIRED: [{"labelSelector": {}}]}},
            [
                f"podAntiAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty",
                f'podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": name part must be non-empty',
                f'podAntiAffinity.{REQUIRED}[0].topologyKey: Invalid value: "": {KEY}',
            ],
            id="topology",
        ),
        pytest.param(
            {
                "podAffinity": {
                    REQUIRED: [{"topologyKey": "zone", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Gt"}]}}]
                }
            },
            [
                f'podAffinity.{REQUIRED}[0].labelSelector.matchExpressions[0].operator: Invalid value: "Gt": not a valid '
                f"selector operator",
            ],
            id="labels",
        ),
    ],
)
def test_affinity(affinity: dict[str, Any], errors: list[str]) -> None:
    assert said_of_pod(affinity=affinity) == [f"spec.affinity.{error}" for error in errors]


SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}


@pytest.mark.parametrize(
    ("constraints", "errors"),
    [
        pytest.param([SPREAD], [], id="right"),
        pytest.param([SPREAD | {"maxSkew": 0}], ["[0].maxSkew: Invalid value: 0: must be greater than zero"], id="skew"),
        pytest.param(
            [SPREAD | {"whenUnsatisfiable": "Wait"}],
            ['[0].whenUnsatisfiable: Unsupported value: "Wait": supported values: "DoNotSchedule", "ScheduleAnyway"'],
            id="action",
        ),
        pytest.param(
            [SPREAD, SPREAD], ['[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"'], id="twice"
        ),
        pytest.param(
            [SPREAD | {"matchLabelKeys": ["a"]}],
            ["[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"],
            id="keys",
        ),
    ],
)
def test_spreading(constraints: list[dict[str, Any]], errors: list[str]) -> None:
    assert said_of_pod(topologySpreadConstraints=constraints) == [f"spec.topologySpreadConstraints{error}" for error in errors]


@pytest.mark.parametrize(
    ("volumes", "errors"),
    [
        pytest.param([{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "c"}}], [], id="right"),
        pytest.param([{"name": "V"}], [f'[0].name: Invalid value: "V": {LABEL}'], id="name"),
        pytest.param([{"emptyDir": {}}], ["[0].name: Required value"], id="no name"),
        pytest.param([{"name": "v"}, {"name": "v"}], ['[1].name: Duplicate value: "v"'], id="twice"),
        pytest.param(
            [{"name": "v", "emptyDir": {}, "secret": {"secretName": "s"}}],
            ["[0].secret: Forbidden: may not specify more than 1 volume type"],
            id="two types",
        ),
        pytest.param([{"name": "v", "secret": {}}], ["[0].secret.secretName: Required value"], id="secret"),
        pytest.param(
            [{"name": "v", "hostPath": {"path": "/a/../b"}}],
            ["[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"],
            id="path",
        ),
        pytest.param(
            [{"name": "v", "configMap": {"name": "c", "defaultMode": 512}}],
            ["[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive"],
            id="mode",
        ),
    ],
)
def test_volumes(volumes: list[dict[str, Any]], errors: list[str]) -> None:
    assert said_of_pod(volumes=volumes) == [f"spec.volumes{error}" for error in errors]


# --- changes ------------------------------------------------------------------------------------------------------


def pod(**spec: Any) -> Object:
    return made("Pod", spec={"containers": [CONTAINER], **spec})


OLD = pod(tolerations=[{"key": "a", "operator": "Exists"}])
ANOTHER = Toleration(key="b", operator="Exists")
STAYING = "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"


def with_spec(**spec: Any) -> Object:
    return changed(OLD, spec=changed(OLD.spec, **spec))


def with_container(**fields: Any) -> Object:
    return with_spec(containers=[changed(OLD.spec.containers[0], **fields)])


@pytest.mark.parametrize(
    ("new", "errors"),
    [
        pytest.param(OLD, [], id="nothing"),
        pytest.param(with_container(image="nginx:1.29"), [], id="image"),
        pytest.param(with_container(image=""), ["spec.containers[0].image: Required value"], id="no image"),
        pytest.param(with_container(command=["sh"]), [UPDATES], id="command"),
        pytest.param(
            with_spec(containers=[]),
            ["spec.containers: Required value", "spec.containers: Forbidden: pod updates may not add or remove containers"],
            id="containers",
        ),
        pytest.param(with_spec(nodeName="node2"), [UPDATES], id="node"),
        pytest.param(with_spec(tolerations=[*OLD.spec.tolerations, ANOTHER]), [], id="one more toleration"),
        pytest.param(
            with_spec(tolerations=[changed(each, effect="NoExecute", tolerationSeconds=1) for each in OLD.spec.tolerations[1:]]),
            [STAYING],
            id="one toleration less",
        ),
        pytest.param(with_spec(activeDeadlineSeconds=5), [], id="a deadline"),
        pytest.param(with_spec(terminationGracePeriodSeconds=5), [UPDATES], id="grace"),
    ],
)
def test_changes(new: Object, errors: list[str]) -> None:
    assert said_of_change(new, OLD) == errors


def test_a_deadline_comes_nearer_only() -> None:
    old = with_spec(activeDeadlineSeconds=5)
    later = changed(old, spec=changed(old.spec, activeDeadlineSeconds=6))
    assert said_of_change(later, old) == [
        "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
    ]
    assert said_of_change(changed(old, spec=changed(old.spec, activeDeadlineSeconds=None)), old) == [
        "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value",
    ]


def test_each_pod_is_looked_at_even_if_its_spec_was_seen() -> None:
    first = pod()
    assert validate(first) == []
    assert validate(changed(first, metadata=changed(first.metadata, name="A"))) != []
