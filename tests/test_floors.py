"""The floors of docs/design.md: imports point downwards only, and some libraries are allowed in some rooms only."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "k8snet"
FILES = sorted(PACKAGE.rglob("*.py"))


def read_floors(text: str) -> dict[str, int]:
    """The table of floors: which module or package (with a slash at its end) is on which floor."""
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", text, flags=re.MULTILINE)
    return {room: int(floor) for floor, rooms in rows for room in re.findall(r"`([^`]+)`", rooms)}


FLOORS = read_floors((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))


def room_of(name: str) -> str:
    """The row of the table that a path or a dotted module inside k8snet belongs to: the longest name that covers it."""
    covering = [room for room in FLOORS if name == room or (room.endswith("/") and f"{name}/".startswith(room))]
    assert covering, f"docs/design.md puts {name} on no floor"
    return max(covering, key=len)


def name_of(path: Path) -> str:
    """A file as the table writes it: `linux/route`, `linux/tools/ip`, `__init__`."""
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return name.removesuffix("/__init__")


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a file loads, dotted; not those that are there for a type checker only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if is_module(whole) else node.module or ""
        yield from imports(node)


def is_module(dotted: str) -> bool:
    """Whether a dotted name is a file or a folder of the package."""
    path = ROOT.joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imported(path: Path) -> set[str]:
    """The modules that a file loads."""
    return set(imports(ast.parse(path.read_text(encoding="utf-8"))))


def named(path: Path) -> str:
    """A test's name for a file."""
    return name_of(path)


def test_the_table_names_what_there_is() -> None:
    for room in FLOORS:
        path = PACKAGE / room
        assert (path / "__init__.py").is_file() or path.with_suffix(".py").is_file(), room


@pytest.mark.parametrize("path", FILES, ids=named)
def test_imports_point_downwards(path: Path) -> None:
    room = room_of(name_of(path))
    for dotted in imported(path):
        if dotted.split(".")[0] != "k8snet" or dotted == "k8snet":
            continue
        other = room_of("/".join(dotted.split(".")[1:]))
        assert FLOORS[other] <= FLOORS[room], f"{dotted} is on floor {FLOORS[other]}, above {FLOORS[room]}"
        neighbours = FLOORS[other] == FLOORS[room] and room != other and room.endswith("/") and other.endswith("/")
        assert not neighbours, f"{room} and {other} are neighbours: neither knows the other"


ONLY_IN = {
    "IPython": ("show", "magics"),
    "anywidget": ("show",),
    "ipywidgets": ("show",),
    "jupyterlab": ("launch",),
    "lightkube": ("kube/objects",),
    "matplotlib": ("show",),
    "networkx": ("show",),
    "pandas": ("show",),
    "resvg_py": ("show",),
    "subprocess": ("lab",),
    "ctypes": ("lab",),
}
"""Where a library may be imported; not listed: anywhere above linux/."""


@pytest.mark.parametrize("path", FILES, ids=named)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    name = name_of(path)
    for dotted in imported(path):
        rooms = ONLY_IN.get(dotted.split(".")[0])
        allowed = rooms is None or any(name == room or name.startswith(f"{room}/") for room in rooms)
        assert allowed, f"{dotted} belongs into {rooms}"


LINUX = [path for path in FILES if name_of(path).split("/")[0] == "linux"]
OUTSIDE = {"asyncio", "concurrent", "io", "multiprocessing", "os", "pathlib", "select", "signal", "socket",
           "subprocess", "tempfile", "threading", "time"}
"""Of the standard library, what would let the model touch the machine that it runs on."""


@pytest.mark.parametrize("path", LINUX, ids=named)
def test_the_model_needs_the_standard_library_and_msgspec(path: Path) -> None:
    tops = {dotted.split(".")[0] for dotted in imported(path)} - {"k8snet", "msgspec"}
    assert tops <= sys.stdlib_module_names
    assert not tops & OUTSIDE


WORDS = re.compile(r"\b([Kk]ube[a-z]*|KUBE|k8s|Pods?|Services?|Deployments?|ClusterIPs?|NodePorts?|EndpointSlices?)\b")
ALLOWED = re.compile(r"KUBE-[A-Z-]+|kube-proxy")
"""Names of chains in examples, and who wrote the text that iptables-restore reads."""


@pytest.mark.parametrize("path", LINUX, ids=named)
def test_the_model_does_not_speak_of_kubernetes(path: Path) -> None:
    text = ALLOWED.sub("", path.read_text(encoding="utf-8").replace("k8snet", ""))
    assert WORDS.findall(text) == []


HEAVY = {"IPython", "anywidget", "ipywidgets", "jupyterlab", "lightkube", "matplotlib", "networkx", "numpy", "pandas",
         "resvg_py", "subprocess", "yaml"}


@pytest.mark.parametrize("statement", ["import k8snet", "from k8snet.linux import World"])
def test_nothing_heavy_is_loaded_before_it_is_used(statement: str) -> None:
    program = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert "k8snet" in loaded
    assert loaded & HEAVY == set()


LINES = """
from k8snet.errors import K8snetError
def inner():
    import k8snet.launch
if TYPE_CHECKING:
    import yaml
"""


def test_an_import_is_found_where_it_hides() -> None:
    assert set(imports(ast.parse(LINES))) == {"k8snet.errors", "k8snet.launch"}
