"""`k8snet lab` as a learner starts it, and a Chromium in which its page is open.

One server and one page serve a file of tests: opening a further notebook takes about a second, a first one five. The next file
gets its own, since JupyterLab opens again what was open, with what the tests before have left in it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.driver import WINDOW, Lab
from tests.browser.players import Kind, Player, in_front, shown

SECONDS_TO_START = 60
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--no-first-run",
]
SERVER = {"LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly"}}
"""The test asks JupyterLab's own application object what it does; a learner's JupyterLab has no need of that."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, token included, of a running `k8snet lab` with settings and a copy of the notebooks of its own."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "config").mkdir()
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(SERVER))
    token, port = secrets.token_hex(16), free_port()
    environment = os.environ | {"JUPYTER_TOKEN": token, "IPYTHONDIR": str(home / "ipython")}
    environment |= {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("runtime", "config", "data")}
    environment |= {f"JUPYTERLAB_{name.upper()}_DIR": str(home / name) for name in ("settings", "workspaces")}
    command = [sys.executable, "-m", "k8snet", "lab", "--no-browser", f"--port={port}", f"--dir={home / 'course'}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/api?token={token}", process, home / "log")
        yield f"{url}/?token={token}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"k8snet lab did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="module")
def lab(browser: str, address: str) -> Iterator[Lab]:
    """The page that `k8snet lab` opens, in a Chromium of its own for each file of tests. No other host may be asked."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=CHROMIUM)
        lab = Lab(chromium.new_context(viewport=WINDOW), address)
        yield lab
        chromium.close()
    assert lab.elsewhere == []


@pytest.fixture(scope="module")
def played(lab: Lab, kind: Kind) -> Iterator[str]:
    """The path of a notebook with a player in it; which of the two, a module's own fixture ``kind`` says."""
    name = f"{kind.name}.ipynb"
    with shown(lab, kind, name, kind.make):
        yield name


@pytest.fixture
def player(lab: Lab, kind: Kind, played: str) -> Player:
    """That notebook's player, in front."""
    lab.bring_to_front(played)
    return Player(lab, kind, in_front(lab, kind))


@pytest.fixture
def at_first(player: Player) -> Player:
    """The player at its first moment, the slider in focus."""
    player.to_end("First")
    player.slider.focus()
    return player
