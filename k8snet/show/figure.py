"""A picture with its words: what a notebook shows, and what is saved to a file.

Notebooks get a PNG (an untrusted notebook does not show SVG), drawn from our own SVG, and the words as plain text;
files may be either. The letters are DejaVu's, from the files that matplotlib brings, so all machines draw the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8snet.show import svg
from k8snet.show.scene import Scene

if TYPE_CHECKING:
    from os import PathLike

Bundle = dict[str, Any]
"""Contents, or facts about them, by MIME type."""

SHARPNESS = 2
"""PNG pixels for each CSS pixel."""

_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")


class Figure:
    """A picture. ``str(figure)`` and ``repr(figure)`` are its words; ``alt`` is the sentence that it proves.

    ``scene`` is the picture as plain data, ``svg`` as text, ``png`` as bytes.
    """

    def __init__(self, scene: Scene, words: str) -> None:
        self.scene = scene
        self.words = words

    @property
    def alt(self) -> str:
        """One sentence for those who do not see the picture: its title."""
        return self.scene.title

    @property
    def svg(self) -> str:
        """The picture as SVG text, the words in its description."""
        return svg.draw(self.scene, self.words)

    @property
    def png(self) -> bytes:
        """The picture as PNG, twice as sharp as its size says. ImportError without resvg-py and matplotlib."""
        import resvg_py  # heavy, and only needed when someone looks

        return bytes(resvg_py.svg_to_bytes(self.svg, zoom=SHARPNESS, skip_system_fonts=True, font_files=_font_files()))

    def save(self, file: str | PathLike[str]) -> None:
        """Write the picture to a file, as SVG or PNG by the file's name; ValueError for any other kind of name."""
        path = Path(file)
        if path.suffix not in (".svg", ".png"):
            raise ValueError(f"a figure is saved as .svg or .png, not as {path.name!r}")
        if path.suffix == ".svg":
            path.write_text(self.svg, encoding="utf-8")
        else:
            path.write_bytes(self.png)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[Bundle, Bundle]:
        size = {"width": round(self.scene.width), "height": round(self.scene.height), "alt": self.alt}
        return {"image/png": self.png, "text/plain": self.words}, {"image/png": size}

    def __repr__(self) -> str:
        return self.words


def _font_files() -> list[str]:
    import matplotlib

    return [str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)) for name in _FONTS]
