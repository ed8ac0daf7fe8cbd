from __future__ import annotations

import pytest

from tests.kube.rest.asking import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture(scope="module")
def shown() -> House:
    """A cluster that is only looked at."""
    return House()
