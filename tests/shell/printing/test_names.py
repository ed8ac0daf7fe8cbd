"""How kubectl names an object, and says what has become of it."""

from __future__ import annotations

import pytest

from k8snet.errors import CommandError
from k8snet.shell.kubectl.printing import names
from tests.shell.printing.asking import gizmo, printed

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
SLICE = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-x"}}


def test_names() -> None:
    assert names.text(POD) == "pod/web\n"
    both = names.text({"kind": "List", "items": [DEPLOYMENT, SLICE]})
    assert both == "deployment.apps/web\nendpointslice.discovery.k8s.io/web-x\n"
    assert names.text({"kind": "List", "items": []}) == ""
    assert names.text({"apiVersion": "v1", "kind": "Pod", "metadata": {}}) == "pod/<unknown>\n"


def test_what_is_of_no_kind_has_no_name() -> None:
    with pytest.raises(CommandError, match="missing apiVersion or kind"):
        names.text({"metadata": {"name": "web"}})


@pytest.mark.parametrize(("dry_run", "added"), [("none", ""), ("client", " (dry run)"), ("server", " (server dry run)")])
def test_what_was_done(dry_run: str, added: str) -> None:
    assert names.done(DEPLOYMENT, "created", dry_run) == f"deployment.apps/web created{added}\n"


def test_kubectl_names_it_likewise() -> None:
    assert printed(gizmo({}), "name") == (names.text(gizmo({})), "")
