"""A copy of a module's own cluster, served over HTTP for real kubectls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from k8snet import Cluster
from k8snet.serve import Served, serve


@pytest.fixture(scope="module")
def served(cluster: Cluster) -> Iterator[Served]:
    """The API server of a fork; ``cluster`` is the module's."""
    with serve(cluster.fork()) as served:
        yield served
