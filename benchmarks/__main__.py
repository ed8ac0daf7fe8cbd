"""Measure all, and print the table that stands in README: ``python -m benchmarks``.

Each figure is a ratio between two things measured in the same run, one after the other in turns, so that it means the
same on a slow and a fast machine. What the kernel refuses on this machine is said and left out.
"""

from __future__ import annotations

from benchmarks import cluster, handshake, imports, journey, proxy, services

PARTS = (journey, services, proxy, handshake, imports, cluster)


def main() -> None:
    """Print a Markdown table, a line as soon as it is known."""
    print("| measured | against | ratio |")
    print("| --- | --- | --- |")
    for part in PARTS:
        for measured, against, ratio in part.figures():
            print(f"| {measured} | {against} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
