"""A few random worlds, the same ones each time; `python -m tests.twin.worlds` asks thousands."""

from __future__ import annotations

import pytest

from k8snet.linux.log import Log
from tests.twin.worlds import lasting, run

WORLDS = 4
"""Worlds for each seed: all seeds together take about a minute."""


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("seed", range(1, 7))
def test_model_and_kernel_agree_on_random_worlds(seed: int) -> None:
    def judge(log: Log) -> None:
        found = lasting(log)
        assert found == [], "\n".join([str(log), *found])

    run(judge, WORLDS, seed)
