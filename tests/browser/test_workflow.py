"""The workflow timeline in a real JupyterLab: calls, objects, filter, histories of all kinds. Beside it: test_players.py."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from k8snet.kube import narrate
from tests.browser.driver import THEMES, Lab
from tests.browser.players import LAST, WORKFLOW, Kind, Player, shown
from tests.show import histories

WRITES = histories.deployed()


@pytest.fixture(scope="module")
def kind() -> Kind:
    """A Deployment with three pods comes to life."""
    return WORKFLOW


def number_of(key: str) -> int:
    """The number (from 1) of the first write with that key."""
    return next(number for number, write in enumerate(WRITES, 1) if narrate.key(write) == key)


def test_the_call_the_objects_and_the_fields(player: Player) -> None:
    workflow = player.element
    player.go(number_of("Deployment.made"))
    assert workflow.locator(".call text").all_text_contents() == ["POST /apis/apps/v1/namespaces/default", "/deployments"]
    assert workflow.locator(".news").text_content() == "watch"
    expect(workflow.locator(".objects .written")).to_contain_text("Deployment web")
    expect(workflow.locator(".objects .written em")).to_have_text("new")
    player.go(number_of("Pod.bound"))
    pod = next(write.name for write in WRITES if narrate.key(write) == "Pod.bound")
    expect(workflow.locator(".request")).to_have_text(f"at 0 s POST /api/v1/namespaces/default/pods/{pod}/binding")
    expect(workflow.locator(".objects .written .changed")).to_have_text("on - → node1")
    expect(workflow.locator(".nodes .node").filter(has_text="node1").locator(".pod.written")).to_have_text(f"…{pod[-5:]} Pending")
    expect(workflow.locator(".nodes .nowhere .pod")).to_have_count(2)
    fields = [row.replace("\t", " ") for row in workflow.locator(".fields tr").all_inner_texts()]
    assert fields[0].split() == ["spec.nodeName", "-", "→", "node1"]
    player.go(number_of("Pod.reported.ready"))
    assert workflow.locator(".objects .written .changed").all_inner_texts() == ["ContainerCreating → Running", "0/1 → 1/1"]
    assert [line.split("pods")[0].strip() for line in workflow.locator(".objects li").all_inner_texts()][:2] == [
        "Deployment web wanted 3", "ReplicaSet web-5b54d89d5b wanted 3"]
    player.go(LAST)
    expect(workflow.locator(".nodes .pod.runs")).to_have_count(3)
    expect(workflow.locator(".nodes .nowhere")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("key", ["Deployment.made", "Pod.bound", "Pod.reported.ready", "ReplicaSet.reported"])
def test_axe_finds_nothing(player: Player, theme: str, key: str) -> None:
    player.expect_accessible(number_of(key), theme)


def test_housekeeping_is_hidden_until_it_is_asked_for(lab: Lab) -> None:
    writes = histories.unplugged()
    loud = [write for write in writes if not narrate.key(write).startswith("Lease")]
    with shown(lab, WORKFLOW, "quiet.ipynb", "show.workflow(unplugged())") as element:
        quiet, box = Player(lab, WORKFLOW, element), element.get_by_role("checkbox", name="without housekeeping")
        expect(box).to_be_checked()
        expect(quiet.count).to_have_text(f"1 / {len(loud)}")
        quiet.to_end("Last")
        sentence = quiet.sentence.inner_text()
        box.uncheck()
        expect(quiet.count).to_have_text(f"{writes.index(loud[-1]) + 1} / {len(writes)}")
        assert quiet.sentence.inner_text() == sentence
        box.check()
        expect(quiet.count).to_have_text(f"{len(loud)} / {len(loud)}")


def test_a_chosen_moment_and_an_error_in_the_element(lab: Lab) -> None:
    """The kernel chooses a moment of what is shown; what the module cannot draw, it says in its place."""
    broken = "from k8snet.show.widget import WorkflowWidget\ndisplay(WorkflowWidget(scene={}))"
    first = f"shown = show.workflow(deployed())\ndisplay(shown)\n{broken}"
    with shown(lab, WORKFLOW, "chosen.ipynb", first, "print(shown.at(-1))") as workflow:
        expect(workflow.locator(".count")).to_have_text(f"{len(WRITES)} / {len(WRITES)}")
        assert lab.page.get_by_role("alert").inner_text().startswith("k8snet: TypeError")


@pytest.mark.parametrize("make", ["born", "deployed", "rolled", "deleted", "crashing"])
def test_every_kind_of_history_is_drawn(lab: Lab, make: str) -> None:
    with shown(lab, WORKFLOW, f"{make}.ipynb", f"show.workflow({make}())") as element:
        workflow = Player(lab, WORKFLOW, element)
        last = int(workflow.count.inner_text().split(" / ")[1])
        workflow.slider.focus()
        workflow.press(*["ArrowRight"] * last)
        expect(workflow.count).to_have_text(f"{last} / {last}")
        assert lab.page.get_by_role("alert").count() == 0
