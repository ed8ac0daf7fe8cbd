"""kubectl api-resources, api-versions, version, cluster-info."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.errors import NotModelled
from tests.shell.verbs.beside import check

STORIES = {
    "api-resources": """
        api-resources
        api-resources -o wide
        api-resources -o name
        api-resources -o json
        api-resources -o yaml --api-group=apps
        api-resources --api-group=apps --no-headers
        api-resources --api-group=foo
        api-resources --api-group=
        api-resources --namespaced=false
        api-resources --namespaced
        api-resources --sort-by=kind
        api-resources --sort-by=name
        api-resources --sort-by=x
        api-resources -o foo
        api-resources --verbs=list,get
        api-resources --verbs=list,foo
        api-resources --categories=all
        api-resources a
        api-versions
        api-versions a
    """,
    "version": """
        version
        version -o json
        version -o yaml
        version --client
        version --client -o json
        version --client -o yaml
        version -o wide
        version a
        version a --client
        version --short
    """,
    "cluster-info": """
        cluster-info
        cluster-info foo
        cluster-info -n default
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_the_real_one_prints_the_same(story: str) -> None:
    check(Cluster(nodes=1), STORIES[story])


def test_a_dump_is_not_modelled() -> None:
    with pytest.raises(NotModelled, match="kubectl cluster-info dump"):
        Cluster(nodes=1).kubectl("cluster-info dump")
