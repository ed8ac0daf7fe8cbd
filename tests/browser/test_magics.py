"""The magics in a real JupyterLab: they print, errors do not stop the notebook, Tab completes, and cells have their colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.driver import THEMES, Lab

NAME = "magics.ipynb"
APPLY = """\
%%kubectl apply -f -
apiVersion: v1
kind: Pod
metadata:
  name: web  # a comment
spec:
  containers:
  - name: web
    image: "nginx"
"""
CELLS = [
    "%load_ext k8snet\nfrom k8snet import Cluster\nc = Cluster(nodes=2)",
    "%kubectl get nodes -o name",
    APPLY,
    "%kubectl get pod nope",
    "%kubectl get pods -o jsonpath={.items[*].metadata.name}",
    "%%node node1\nip route show 10.244.1.0/24  # of its pods",
    "out = %pod web ping -c 1 10.244.1.1",
    "out.trace.fate",
]
PRINTED = [
    [],
    [("stdout", "node/control-plane\nnode/node1\nnode/node2\n")],
    [("stdout", "pod/web created\n")],
    [("stderr", 'Error from server (NotFound): pods "nope" not found\n')],
    [("stdout", "web\n")],
    [("stdout", "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n")],
]
MIME_TYPES = ["text/x-ipython", "text/x-ipython", "text/x-yaml", "text/x-ipython", "text/x-ipython", "text/x-sh",
              "text/x-ipython", "text/x-ipython"]  # fmt: skip
OF_MIME_TYPES = "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.mimeType)"
COLOURS = """word => {
    const cell = window.jupyterapp.shell.currentWidget.content.widgets[2].node;
    const piece = [...cell.querySelectorAll('.cm-line span')].find(span => span.textContent === word);
    return [getComputedStyle(piece ?? cell).color, getComputedStyle(cell.querySelector('.cm-content')).color];
}"""
"""The colour of a piece of the manifest, and the one of plain text there."""


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Lab]:
    """The notebook, run from top to bottom."""
    lab.write(NAME, CELLS)
    with lab.running(NAME):
        yield lab


def test_each_cell_prints_and_an_error_does_not_stop_the_next(notebook: Lab) -> None:
    cells = notebook.cells()
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(CELLS) + 1))
    printed = [[(output["name"], output["text"]) for output in cell["outputs"]] for cell in cells[: len(PRINTED)]]
    assert printed == PRINTED


def test_what_a_magic_returns_is_not_shown_twice(notebook: Lab) -> None:
    *_, assigned, last = notebook.cells()
    assert [output["output_type"] for output in assigned["outputs"]] == ["stream"]
    assert [output["data"]["text/plain"] for output in last["outputs"]] == ["'delivered'"]


@pytest.mark.parametrize(("cell", "found"), [
    ("%kubectl get pods w", ["web"]),
    ("%kubectl get nodes -o wi", ["wide"]),
    ("%%kubectl apply -f -\nkind: Pod\nspec:\n  nodeN", ["nodeName:"]),
    ("%node no", ["node1", "node2"]),
])
def test_tab_completes(notebook: Lab, cell: str, found: list[str]) -> None:
    matches = notebook.page.evaluate(
        """([code, cursor_pos]) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestComplete({code, cursor_pos}).then(reply => reply.content.matches)""",
        [cell, len(cell)],
    )
    assert matches == found


@pytest.mark.parametrize("theme", THEMES)
def test_a_manifest_is_coloured_as_yaml(notebook: Lab, theme: str, tmp_path: Path) -> None:
    assert notebook.page.evaluate(OF_MIME_TYPES) == MIME_TYPES, "README's command installs the extension that colours cells"
    notebook.change_theme(theme)
    notebook.screenshot(tmp_path / f"{theme}.png")
    seen = {}
    for word in ("kind", "# a comment", '"nginx"'):
        seen[word], plain = notebook.page.evaluate(COLOURS, word)
        assert seen[word] != plain, word
    assert len(set(seen.values())) == len(seen)
    notebook.change_theme("light")


def test_colours_follow_what_is_typed(notebook: Lab) -> None:
    """A first line that is typed or taken away changes the cell's language; Python's comes back."""
    write = """source => {
        const cell = window.jupyterapp.shell.currentWidget.content.model.cells.get(1);
        cell.sharedModel.setSource(source);
        return cell.mimeType;
    }"""
    assert notebook.page.evaluate(write, "%%pod web\nip route") == "text/x-sh"
    assert notebook.page.evaluate(write, "%%kubectl\nget pods") == "text/x-sh"
    assert notebook.page.evaluate(write, "%%kubectl apply -f -\nkind: Pod") == "text/x-yaml"
    assert notebook.page.evaluate(write, CELLS[1]) == "text/x-ipython"
