"""What a notebook gets, and what is saved."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from k8snet import show
from k8snet.linux import World


def png_size(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def test_a_notebook_gets_a_sharp_png_and_the_words(figure: World) -> None:
    drawn = show.topology(figure, title="Wires and bridges")
    data, metadata = drawn._repr_mimebundle_()
    assert list(data) == ["image/png", "text/plain"]
    assert data["text/plain"] == str(drawn) == repr(drawn)
    size = metadata["image/png"]
    assert size["alt"] == "Wires and bridges"
    assert png_size(data["image/png"]) == pytest.approx((2 * size["width"], 2 * size["height"]), abs=2)


def test_letters_are_in_the_png() -> None:
    def png(name: str) -> bytes:
        world = World()
        world.sh(f"ip netns add {name}")
        return show.topology(world).png

    assert png("pod-a") != png("pod-b")


def test_save_writes_what_the_name_says(figure: World, tmp_path: Path) -> None:
    drawn = show.topology(figure)
    drawn.save(tmp_path / "a.svg")
    drawn.save(str(tmp_path / "a.png"))
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawn.svg
    assert (tmp_path / "a.png").read_bytes() == drawn.png
    with pytest.raises(ValueError, match=r"saved as \.svg or \.png, not as 'a\.pdf'"):
        drawn.save(tmp_path / "a.pdf")


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    heavy = {"matplotlib", "pandas", "networkx", "numpy", "resvg_py", "IPython", "ipywidgets"}
    code = "import sys; from k8snet import show; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(run.stdout.split())
