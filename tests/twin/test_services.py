"""Random Services, policies, endpoints and clients: who answers, whom it saw, what passes, in the model and on the kernel."""

from __future__ import annotations

import pytest

from tests.twin.drawn_services import log_of
from tests.twin.worlds import lasting

pytestmark = pytest.mark.usefixtures("kernel")


@pytest.mark.parametrize("number", range(1, 21))
def test_model_and_kernel_agree_on_random_services(number: int) -> None:
    log = log_of(number)
    found = lasting(list(log))
    assert found == [], "\n".join([str(log), *found])
