"""The notebook's magics: ``%load_ext k8snet``, and then ``%kubectl``, ``%node``, ``%pod`` and ``%cluster``.

They hand the text on as it was typed and print what comes back: errors on standard error, in the tool's own words, and the
notebook goes on. Nothing is filled in before (IPython would expand ``{x}`` and ``$x``), so that ``-o jsonpath={.items[*]}``
reaches kubectl; there are no shell variables either. What they mean is found in the notebook's own names: a cluster is a
`Cluster` that has one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Self, TextIO

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import no_var_expand

from k8snet.bound import Bound
from k8snet.errors import ApiError, CommandError, K8snetError
from k8snet.kube.objects import meta
from k8snet.linux.tools import MODULES, Output
from k8snet.shell.kubectl import completion, manifest_keys
from k8snet.shell.kubectl.command import Terminal
from k8snet.shell.kubectl.session import Session
from k8snet.shell.node import OURS

if TYPE_CHECKING:
    from k8snet.cluster import Asker

MAGICS = ("kubectl", "node", "pod", "cluster")
CELL = re.compile(r"%%(?P<magic>kubectl|node|pod)(?:[ \t]+(?P<line>.*?))?[ \t]*$")
LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%%?(?P<magic>kubectl|node|pod|cluster)\s+(?P<line>.*)$")
UNCOMMENTED = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|(?!\s+\#).)*""")
"""Of a command line, what stands before a comment."""
TAIL = re.compile(r"[\w./-]*$")
"""Of a line in a manifest, the word before the cursor."""


class Printed(Output):
    """What a magic has printed, returned so that ``out = %pod web curl web`` has ``out.trace`` and ``out.code``.

    The cell that printed it does not display it a second time; a later one does.
    """

    def __new__(cls, output: Output = Output(), goes_on: Callable[[], bool] = lambda: False) -> Self:  # noqa: B008 never changed
        printed = str.__new__(cls, output)
        vars(printed).update(vars(output), _goes_on=goes_on)
        return printed

    def _ipython_display_(self) -> None:
        """IPython asks this first; NotImplementedError sends it on to the usual way."""
        if not vars(self)["_goes_on"]():
            raise NotImplementedError


class Notebook:
    """The magics of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.bound = Bound(shell.user_ns)

    # --- the magics -----------------------------------------------------------------------------------------------

    @no_var_expand
    def kubectl(self, line: str, cell: str | None = None) -> Printed:
        """Run kubectl on the notebook's cluster: ``%kubectl get pods -o wide``.

        A cell ``%%kubectl apply -f -`` hands its lines to the command, as a shell's ``<<EOF`` does; a cell ``%%kubectl``
        without a command holds one a line. What is typed is what kubectl gets: neither {name} nor $name is replaced.
        """
        if cell is None or uncommented(line):
            return self._print(lambda each: self.bound.kubectl(each, cell or ""), [uncommented(line)])
        return self._print(self.bound.kubectl, commands(cell))

    @no_var_expand
    def node(self, line: str, cell: str | None = None) -> Printed:
        """Run a tool on a node's machine: ``%node node1 ip route``; a cell ``%%node node1`` holds one command a line.

        A cell whose first line has a command too, ``%%node node1 iptables-restore``, hands its lines to that command.
        """
        return self._run(lambda name: self.bound.cluster().node(name), "%node NODE COMMAND", line, cell)

    @no_var_expand
    def pod(self, line: str, cell: str | None = None) -> Printed:
        """Run a tool in a pod's network: ``%pod web curl -s http://10.96.0.10``; a cell holds one command a line.

        The pod is one of the namespace default or ``NAMESPACE/NAME``; ``web-…`` (or ``web-...``) is the first that begins so.
        """
        return self._run(self._pod, "%pod POD COMMAND", line, cell)

    @no_var_expand
    def choose(self, line: str) -> None:
        """Choose the cluster that the magics mean, by its name here: ``%cluster east``; without a name, list them."""
        found, name = self.bound.clusters(), line.strip()
        if name and name not in found:
            _say(f"k8snet: no cluster is called {name}; here are: {', '.join(found) or 'none'}\n", sys.stderr)
            return
        if name:
            self.bound.mean(found[name])
        else:
            meant = self.bound.meant()
            _say("".join(f"{'*' if found[each] is meant else ' '} {each}\n" for each in found), sys.stdout)

    # --- completion -----------------------------------------------------------------------------------------------

    @context_matcher(identifier="k8snet")  # type: ignore[untyped-decorator] # a functools.partial
    def matcher(self, context: CompletionContext) -> SimpleMatcherResult:
        """What IPython asks when the learner presses Tab: the word before the cursor, and what it may become."""
        word, found = self.complete(context.full_text.split("\n"), context.cursor_line, context.cursor_position)
        completions = [SimpleCompletion(each, type="k8snet") for each in found]
        return SimpleMatcherResult(completions=completions, matched_fragment=word, suppress=True, ordered=True)

    def complete(self, lines: list[str], row: int, column: int) -> tuple[str, list[str]]:
        """The same for a cell's lines and a place in them; nothing where no magic of ours stands."""
        cell, typed = CELL.match(lines[0]), lines[row][:column]
        if cell and row > 0:
            if cell["magic"] != "kubectl":
                return self._complete(cell["magic"], f"{cell['line']} {typed}")
            if not cell["line"]:
                return self._complete("kubectl", typed)
            return TAIL.findall(typed)[0], manifest_keys.complete(lines[1:], row - 1, column)
        line = LINE.match(typed)
        return self._complete(line["magic"], line["line"]) if line else ("", [])

    def _complete(self, magic: str, text: str) -> tuple[str, list[str]]:
        *before, word = re.split(r"\s+", text.lstrip())
        if magic == "kubectl":
            return word, completion.complete(self._session(), before, word)
        found: Iterable[str] = ()
        if magic == "cluster":
            found = () if before else self.bound.clusters()
        elif not before:
            found = self._names(magic, word)
        elif len(before) == 1:
            found = sorted({*MODULES, *OURS})
        return word, [each for each in found if each.startswith(word)]

    def _names(self, magic: str, word: str) -> list[str]:
        cluster = self.bound.meant()
        if cluster is None:
            return []
        if magic == "node":
            return [each.name for each in cluster.nodes]
        namespace, slash, _ = word.rpartition("/")
        pods = cluster.api.list("Pod", namespace or "default")
        return [f"{namespace}{slash}{meta(each).name}" for each in pods]

    def _session(self) -> Session | None:
        """The view that kubectl has of the cluster that is meant."""
        cluster = self.bound.meant()
        if cluster is None:
            return None
        known = self.bound.contexts(cluster)
        return Session(known, known.context(), Terminal())

    # --- how ------------------------------------------------------------------------------------------------------

    def _pod(self, name: str) -> Asker:
        namespace, _, own = name.rpartition("/")
        return self.bound.cluster().pod(f"{own[:-3]}…" if own.endswith("...") else own, namespace or "default")

    def _run(self, find: Callable[[str], Asker], usage: str, line: str, cell: str | None) -> Printed:
        name, _, command = uncommented(line).partition(" ")
        if not name or (cell is None and not command):
            _say(f"usage: {usage}\n", sys.stderr)
            return self._printed(Output(code=2))
        lines, stdin = ([command], cell or "") if command else (commands(cell or ""), "")
        return self._print(lambda each: _found(find, name).sh(each, stdin), lines)

    def _print(self, run: Callable[[str], Output], lines: Iterable[str]) -> Printed:
        """Run each line, and print what it says; return what the last one said."""
        output = Output()
        for line in lines:
            try:
                output = run(line)
            except K8snetError as error:
                output = _tell(error)
            else:
                _say(output, sys.stdout)
        return self._printed(output)

    def _printed(self, output: Output) -> Printed:
        count = self.shell.execution_count
        return Printed(output, lambda: self.shell.execution_count == count)


def commands(cell: str) -> Iterator[str]:
    r"""The commands of a cell: one a line, longer ones with a backslash at the line's end; no empty lines, no comments.

    >>> list(commands("ip route\n\n# the bridge\nbridge fdb \\\n  show  # all of it\n"))
    ['ip route', 'bridge fdb   show']
    """
    for line in cell.replace("\\\n", " ").splitlines():
        command = uncommented(line)
        if command:
            yield command


def uncommented(line: str) -> str:
    """A command line without the comment at its end, as a shell reads it.

    >>> uncommented("echo '# no' a#b  # yes")
    "echo '# no' a#b"
    """
    found = UNCOMMENTED.match(f" {line.strip()}")
    assert found is not None
    return found[0].strip()


def _found(find: Callable[[str], Asker], name: str) -> Asker:
    """A node or a pod by its name. CommandError, as kubectl says it, if there is none."""
    try:
        return find(name)
    except ApiError as error:
        raise CommandError(f"Error from server ({error.reason}): {error}") from None


def _tell(error: K8snetError) -> Output:
    """Print an error as the tool would: what it had printed before on standard output, and then its words."""
    said = str(error)
    why = str(error.__cause__) if isinstance(error.__cause__, K8snetError) else said
    before = said.removesuffix(why) if said.endswith(why) else ""
    _say(before, sys.stdout)
    _say("\n".join([said.removeprefix(before), *getattr(error, "__notes__", [])]), sys.stderr)
    return Output(f"{said}\n", code=getattr(error, "code", 1))


def _say(text: str, stream: TextIO) -> None:
    """Print text with one end of line; at once, so that what two streams say stays in order."""
    if text:
        stream.write(text if text.endswith("\n") else f"{text}\n")
        stream.flush()


# --- IPython's door ---------------------------------------------------------------------------------------------------


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext k8snet`` does."""
    notebook = Notebook(shell)
    for name, function in (("kubectl", notebook.kubectl), ("node", notebook.node), ("pod", notebook.pod)):
        shell.magics_manager.register_function(function, "line_cell", name)
    shell.magics_manager.register_function(notebook.choose, "line", "cluster")
    shell.Completer.custom_matchers.append(notebook.matcher)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%unload_ext k8snet`` does."""
    for name in MAGICS:
        for magics in shell.magics_manager.magics.values():
            magics.pop(name, None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if not isinstance(getattr(each, "__self__", None), Notebook)]
