"""Random worlds, and a runner that compares them: python -m tests.twin.worlds --worlds 100 --seed 7 --found FOLDER

A world is a log (commands, apps that listen, questions), so it prints as a script one can type. Each world on which
model and kernel differ is cut down to the lines that it takes and written into the folder. Where two runs of the kernel
itself tell different stories, it is a race: counted, and listed apart.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from k8snet import lab
from k8snet.errors import K8snetError
from k8snet.lab.replay import Entry
from k8snet.linux.address import Ip
from k8snet.linux.log import Command, Connect, Listen, Log, Ping
from tests.twin.drawn_networks import SERVICES, Plan, links, plans, policies, rarely, routes, switches, ways
from tests.twin.drawn_rules import NODE_PORT, rules, services, side_chains

PATIENCE = 0.25
"""Seconds that a question waits: ARP has given up by then (`quick_arp`), and no SYN is sent again."""
ODD_ADDRESSES = ("127.0.0.1", "127.0.0.5", "0.0.0.0", "255.255.255.255", "240.0.0.1", "192.0.2.1", "169.254.1.1",
                 "10.0.0.0", "10.0.0.255", "10.1.0.0", "10.1.0.255", "10.0.0.99", "10.1.0.99", "10.9.0.1", "0.0.0.7")  # fmt: skip
ODD_PORTS = (81, 1, 0, 65535, 53, NODE_PORT)


# --- strategies --------------------------------------------------------------------------------------------------


@st.composite
def questions(draw: st.DrawFn, plan: Plan) -> Entry:
    """A question from anywhere to anywhere."""
    asker = draw(st.sampled_from(plan.machines))
    places = [Ip(place.ip) for place in plan.places]
    near = st.sampled_from(places)
    service = st.sampled_from((*SERVICES, *SERVICES[:1] * 3)).map(Ip)
    dst = draw(st.one_of(near, near, near, near, near, service, service, st.sampled_from(ODD_ADDRESSES).map(Ip)))
    ttl = draw(st.sampled_from([1, 2, 3, 255])) if draw(rarely(5)) else None
    own = [Ip(place.ip) for place in plan.of(asker)]
    source = draw(st.sampled_from([*own, Ip("127.0.0.1"), Ip("10.9.0.9")])) if draw(rarely(6)) else None
    proto = draw(st.sampled_from(["tcp", "tcp", "udp", "icmp"]))
    if proto == "icmp":
        size = draw(st.sampled_from([0, 1400, 1472, 1473, 2000])) if draw(rarely(5)) else 56
        df = draw(st.sampled_from([True, False])) if draw(rarely(5)) else None
        return Ping(asker, dst, ttl, source, size, df, PATIENCE)
    port = draw(st.sampled_from(ODD_PORTS)) if draw(rarely(4)) else 80
    sport = draw(st.sampled_from([2, 600, 50000, 64000])) if draw(rarely(8)) else None
    return Connect(asker, dst, port, proto, sport, source, ttl, PATIENCE)


def changes(plan: Plan) -> st.SearchStrategy[Command]:
    """One thing that somebody changes."""
    lines = st.one_of(routes(plan), routes(plan), links(plan), switches(plan), switches(plan), policies(plan), rules(plan),
                      rules(plan), rules(plan))  # fmt: skip
    return lines.map(Command)


def _to_services(plan: Plan) -> list[Command]:
    """A way to the Services for all who have none: by a neighbour, as a pod's default route."""
    lines = []
    for name in plan.machines:
        near = {place.subnet for place in plan.of(name)}
        hop = next((place.ip for place in plan.places if place.subnet in near and place.netns != name), None)
        lines += [Command(f"ip -n {name} route add 10.96.0.0/16 via {hop}")] if hop else []
    return lines


@st.composite
def worlds(draw: st.DrawFn) -> Log:
    """A network, what is odd about it, and six to ten questions with changes between them."""
    plan = draw(plans())
    log = Log(Command(line) for line in [*plan.lines, *draw(ways(plan)), *side_chains(plan)])
    if not draw(rarely(3)):
        log += [*_to_services(plan), draw(services(plan))]
    log += draw(st.lists(changes(plan), max_size=6))
    log += [Listen(name, 80, proto, name, Ip(0)) for name in plan.machines for proto in ("tcp", "udp")]
    for _ in range(draw(st.integers(6, 10))):
        log += draw(st.lists(changes(plan), max_size=2))
        log.append(draw(questions(plan)))
    return log


# --- the judgement -----------------------------------------------------------------------------------------------


def differences(log: list[Entry]) -> list[str]:
    """Where model and kernel differ, question by question; what the model refuses to model is a difference too."""
    try:
        return [f"{each.question} | {line}" for each in lab.compare_all(log) for line in each.differences]
    except K8snetError as no:
        return [f"- | {type(no).__name__}: {no}"]


def kinds(found: list[str]) -> list[str]:
    """What differs, without the question and without numbers, which change as a script grows smaller."""
    return [re.sub(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|[0-9]+", "N", line.split(" | ")[1]) for line in found]


def lasting(log: list[Entry]) -> list[str]:
    """Where the two differ in a second run as well."""
    found = differences(log)
    again = set(kinds(differences(log))) if found else set()
    return [line for line, kind in zip(found, kinds(found), strict=True) if kind in again]


def minimal(log: list[Entry], kind: str, runs: int) -> list[Entry]:
    """The log without what the difference does not need; larger pieces are tried first."""
    size = len(log) // 2
    while size and runs:
        start = 0
        while start < len(log) and runs:
            rest = [*log[:start], *filter(_stays, log[start : start + size]), *log[start + size :]]
            if len(rest) < len(log) and kind in kinds(differences(rest)):
                log = rest
            else:
                start += size
            runs -= 1
        size //= 2
    return log


def _stays(entry: Entry) -> bool:
    """A namespace that has never had an address is a thing of its own (docs/not-modelled.md)."""
    return isinstance(entry, Command) and entry.line.endswith("link set lo up")


# --- the runner --------------------------------------------------------------------------------------------------


class Soak:
    """What a run has seen so far."""

    def __init__(self, folder: Path | None, *, shrink: int) -> None:
        self.folder = folder
        self.shrink = shrink
        self.counts: Counter[str] = Counter()

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.counts.items())

    def judge(self, log: Log) -> None:
        """Compare one world; write down what differs, and say now and then how far it is."""
        if self.counts["worlds"] % 50 == 49:
            sys.stdout.write(f"{self}\n")
            sys.stdout.flush()
        self.counts["worlds"] += 1
        self.counts["probes"] += sum(isinstance(entry, Connect | Ping) for entry in log)
        found = differences(log)
        if not found:
            return
        again = set(kinds(differences(log)))
        lasts = next((kind for kind in kinds(found) if kind in again), None)
        if lasts is None:
            self.counts["races"] += 1
            self._write("race", log, found)
        else:
            self.counts["differences"] += 1
            small = minimal(log, lasts, self.shrink)
            self._write("difference", small, differences(small) or found)

    def _write(self, verdict: str, log: list[Entry], found: list[str]) -> None:
        text = "\n".join([*(f"# {line}" for line in found), str(Log(log)), ""])
        if self.folder is None:
            sys.stdout.write(text)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        number = self.counts["worlds"]
        self.folder.joinpath(f"{verdict}-{number:05}.sh").write_text(text)


def run(judge: Callable[[Log], None], count: int, number: int) -> None:
    """Draw ``count`` different worlds from the seed ``number``, and have each judged.

    A few at a time, each time with another seed: of many, hypothesis makes most by repeating parts of earlier ones.
    """
    judged: set[str] = set()

    @settings(max_examples=8, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(worlds())
    def each(log: Log) -> None:
        if str(log) not in judged and len(judged) < count:
            judged.add(str(log))
            judge(log)

    for step in itertools.count():
        if len(judged) < count:
            seed(number * 10_000 + step)(each)()
        else:
            return


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.twin.worlds", description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--found", type=Path, help="where differences are written; without it they are printed")
    parser.add_argument("--shrink", type=int, default=60, help="how many runs may be spent on making a script small")
    options = parser.parse_args()
    soak, started = Soak(options.found, shrink=options.shrink), time.monotonic()
    run(soak.judge, options.worlds, options.seed)
    sys.stdout.write(f"seed {options.seed}: {soak} in {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
