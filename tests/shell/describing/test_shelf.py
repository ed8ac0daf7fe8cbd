"""Objects from a shelf: the model describes each as kubectl does, byte for byte.

`shelf/kubectl-1.37.txt` is what kubectl 1.37.1 printed of them at `PRINTED`, so that the tests need no kubectl; where there is
one, it is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl.describing import describe
from tests.shell import real
from tests.shell.describing import judging
from tests.shell.describing.old import DIFFERENCES, NOT_KNOWN, Difference, difference
from tests.shell.describing.shelf import HERE, Shelf, served

FILES = ("pods.yaml", "workloads.yaml", "nodes.yaml", "network.yaml", "settings.yaml")
ALL = [(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
       for each in Shelf.of(*FILES, now=datetime.now(UTC)).documents]  # fmt: skip


PRINTED = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
HEAD = "======== "
"""How the file with kubectl's texts begins each of them."""
TEXTS: dict[str, str] = dict(
    part.split("\n", 1) for part in (HERE / "shelf" / "kubectl-1.37.txt").read_text(encoding="utf-8").split(HEAD)[1:]
)


@pytest.mark.parametrize(("kind", "namespace", "name"), ALL)
def test_the_text_is_as_printed(kind: str, namespace: str, name: str) -> None:
    """By kubectl, on the day that the file was made."""
    assert describe(Shelf.of(*FILES, now=PRINTED), KINDS[kind], namespace, name) == TEXTS[f"{kind} {namespace}/{name}"]


def test_what_is_not_there_is_not_found() -> None:
    """In the API server's words."""
    with pytest.raises(ApiError, match='pods "nobody" not found'):
        describe(Shelf.of(*FILES, now=PRINTED), KINDS["Pod"], "shop", "nobody")


def test_events_may_be_left_out() -> None:
    """As kubectl leaves them out where it describes several objects."""
    text = describe(Shelf.of(*FILES, now=PRINTED), KINDS["Pod"], "shop", "rich")
    without = describe(Shelf.of(*FILES, now=PRINTED), KINDS["Pod"], "shop", "rich", show_events=False)
    assert text.startswith(without)
    assert text[len(without) :].startswith("Events:\n")


def test_a_volume_of_another_kind_is_not_modelled() -> None:
    """Nor does the model's API server keep one."""
    shelf = Shelf.of("pods.yaml", now=PRINTED)
    shelf.find(KINDS["Pod"], "bare", "shop")["spec"]["volumes"] = [{"name": "share", "nfs": {"server": "a", "path": "/b"}}]
    with pytest.raises(NotModelled, match="a volume of the kind nfs"):
        describe(shelf, KINDS["Pod"], "shop", "bare")


# --- the judge ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the shelf is served."""
    with served(Shelf.of(*FILES, now=datetime.now(UTC))) as address:
        yield address


@pytest.mark.parametrize(("kind", "namespace", "name"), ALL)
def test_the_text_is_kubectls(kind: str, namespace: str, name: str, address: str, tmp_path: Path) -> None:
    """Also for objects that the model's clusters do not come to."""
    binary = real.kubectl("1.37")
    words = (kind, name, *([f"--namespace={namespace}"] if namespace else []))
    expected, actual = judging.both(lambda: judging.asked(binary, address, *words, home=tmp_path),
                                    judging.ours(lambda now: Shelf.of(*FILES, now=now), kind, namespace, name))
    assert actual == expected


def test_the_old_version_differs_as_listed(address: str, tmp_path: Path) -> None:
    """kubectl 1.20 prints the same but for the listed lines, and each entry of the list is seen."""
    binary, found = real.kubectl("1.20"), set[Difference | str]()
    for kind, namespace, name in ALL:
        words = (kind, name, *([f"--namespace={namespace}"] if namespace else []))
        actual = judging.ours(lambda now: Shelf.of(*FILES, now=now), kind, namespace, name)
        if kind in NOT_KNOWN:
            with pytest.raises(AssertionError, match=NOT_KNOWN[kind]):
                judging.asked(binary, address, *words, home=tmp_path)
        else:
            found |= difference(kind, actual(), judging.asked(binary, address, *words, home=tmp_path))
    assert found == set(DIFFERENCES)
