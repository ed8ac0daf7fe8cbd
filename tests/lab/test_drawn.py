"""Numbers that a kernel draws at random: hidden behind a name, and yet compared."""

from __future__ import annotations

import pytest

from k8snet.lab.drawn import Section, hide


def agrees(model: list[str], kernel: list[str], *, drawn: set[int], ordered: bool = True) -> bool:
    """Whether both sides say the same once the drawn numbers are hidden."""
    (section,) = hide([Section("captures", model, kernel, ordered)], drawn)
    return section.model == section.kernel


@pytest.mark.parametrize(
    ("model", "kernel", "same"),
    [
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80"], ["10.0.0.1:51234 > 10.0.0.2:80"], True, id="another port"),
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80"], ["10.0.0.1:700 > 10.0.0.2:80"], False, id="of another range"),
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80"], ["10.0.0.9:51234 > 10.0.0.2:80"], False, id="another address"),
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80", "10.0.0.2:80 > 10.0.0.1:40001"],
                     ["10.0.0.1:51234 > 10.0.0.2:80", "10.0.0.2:80 > 10.0.0.1:51234"], True, id="it comes back"),
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80", "10.0.0.2:80 > 10.0.0.1:40001"],
                     ["10.0.0.1:51234 > 10.0.0.2:80", "10.0.0.2:80 > 10.0.0.1:51235"], False, id="it does not"),
        pytest.param(["sport=40001 dport=80"], ["sport=51234 dport=80"], True, id="in a list of connections"),
        pytest.param(["icmp 8/0 id 40001 seq 1"], ["icmp 8/0 id 3 seq 1"], True, id="an echo id has one range"),
        pytest.param(["10.0.0.1:40001 > 10.0.0.2:80"], ["10.0.0.1:40000 > 10.0.0.2:80"], True, id="a number of nothing else"),
    ],
)
def test_a_drawn_number_is_compared_by_its_range_and_its_places(model: list[str], kernel: list[str], same: bool) -> None:
    assert agrees(model, kernel, drawn={40001}) is same


def test_a_number_that_was_not_drawn_must_be_the_same() -> None:
    assert not agrees(["10.0.0.1:40001 > 10.0.0.2:80"], ["10.0.0.1:51234 > 10.0.0.2:80"], drawn=set())
    assert not agrees(["sport=40001 dport=80", "sport=7 dport=8"], ["sport=51234 dport=80", "sport=7 dport=80"], drawn={40001})


def test_lines_without_an_order_are_sorted_by_what_is_not_drawn() -> None:
    model = ["sport=40001 dport=81", "sport=40002 dport=80"]
    kernel = ["sport=50009 dport=80", "sport=60000 dport=81"]
    assert agrees(model, kernel, drawn={40001, 40002}, ordered=False)
    assert not agrees(model, kernel, drawn={40001, 40002})
