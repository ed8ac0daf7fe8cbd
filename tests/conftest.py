"""What some tests need and not every machine has: a real kernel, a browser, golden files, the real kubectl.

A test that cannot have what it needs is skipped with the reason; where K8SNET_REQUIRE names it, as in
``K8SNET_REQUIRE=kernel,browser,golden,kubectl``, the test fails instead, so that CI cannot pass by skipping.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def require(what: str, reason: str | None) -> None:
    """Return if there is no ``reason`` against it; else fail where K8SNET_REQUIRE names ``what``, and else skip."""
    if reason is None:
        return
    if what in os.environ.get("K8SNET_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"K8SNET_REQUIRE names {what}, but {reason}", pytrace=False)
    pytest.skip(f"{what}: {reason}")


@pytest.fixture(scope="session")
def kernel() -> None:
    """A Linux kernel on which the lab may replay a world."""
    from k8snet import lab

    require("kernel", lab.available())


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of golden files: what the real kube-proxy and the real API server say."""
    require("golden", None if GOLDEN.is_dir() else f"there is no folder {GOLDEN}")
    return GOLDEN


@pytest.fixture(scope="session")
def browser() -> str:
    """The path of a Chromium."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    require("browser", None if path else f"none of {', '.join(BROWSERS)} is installed")
    assert path is not None
    return path
