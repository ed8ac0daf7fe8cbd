"""The workflow timeline in a real JupyterLab: keys, buttons, play, filter, in both themes, for all senses, without a kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from k8snet.kube import narrate
from k8snet.kube.author import author
from tests.browser.driver import THEMES, Lab
from tests.show import histories
from tests.show.histories import deployed

PREPARE = Path(histories.__file__).read_text(encoding="utf-8")
WRITES = deployed()
TOLD = [(str(author(write)), narrate.sentence(write)) for write in WRITES]
LAST = len(TOLD)
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden) .k8snet-workflow"


def open_notebook(lab: Lab, name: str, *expressions: str) -> None:
    """Write, open and run a notebook with a cell for each expression; the functions of histories.py are there."""
    sources = [PREPARE, *(f"from k8snet import show\n{expression}" for expression in expressions)]
    cells: list[dict[str, Any]] = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [],
                                    "execution_count": None, "id": f"cell-{number}"} for number, source in enumerate(sources)]
    cells[0]["metadata"] = {"jupyter": {"source_hidden": True}}
    notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                "nbformat": 4, "nbformat_minor": 5}
    lab.page.evaluate(
        "([path, content]) => window.jupyterapp.serviceManager.contents"
        ".save(path, {type: 'notebook', format: 'json', content}).then(() => {})",
        [name, notebook],
    )
    lab.open(name)
    lab.run_all_cells(60)
    lab.page.locator(SHOWN).first.wait_for()


@pytest.fixture(scope="module")
def workflow(lab: Lab) -> Iterator[Locator]:
    """A notebook with a workflow timeline: a Deployment with three pods comes to life."""
    before = len(lab.errors)
    open_notebook(lab, "workflow.ipynb", "show.workflow(deployed())")
    yield lab.page.locator(".k8snet-workflow").first
    lab.close()
    assert lab.errors[before:] == []


@pytest.fixture
def at_first(workflow: Locator) -> Locator:
    """The timeline at its first write, the slider in focus."""
    workflow.get_by_role("button", name="First write").click()
    slider(workflow).focus()
    return workflow


def slider(workflow: Locator) -> Locator:
    """Its slider."""
    return workflow.get_by_role("slider", name="Write")


def go(workflow: Locator, number: int) -> None:
    """To the write of that number (from 1)."""
    slider(workflow).evaluate("(node, n) => { node.value = n; node.dispatchEvent(new Event('input')); }", number - 1)


def number_of(key: str, nth: int = 0) -> int:
    """The number (from 1) of a write by its key."""
    return [at for at, write in enumerate(WRITES, 1) if narrate.key(write) == key][nth]


def expect_write(workflow: Locator, number: int) -> None:
    """The write of that number (from 1) is shown: the sentence, the count, and what a screen reader says of the slider."""
    who, sentence = TOLD[number - 1]
    expect(workflow.locator(".count")).to_have_text(f"{number} / {LAST}")
    expect(workflow.locator(".sentence")).to_have_text(sentence)
    expect(workflow.locator(".seat.now")).to_have_text(who)
    value = f"{number} / {LAST}, {who}: {sentence.removeprefix(who).strip()}"
    expect(slider(workflow)).to_have_attribute("aria-valuetext", value)


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        pytest.param([], 1, id="first"),
        pytest.param(["ArrowRight"], 2, id="right"),
        pytest.param(["ArrowRight", "ArrowRight", "ArrowLeft"], 2, id="right and left"),
        pytest.param(["ArrowLeft"], 1, id="not before the first"),
        pytest.param(["End"], LAST, id="end"),
        pytest.param(["End", "ArrowRight"], LAST, id="not behind the last"),
        pytest.param(["End", "Home"], 1, id="home"),
    ],
)
@pytest.mark.parametrize("focused", ["slider", "button", "region"])
def test_keys(lab: Lab, at_first: Locator, focused: str, keys: list[str], number: int) -> None:
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = lab.page.evaluate(active)
    at_first.get_by_role(focused).first.focus()  # type: ignore[arg-type]  # a role by its name
    for key in keys:
        lab.page.keyboard.press(key)
    expect_write(at_first, number)
    assert lab.page.evaluate(active) == before
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.mode") != "edit"


def test_buttons(at_first: Locator) -> None:
    for name, number in {"Write forward": 2, "Write back": 1, "Last write": LAST, "First write": 1}.items():
        at_first.get_by_role("button", name=name).click()
        expect_write(at_first, number)


def test_tab_reaches_everything_in_order(lab: Lab, at_first: Locator) -> None:
    at_first.get_by_role("region", name="Objects at this moment").focus()
    reached = []
    for _ in range(10):
        reached.append(lab.page.evaluate("() => document.activeElement.getAttribute('aria-label')"))
        lab.page.keyboard.press("Tab")
    assert reached == ["Objects at this moment", "Nodes at this moment", "First write", "Write back", "Play", "Write forward",
                       "Last write", "Write", "Pace", "Fields that this write changed"]


def test_a_click_anywhere_takes_the_keys(lab: Lab, at_first: Locator) -> None:
    for number, place in enumerate(["svg[role=img] .seat rect", ".sentence", "header h3"], 2):
        lab.page.evaluate("() => document.activeElement.blur()")
        at_first.locator(place).first.click(position={"x": 4, "y": 4})
        lab.page.keyboard.press("ArrowRight")
        expect_write(at_first, number)


def test_play_stops_at_the_end_and_by_itself_says_little(lab: Lab, at_first: Locator) -> None:
    at_first.get_by_role("combobox", name="Pace").select_option("quick")
    go(at_first, LAST - 3)
    said = at_first.get_by_role("status").inner_text()
    slider(at_first).focus()
    lab.page.keyboard.press(" ")
    expect(at_first.get_by_role("button", name="Pause")).to_be_visible()
    expect_write(at_first, LAST)
    expect(at_first.get_by_role("button", name="Play")).to_be_visible()
    assert at_first.get_by_role("status").inner_text() == said
    at_first.get_by_role("combobox", name="Pace").select_option("steady")


def test_each_write_says_what_the_words_say_and_keeps_its_size(workflow: Locator) -> None:
    seen = workflow.evaluate(
        """node => {
            const slider = node.querySelector('input[type=range]'), seen = [];
            for (let n = 0; n <= Number(slider.max); n++) {
                slider.value = n;
                slider.dispatchEvent(new Event('input'));
                const { width, height } = node.getBoundingClientRect();
                seen.push([node.querySelector('.sentence').textContent, width, height]);
            }
            return seen;
        }"""
    )
    assert [sentence for sentence, _, _ in seen] == [sentence for _, sentence in TOLD]
    assert len({(width, height) for _, width, height in seen}) == 1


def test_the_call_the_objects_and_the_fields(workflow: Locator) -> None:
    go(workflow, number_of("Deployment.made"))
    assert workflow.locator(".call text").all_text_contents() == ["POST /apis/apps/v1/namespaces/default", "/deployments"]
    assert workflow.locator(".news").text_content() == "watch"
    expect(workflow.locator(".objects .written")).to_contain_text("Deployment web")
    expect(workflow.locator(".objects .written em")).to_have_text("new")
    go(workflow, number_of("Pod.bound"))
    pod = next(write.name for write in WRITES if narrate.key(write) == "Pod.bound")
    expect(workflow.locator(".request")).to_have_text(f"at 0 s POST /api/v1/namespaces/default/pods/{pod}/binding")
    expect(workflow.locator(".objects .written .changed")).to_have_text("on - → node1")
    expect(workflow.locator(".nodes .node").filter(has_text="node1").locator(".pod.written")).to_have_text(f"…{pod[-5:]} Pending")
    expect(workflow.locator(".nodes .nowhere .pod")).to_have_count(2)
    fields = [row.replace("\t", " ") for row in workflow.locator(".fields tr").all_inner_texts()]
    assert fields[0].split() == ["spec.nodeName", "-", "→", "node1"]
    go(workflow, number_of("Pod.reported.ready"))
    assert workflow.locator(".objects .written .changed").all_inner_texts() == ["ContainerCreating → Running", "0/1 → 1/1"]
    assert [line.split("pods")[0].strip() for line in workflow.locator(".objects li").all_inner_texts()][:2] == [
        "Deployment web wanted 3", "ReplicaSet web-5b54d89d5b wanted 3"]
    go(workflow, LAST)
    expect(workflow.locator(".nodes .pod.runs")).to_have_count(3)
    expect(workflow.locator(".nodes .nowhere")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("key", ["Deployment.made", "Pod.bound", "Pod.reported.ready", "ReplicaSet.reported"])
def test_axe_finds_nothing(lab: Lab, workflow: Locator, theme: str, key: str) -> None:
    lab.change_theme(theme)
    go(workflow, number_of(key))
    found = Axe().run(lab.page, context=".k8snet-workflow").response
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert {"color-contrast", "button-name"} <= {each["id"] for each in found["passes"]}
    lab.change_theme("light")


def test_nothing_glides_where_motion_is_unwanted(lab: Lab, workflow: Locator) -> None:
    glide = "node => getComputedStyle(node.querySelector('.seat.now rect')).transitionDuration"
    assert workflow.evaluate(glide) != "0s"
    lab.page.emulate_media(reduced_motion="reduce")
    assert workflow.evaluate(glide) == "0s"
    lab.page.emulate_media(reduced_motion="no-preference")


def test_it_goes_on_without_a_kernel(lab: Lab) -> None:
    open_notebook(lab, "alone_workflow.ipynb", "show.workflow(deployed())")
    alone = lab.page.locator(SHOWN)
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    slider(alone).focus()
    for number in (2, 3, 4):
        lab.page.keyboard.press("ArrowRight")
        expect_write(alone, number)
    alone.get_by_role("button", name="Last write").click()
    expect_write(alone, LAST)
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save().then(() => {})")
    lab.execute("application:close")


def test_housekeeping_is_hidden_until_it_is_asked_for(lab: Lab) -> None:
    open_notebook(lab, "quiet.ipynb", "show.workflow(unplugged())")
    quiet, writes = lab.page.locator(SHOWN), histories.unplugged()
    box = quiet.get_by_role("checkbox", name="without housekeeping")
    loud = [write for write in writes if not narrate.key(write).startswith("Lease")]
    expect(box).to_be_checked()
    expect(quiet.locator(".count")).to_have_text(f"1 / {len(loud)}")
    quiet.get_by_role("button", name="Last write").click()
    sentence = quiet.locator(".sentence").inner_text()
    box.uncheck()
    expect(quiet.locator(".count")).to_have_text(f"{writes.index(loud[-1]) + 1} / {len(writes)}")
    assert quiet.locator(".sentence").inner_text() == sentence
    box.check()
    expect(quiet.locator(".count")).to_have_text(f"{len(loud)} / {len(loud)}")
    lab.close()


def test_a_chosen_moment_and_an_error_in_the_element(lab: Lab) -> None:
    """The kernel chooses a moment of what is shown; what the module cannot draw, it says in its place."""
    broken = "from k8snet.show.widget import WorkflowWidget\ndisplay(WorkflowWidget(scene={}))"
    open_notebook(lab, "chosen.ipynb", f"shown = show.workflow(deployed())\ndisplay(shown)\n{broken}", "print(shown.at(-1))")
    expect(lab.page.locator(SHOWN).locator(".count")).to_have_text(f"{LAST} / {LAST}")
    assert lab.page.get_by_role("alert").inner_text().startswith("k8snet: TypeError")
    lab.close()


@pytest.mark.parametrize("make", ["born", "deployed", "rolled", "deleted", "crashing"])
def test_every_kind_of_history_is_drawn(lab: Lab, make: str) -> None:
    before = len(lab.errors)
    open_notebook(lab, f"{make}.ipynb", f"show.workflow({make}())")
    workflow = lab.page.locator(SHOWN)
    last = int(workflow.locator(".count").inner_text().split(" / ")[1])
    slider(workflow).focus()
    for _ in range(last):
        lab.page.keyboard.press("ArrowRight")
    expect(workflow.locator(".count")).to_have_text(f"{last} / {last}")
    assert lab.page.get_by_role("alert").count() == 0
    lab.close()
    assert lab.errors[before:] == []


def test_no_other_host_was_asked(lab: Lab) -> None:
    assert lab.elsewhere == []
