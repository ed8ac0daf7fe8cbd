"""The `k8snet` command: `k8snet lab` opens the course."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from k8snet import __version__
from k8snet.errors import K8snetError
from k8snet.launch import lay_out, open_jupyterlab

COURSE = Path("k8snet-course")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 1 with one line on standard error when something is in the way."""
    options = _parser().parse_args(arguments)
    try:
        _lab(options)
    except K8snetError as error:
        print(f"k8snet: {error}", file=sys.stderr)
        return 1
    return 0


def _lab(options: argparse.Namespace) -> None:
    course = lay_out(options.dir)
    lesson = course.lesson(options.lesson)
    print(f"The course is in {course.folder}")
    for name in course.kept:
        print(f"  {name} stays as you left it (for the one of k8snet {__version__}, rename yours and run this again)")
    sys.stdout.flush()
    open_jupyterlab(course.folder, lesson, port=options.port, browser=options.browser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="k8snet", description="Learn Kubernetes networking, packet by packet.")
    parser.add_argument("--version", action="version", version=f"k8snet {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    lab = commands.add_parser(
        "lab", help="open the course in JupyterLab",
        description="Copy the lessons into a folder of yours, and open JupyterLab there. Nothing of yours is replaced.",
    )
    lab.add_argument("lesson", nargs="?", default="", metavar="LESSON", help="its number (the first one by default)")
    lab.add_argument("--dir", type=Path, default=COURSE, help=f"the folder to work in ({COURSE} by default)")
    lab.add_argument("--port", type=_port, help="the port to serve on (the first free one from 8888 by default)")
    lab.add_argument("--no-browser", dest="browser", action="store_false", help="print the address, open no browser")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
