"""``curl`` in the words of 7.88.1; the texts are recorded from the real one, but for times and addresses."""

from __future__ import annotations

import pytest

from k8snet.errors import NotModelled
from tests.tools.network import in_a, world

VERBOSE = """\
*   Trying 10.1.2.2:4000...
* connect to 10.1.2.2 port 4000 failed: Connection refused
* Failed to connect to 10.1.2.2 port 4000 after 0 ms: Couldn't connect to server
* Closing connection 0
curl: (7) Failed to connect to 10.1.2.2 port 4000 after 0 ms: Couldn't connect to server
"""
REFUSED = VERBOSE.splitlines(keepends=True)[-1]
HINT = "curl: try 'curl --help' or 'curl --manual' for more information"


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("curl http://10.1.2.2", "b saw 10.1.1.1:40000\n", 0),
        ("curl -s 10.1.2.2/path", "b saw 10.1.1.1:40000\n", 0),
        ("curl -s -o /dev/null -w '%{http_code}\\n' http://10.1.2.2", "200\n", 0),
        ("curl http://10.1.2.2:4000", REFUSED, 7),
        ("curl -s http://10.1.2.2:4000", "", 7),
        ("curl -sS http://10.1.2.2:4000", REFUSED, 7),
        ("curl -sSv http://10.1.2.2:4000", VERBOSE, 7),
        ("curl -m 1 http://10.1.1.77", "curl: (28) Connection timed out after 1000 milliseconds\n", 28),
        ("curl --connect-timeout 1 http://10.1.1.77",
         "curl: (28) Failed to connect to 10.1.1.77 port 80 after 1000 ms: Timeout was reached\n", 28),
        ("curl http://10.1.1.77",
         "curl: (7) Failed to connect to 10.1.1.77 port 80 after 3000 ms: Couldn't connect to server\n", 7),
        ("curl -s -w '%{http_code}' http://10.1.2.2:4000", "000", 7),
        ("curl http://web", "curl: (6) Could not resolve host: web\n", 6),
        ("curl http://10.1.2.2:99999", "curl: (3) URL using bad/illegal format or missing URL", 3),
        ("curl", HINT, 2),
        ("curl -m", f"curl: option -m: requires parameter\n{HINT}", 2),
        ("curl -m x http://10.1.2.2", f"curl: option -m: expected a proper numerical parameter\n{HINT}", 2),
    ],
)  # fmt: skip
def test_curl_prints(command: str, printed: str, code: int) -> None:
    made = world()
    made.listen("b", 80)
    assert in_a(made, command) == (printed, code)


def test_curl_sends_what_the_real_one_sends() -> None:
    made = world()
    made.listen("b", 8000)
    trace = made.sh("ip netns exec a curl -H 'X-Test: 1' http://10.1.2.2:8000/x?y=1").trace
    assert trace is not None
    sent = b"GET /x?y=1 HTTP/1.1\r\nHost: 10.1.2.2:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nX-Test: 1\r\n\r\n"
    assert getattr(trace.question, "data", b"") == sent


@pytest.mark.parametrize("command", ["curl https://10.1.2.2", "curl -L http://10.1.2.2", "curl -o page http://10.1.2.2"])
def test_curl_says_what_is_not_modelled(command: str) -> None:
    with pytest.raises(NotModelled):
        in_a(world(), command)
