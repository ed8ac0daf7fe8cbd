"""Deployments, ReplicaSets and DaemonSets: selector and template, strategies, and what may not change."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.objects import LabelSelector, changed
from tests.kube.validation.saying import CONTAINER, NEGATIVE, PERCENT, VALUE, made, said, said_of_change, workload

ALL = ["Deployment", "ReplicaSet", "DaemonSet"]
NO_MATCH = "`selector` does not match template `labels`"


def template(labels: Any = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "web"} if labels is None else labels}, "spec": {"containers": [CONTAINER], **spec}}


@pytest.mark.parametrize("kind", ALL)
def test_what_is_right(kind: str) -> None:
    assert said(kind, spec=workload()) == []


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param(
            {"template": template({"app": "db"})},
            [f'spec.template.metadata.labels: Invalid value: {{"app":"db"}}: {NO_MATCH}'],
            id="labels",
        ),
        pytest.param(
            {"template": {"spec": {"containers": [CONTAINER]}}},
            [f"spec.template.metadata.labels: Invalid value: null: {NO_MATCH}"],
            id="no labels",
        ),
        pytest.param(
            {"template": template(restartPolicy="Never")},
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
            id="restart",
        ),
        pytest.param(
            {"template": template({"app": "web", "b": "c d"})},
            [f'spec.template.labels: Invalid value: "c d": {VALUE}'],
            id="a label's value",
        ),
        pytest.param(
            {"template": template(containers=[])}, ["spec.template.spec.containers: Required value"], id="no containers"
        ),
        pytest.param(
            {"template": template(containers=[CONTAINER | {"image": " nginx"}])}, [], id="spaces are allowed in templates"
        ),
        pytest.param(
            {"template": template(ephemeralContainers=[{"name": "a"}])},
            ["spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"],
            id="ephemeral",
        ),
        pytest.param({"minReadySeconds": -1}, [f"spec.minReadySeconds: Invalid value: -1: {NEGATIVE}"], id="minReadySeconds"),
    ],
)
def test_templates(kind: str, spec: dict[str, Any], errors: list[str]) -> None:
    assert said(kind, spec=workload(**spec)) == errors


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param(
            {"selector": None},
            ["spec.selector: Required value", f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {NO_MATCH}'],
            id="no selector",
        ),
        pytest.param(
            {"selector": {"matchLabels": {}}},
            ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
            id="empty selector",
        ),
        pytest.param(
            {"selector": {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]}},
            [
                'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
                'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is","values":["web"]}]}: '
                "invalid label selector",
            ],
            id="operator",
        ),
        pytest.param({"replicas": -1}, [f"spec.replicas: Invalid value: -1: {NEGATIVE}"], id="replicas"),
        pytest.param(
            {"template": None},
            [f"spec.template.metadata.labels: Invalid value: null: {NO_MATCH}", "spec.template.spec.containers: Required value"],
            id="no template",
        ),
        pytest.param(
            {"template": template(activeDeadlineSeconds=5)},
            ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"],
            id="deadline",
        ),
    ],
)
def test_replicas(kind: str, spec: dict[str, Any], errors: list[str]) -> None:
    assert said(kind, spec=workload(**spec)) == errors


ROLLING = "spec.strategy.rollingUpdate"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param({"strategy": {"type": "Recreate"}}, [], id="recreate"),
        pytest.param(
            {"strategy": {"type": "Recreate", "rollingUpdate": {}}},
            [f"{ROLLING}: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
            id="rolling recreate",
        ),
        pytest.param(
            {"strategy": {"type": "Rolling"}},
            [
                'spec.strategy: Unsupported value: {"Type":"Rolling","RollingUpdate":null}: supported values: '
                '"Recreate", "RollingUpdate"'
            ],
            id="type",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}},
            [f'{ROLLING}.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
            id="no way",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxSurge": "some"}}},
            [f'{ROLLING}.maxSurge: Invalid value: "some": {PERCENT}'],
            id="percent",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxUnavailable": "101%"}}},
            [f'{ROLLING}.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
            id="more than all",
        ),
        pytest.param(
            {"strategy": {"rollingUpdate": {"maxSurge": -1}}},
            [f"{ROLLING}.maxSurge: Invalid value: -1: {NEGATIVE}"],
            id="negative",
        ),
        pytest.param(
            {"minReadySeconds": 10, "progressDeadlineSeconds": 10},
            ["spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds"],
            id="deadline",
        ),
        pytest.param({"revisionHistoryLimit": -1}, [f"spec.revisionHistoryLimit: Invalid value: -1: {NEGATIVE}"], id="history"),
    ],
)
def test_deployments(spec: dict[str, Any], errors: list[str]) -> None:
    assert said("Deployment", spec=workload(**spec)) == errors


UPDATING = "spec.updateStrategy.rollingUpdate"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        pytest.param(
            {"selector": {"matchLabels": {}}},
            ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
            id="empty selector",
        ),
        pytest.param({"updateStrategy": {"type": "OnDelete"}}, [], id="on delete"),
        pytest.param(
            {"updateStrategy": {"type": "Recreate"}},
            [
                'spec.updateStrategy: Unsupported value: {"Type":"Recreate","RollingUpdate":null}: supported values: '
                '"RollingUpdate", '
                '"OnDelete"'
            ],
            id="type",
        ),
        pytest.param(
            {"updateStrategy": {"rollingUpdate": {"maxSurge": 1}}},
            [f"{UPDATING}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"],
            id="both",
        ),
        pytest.param(
            {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}},
            [f"{UPDATING}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"],
            id="neither",
        ),
        pytest.param(
            {"template": template(activeDeadlineSeconds=5)},
            ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported"],
            id="deadline",
        ),
    ],
)
def test_daemonsets(spec: dict[str, Any], errors: list[str]) -> None:
    assert said("DaemonSet", spec=workload(**spec)) == errors


@pytest.mark.parametrize("kind", ALL)
def test_a_selector_stays(kind: str) -> None:
    old = made(kind, spec=workload())
    other = LabelSelector(matchLabels={"app": "db"})
    template = changed(old.spec.template, metadata=changed(old.spec.template.metadata, labels={"app": "db"}))
    assert said_of_change(changed(old, spec=changed(old.spec, selector=other, template=template)), old) == [
        'spec.selector: Invalid value: {"matchLabels":{"app":"db"}}: field is immutable',
    ]
    assert said_of_change(changed(old, spec=changed(old.spec, minReadySeconds=1)), old) == []
