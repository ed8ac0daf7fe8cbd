"""`%load_ext k8snet` and what it brings, in an IPython of its own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import k8snet
from k8snet import Cluster, Kubeconfig
from k8snet.bound import Bound
from k8snet.errors import CommandError
from k8snet.linux.tools import Output
from k8snet.magics import Printed, commands

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, image: nginx}
"""
NO_CLUSTER = """\
k8snet: there is no cluster yet; these two lines make one:
from k8snet import Cluster
cluster = Cluster(nodes=2)
"""


class Notebook:
    """An IPython with the magics: a cell goes in, and what it printed on both streams comes out."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell: Any = InteractiveShell(config=config)  # type: ignore[no-untyped-call] # it comes with half its types
        self.names = self.shell.user_ns
        self.capsys = capsys
        assert self.run("%load_ext k8snet") == ("", "")

    def run(self, cell: str) -> tuple[str, str]:
        """Run a cell; it must not raise."""
        result = self.shell.run_cell(cell, store_history=True)
        assert result.success, result.error_in_exec
        printed = self.capsys.readouterr()
        return printed.out.replace(f"Out[{self.shell.execution_count - 1}]: ", ""), printed.err

    def complete(self, cell: str) -> list[str]:
        """The cell as it may become, at its end."""
        with provisionalcompleter():
            return [cell[: each.start] + each.text for each in self.shell.Completer.completions(cell, len(cell))]


@pytest.fixture
def empty(capsys: pytest.CaptureFixture[str]) -> Notebook:
    """A notebook with the magics, and no cluster yet."""
    return Notebook(capsys)


@pytest.fixture
def notebook(empty: Notebook) -> Notebook:
    """A notebook in which a cluster with a pod has a name."""
    empty.names["mine"] = cluster = Cluster(nodes=2)
    cluster.kubectl("apply -f -", POD)
    return empty


def test_kubectl_prints_what_it_prints(notebook: Notebook) -> None:
    assert notebook.run("%kubectl get pods -o name") == ("pod/web\n", "")
    assert notebook.run("%kubectl get pods -o jsonpath={.items[*].metadata.name}") == ("web\n", "")
    assert notebook.run("%kubectl get pods -o name  # all of them") == ("pod/web\n", "")
    assert notebook.run("x = 'pods'\n%kubectl get {x} -o name")[1] == 'error: the server doesn\'t have a resource type "{x}"\n'
    assert notebook.run("x = 'pods'\n%kubectl get $x -o name")[1] == 'error: the server doesn\'t have a resource type "$x"\n'


def test_a_cell_is_what_the_command_reads(notebook: Notebook) -> None:
    cell = f"%%kubectl apply -f -\n{POD.replace('web', 'db')}"
    assert notebook.run(cell) == ("pod/db created\n", "")
    assert notebook.run(cell) == ("pod/db unchanged\n", "")


def test_a_cell_of_commands(notebook: Notebook) -> None:
    lines = ["%%kubectl", "get pods -o name", "# nodes too", "", "get nodes \\", "  -o name", "get pod nope", "get pods -o name"]
    out, err = notebook.run("\n".join(lines))
    assert out.splitlines() == ["pod/web", "node/control-plane", "node/node1", "node/node2", "pod/web"]
    assert err == 'Error from server (NotFound): pods "nope" not found\n'


@pytest.mark.parametrize(("cell", "error"), [
    ("%kubectl get pod nope", 'Error from server (NotFound): pods "nope" not found\n'),
    ("%kubectl get foo", 'error: the server doesn\'t have a resource type "foo"\n'),
    ("%kubectl get pods 'web", "sh: 1: Syntax error: No closing quotation\n"),
    ("%kubectl get pods | grep web", "not modelled: the shell's '|' (known: one command a line)\n"),
    ("%node node9 ip route", 'Error from server (NotFound): nodes "node9" not found\n'),
    ("%pod nope ip route", 'Error from server (NotFound): pods "nope" not found\n'),
    ("%pod kube-system/web ip route", 'Error from server (NotFound): pods "web" not found\n'),
    ("%node node1 ip route show 'x", "sh: 1: Syntax error: No closing quotation\n"),
    ("%node", "usage: %node NODE COMMAND\n"),
    ("%node node1", "usage: %node NODE COMMAND\n"),
    ("%pod web", "usage: %pod POD COMMAND\n"),
    ("%cluster nope", "k8snet: no cluster is called nope; here are: mine\n"),
])
def test_errors_are_printed_and_the_notebook_goes_on(notebook: Notebook, cell: str, error: str) -> None:
    assert notebook.run(cell) == ("", error)


def test_what_was_printed_before_an_error_stays_on_its_stream(notebook: Notebook) -> None:
    out, err = notebook.run("%kubectl get pods/web pods/nope -o name")
    assert out == "pod/web\n"
    assert err == 'Error from server (NotFound): pods "nope" not found\n'
    out, err = notebook.run("%kubectl explain pod.nope")
    assert out == "KIND:       Pod\nVERSION:    v1\n\n"
    assert err == 'error: field "nope" does not exist\n'


def test_a_node_and_a_pod(notebook: Notebook) -> None:
    assert "10.244.1.0/24 dev cni0" in notebook.run("%node node1 ip route")[0]
    assert notebook.run("%pod web ip route")[0].startswith("default via 10.244.1.1 dev eth0")
    for name in ("default/web", "we…", "we..."):
        assert notebook.run(f"%pod {name} ip route") == notebook.run("%pod web ip route")
    out, err = notebook.run("%%node node1\nip route show 10.244.1.0/24\nnope\nip -br link show dev lo\n")
    assert [line.split()[0] for line in out.splitlines()] == ["10.244.1.0/24", "lo"]
    assert err.startswith("sh: 1: nope: not found\nA node has ")


def test_a_cell_below_a_whole_command_is_its_input(notebook: Notebook) -> None:
    rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.1/32 -j DROP\nCOMMIT\n"
    assert notebook.run(f"%%node node1 iptables-restore --noflush\n{rules}") == ("", "")
    assert "-A INPUT -s 192.0.2.1/32 -j DROP" in notebook.run("%node node1 iptables-save -t filter")[0]


def test_the_output_can_be_had_and_is_shown_once(notebook: Notebook) -> None:
    assert notebook.run("out = %pod web ping -c 1 10.244.1.1")[0].startswith("PING 10.244.1.1")
    output = notebook.names["out"]
    assert (output.code, output.trace.fate) == (0, "delivered")
    assert notebook.run("out")[0].lstrip().startswith("PING 10.244.1.1")
    notebook.run("out = %kubectl get pod nope")
    assert notebook.names["out"].code == 1


def test_what_is_printed_is_still_an_output() -> None:
    printed = Printed(Output("text\n", code=3))
    assert (printed, printed.code, printed.trace, repr(printed)) == ("text\n", 3, None, "text")


def test_commands_of_a_cell() -> None:
    assert list(commands("a\n\n  # b\n c \\\n d  # e\n")) == ["a", "c   d"]
    assert list(commands("""f '#' "\\" #" g#h\ni 'j #""")) == ["""f '#' "\\" #" g#h""", "i 'j"]


# --- which cluster ------------------------------------------------------------------------------------------------------


def test_without_a_cluster_one_sentence_says_so(empty: Notebook) -> None:
    for cell in ("%kubectl get pods", "%node node1 ip route", "%pod web ip route", "%kubectl config get-contexts"):
        assert empty.run(cell) == ("", NO_CLUSTER)
    assert empty.run("%cluster") == ("", "")


def test_the_only_one_is_meant_and_a_second_name_is_no_second_cluster(empty: Notebook) -> None:
    empty.names["a"] = empty.names["b"] = Cluster(nodes=1)
    assert empty.run("%cluster") == ("* a\n", "")
    assert empty.run("%kubectl get nodes -o name")[0] == "node/control-plane\nnode/node1\n"


def test_of_several_the_one_called_cluster(empty: Notebook) -> None:
    cluster = empty.names["cluster"] = Cluster(nodes=1)
    empty.names["what_if"] = cluster.fork()
    empty.run("%kubectl create namespace team")
    assert empty.run("%cluster") == ("* cluster\n  what_if\n", "")
    assert empty.run("%cluster what_if") == ("", "")
    assert empty.run("%kubectl get namespace team")[1] == 'Error from server (NotFound): namespaces "team" not found\n'
    assert empty.run("%cluster") == ("  cluster\n* what_if\n", "")


def test_contexts_are_the_clusters_here(empty: Notebook) -> None:
    empty.names["one"], empty.names["two"] = Cluster(nodes=1, name="east"), Cluster(nodes=2, name="west")
    which = "k8snet: which cluster? Here are one, two; `%cluster NAME` chooses one of them\n"
    assert empty.run("%kubectl get nodes") == ("", which)
    assert empty.run("%kubectl get nodes -o name --context=west")[0].endswith("node/node2\n")
    assert empty.run("%kubectl config use-context west") == ('Switched to context "west".\n', "")
    assert empty.run("%kubectl get nodes -o name")[0].endswith("node/node2\n")
    assert empty.run("%cluster") == ("  one\n* two\n", "")
    assert empty.run("%kubectl config set-context --current --namespace=kube-system") == ('Context "west" modified.\n', "")
    assert empty.run("%kubectl config get-contexts -o name")[0] == "east\nwest\n"
    empty.run("%cluster one")
    assert empty.run("%kubectl config current-context") == ("east\n", "")
    assert empty.run("%kubectl config use-context north")[1] == 'error: no context exists with the name: "north"\n'
    assert empty.names["two"].kubectl("get pods -o name").startswith("pod/etcd-control-plane\n")


def test_a_context_that_was_added_stays(empty: Notebook) -> None:
    empty.names["c"], empty.names["other"] = Cluster(nodes=1), Cluster(nodes=1, name="other")
    added = empty.run("%kubectl config set-context team --cluster=other --namespace=team")
    assert added == ('Context "team" created.\n', "")
    assert empty.run("%kubectl config use-context team") == ('Switched to context "team".\n', "")
    assert empty.run("%cluster") == ("  c\n* other\n", "")
    assert "team" in empty.run("%kubectl get pods")[0]
    assert empty.names["other"].kubectl("config current-context") == "team\n"


def test_a_kubeconfig_and_the_magics_have_one_current_context(empty: Notebook) -> None:
    both = empty.names["both"] = Kubeconfig(Cluster(nodes=1, name="east"), Cluster(nodes=2, name="west"))
    assert empty.run("%cluster") == ("* east\n  west\n", "")
    empty.run("%kubectl config use-context west")
    assert both.current.name == "west"
    both.kubectl("config use-context east")
    assert empty.run("%kubectl config current-context") == ("east\n", "")
    empty.run("%cluster west")
    assert both.current.name == "west"


def test_names_of_the_notebook_itself_do_not_count() -> None:
    cluster = Cluster(nodes=1)
    with pytest.raises(CommandError, match="no cluster yet"):
        Bound({"_": cluster, "_3": cluster, "__": Kubeconfig(cluster), "x": SimpleNamespace()}).cluster()


# --- completion ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "found"), [
    ("%kubectl get po", ["%kubectl get po", "%kubectl get pod", "%kubectl get pods"]),
    ("%kubectl get pods w", ["%kubectl get pods web"]),
    ("out = %kubectl get pods/", ["out = %kubectl get pods/web"]),
    ("x = 1\n%kubectl get pods -o wi", ["x = 1\n%kubectl get pods -o wide"]),
    ("%kubectl get pods --output=wi", ["%kubectl get pods --output=wide"]),
    ("%kubectl explain pod.spec.nodeN", ["%kubectl explain pod.spec.nodeName"]),
    ("%node node", ["%node node1", "%node node2"]),
    ("%node node1 iptables-r", ["%node node1 iptables-restore"]),
    ("%node node1 crict", ["%node node1 crictl"]),
    ("%pod w", ["%pod web"]),
    ("%pod default/", ["%pod default/web"]),
    ("%pod web cur", ["%pod web curl"]),
    ("%cluster m", ["%cluster mine"]),
    ("%%kubectl app", ["%%kubectl apply"]),
    ("%%kubectl\nget pods w", ["%%kubectl\nget pods web"]),
    ("%%node node1\nip route\nconnt", ["%%node node1\nip route\nconntrack"]),
    ("%%kubectl apply -f -\nkind: Pod\nspec:\n  nodeN", ["%%kubectl apply -f -\nkind: Pod\nspec:\n  nodeName:"]),
    ("%%kubectl apply -f -\nkind: Servic", ["%%kubectl apply -f -\nkind: Service", "%%kubectl apply -f -\nkind: ServiceAccount"]),
])
def test_completion(notebook: Notebook, cell: str, found: list[str]) -> None:
    assert notebook.complete(cell) == found


def test_python_is_completed_as_before(notebook: Notebook) -> None:
    assert "import json" in notebook.complete("import jso")


# --- IPython's door and JupyterLab's ------------------------------------------------------------------------------------


def test_it_can_be_unloaded_and_loaded_again(notebook: Notebook) -> None:
    notebook.run("%unload_ext k8snet")
    assert "kubectl" not in notebook.shell.magics_manager.magics["line"]
    assert notebook.shell.Completer.custom_matchers == []
    notebook.run("%load_ext k8snet\n%reload_ext k8snet")
    assert len(notebook.shell.Completer.custom_matchers) == 1
    assert notebook.run("%kubectl get pods -o name") == ("pod/web\n", "")


def test_every_magic_has_a_help(notebook: Notebook) -> None:
    for name in ("kubectl", "node", "pod", "cluster"):
        assert f"%{name}" in (notebook.shell.find_magic(name).__doc__ or "")


def test_the_extension_of_jupyterlab_is_of_this_version() -> None:
    folder = Path(k8snet.__file__).parent / "labextension"
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    assert (package["name"], package["version"]) == ("k8snet", k8snet.__version__)
    assert (folder / package["jupyterlab"]["_build"]["load"]).is_file()
