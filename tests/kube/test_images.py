"""What images do when they run: rows of a container's words and what comes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import NotModelled
from k8snet.kube import images
from k8snet.kube.images import IMAGES, Behaviour, expand, misspelt, reference, repository

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.57"
DOCKER = "docker.io/library"


def run(image: str, command: list[str] | None = None, args: list[str] | None = None, **env: str) -> Behaviour:
    found = images.run(image, command, args, env)
    assert found is not None
    return found


@pytest.mark.parametrize(("image", "process", "listens"), [
    ("nginx", "nginx: master process nginx -g daemon off;", [("tcp", 80)]),
    ("nginx:alpine", "nginx: master process nginx -g daemon off;", [("tcp", 80)]),
    ("httpd:2.4", "httpd -DFOREGROUND", [("tcp", 80)]),
    ("redis:8", "redis-server *:6379", [("tcp", 6379)]),
    ("traefik/whoami", "/whoami", [("tcp", 80)]),
    ("kennethreitz/httpbin", "gunicorn -b 0.0.0.0:80 httpbin:app -k gevent", [("tcp", 80)]),
    ("gcr.io/google-samples/hello-app:1.0", "./hello-app", [("tcp", 8080)]),
    ("registry.k8s.io/pause:3.10.1", "/pause", []),
    (AGNHOST, "/agnhost pause", []),
])  # fmt: skip
def test_servers_as_they_are(image: str, process: str, listens: list[tuple[str, int]]) -> None:
    found = run(image)
    assert (found.process, list(found.listens), found.exit_code, found.heeds_term) == (process, listens, None, True)


@pytest.mark.parametrize("image", ["busybox", "alpine", "debian:bookworm-slim", "ubuntu:24.04", "nicolaka/netshoot",
                         "python:3.13"])
def test_a_shell_without_a_terminal_ends_at_once(image: str) -> None:
    found = run(image)
    assert (found.exit_code, found.after, found.listens) == (0, 0, ())


@pytest.mark.parametrize(("image", "command", "args", "expected"), [
    pytest.param("busybox", ["sleep", "10"], None, {"exit_code": 0, "after": 10, "heeds_term": False}, id="sleep"),
    pytest.param("busybox", ["sleep"], ["1m", "30s"], {"exit_code": 0, "after": 90}, id="sleep-adds-up"),
    pytest.param("busybox", ["sleep", "infinity"], None, {"exit_code": None, "heeds_term": False}, id="sleep-infinity"),
    pytest.param("busybox", None, ["sleep", "3600"], {"process": "sleep 3600", "after": 3600}, id="args-alone"),
    pytest.param("busybox", ["sleep", "soon"], None, {"exit_code": 1, "log": ("sleep: invalid number 'soon'",)}, id="sleep-soon"),
    pytest.param("busybox", ["sleep"], None, {"exit_code": 1}, id="sleep-of-nothing"),
    pytest.param("busybox", ["/bin/sleep", "5"], None, {"after": 5}, id="with-a-path"),
    pytest.param("busybox", ["httpd", "-f", "-p", "8080"], None, {"listens": (("tcp", 8080),), "heeds_term": False}, id="httpd"),
    pytest.param("busybox", ["httpd", "-f", "-p", "127.0.0.1:8080"], None, {"ip": "127.0.0.1"}, id="httpd-on-loopback"),
    pytest.param("busybox", ["httpd", "-p", "8080"], None, {"listens": (), "exit_code": 0}, id="httpd-in-the-background"),
    pytest.param("busybox", ["nc", "-lk", "-p", "9000"], None, {"listens": (("tcp", 9000),)}, id="nc"),
    pytest.param("busybox", ["nc", "-luk", "-p", "9000"], None, {"listens": (("udp", 9000),)}, id="nc-udp"),
    pytest.param("busybox", ["tail", "-f", "/dev/null"], None, {"exit_code": None, "heeds_term": False}, id="tail"),
    pytest.param("busybox", ["echo", "hello", "world"], None, {"exit_code": 0, "log": ("hello world",)}, id="echo"),
    pytest.param("busybox", ["false"], None, {"exit_code": 1}, id="false"),
    pytest.param("busybox", ["foo"], None, {"exit_code": 128, "fault": 'exec: "foo": executable file not found in $PATH'},
                 id="no-such"),
    pytest.param("busybox", ["/bin/foo"], None, {"fault": 'exec: "/bin/foo": stat /bin/foo: no such file or directory'},
                 id="no-such-file"),
    pytest.param("traefik/whoami", ["sh"], None, {"fault": 'exec: "sh": executable file not found in $PATH'},
                 id="no-shell-inside"),
    pytest.param("traefik/whoami", None, ["--port=8080"], {"listens": (("tcp", 8080),), "term_code": 2},
                 id="args-behind-an-entrypoint"),
    pytest.param("nginx", ["nginx"], None, {"exit_code": 0, "listens": ()}, id="nginx-in-the-background"),
    pytest.param("nginx", None, ["sleep", "5"], {"process": "sleep 5", "listens": ()}, id="args-replace-the-images-words"),
    pytest.param("nginx", None, ["foo"], {"exit_code": 127, "log": ("/docker-entrypoint.sh: exec: foo: not found",)},
                 id="script-fails"),
    pytest.param("nginx", None, ["-g", "daemon off;"], {"exit_code": 127}, id="nginx-takes-no-options"),
    pytest.param("redis", None, ["--port", "7000"], {"listens": (("tcp", 7000),)}, id="options-for-redis"),
    pytest.param("redis", ["redis-server", "--port", "7000"], None, {"process": "redis-server *:7000"}, id="redis-by-name"),
    pytest.param("curlimages/curl", None, None, {"exit_code": 2}, id="curl-of-nothing"),
    pytest.param("hashicorp/http-echo", None, None, {"exit_code": 127, "log": ("Missing -text option!",)}, id="echo-of-nothing"),
    pytest.param("hashicorp/http-echo", None, ["-text=hi"], {"listens": (("tcp", 5678),)}, id="http-echo"),
    pytest.param("hashicorp/http-echo", None, ["-text", "hi", "-listen=:80"], {"listens": (("tcp", 80),)},
                 id="http-echo-elsewhere"),
    pytest.param("python:3.13", ["python", "-m", "http.server", "8080"], None, {"listens": (("tcp", 8080),)}, id="python"),
    pytest.param("python:3.13", ["python3", "-m", "http.server", "--bind", "127.0.0.1"], None, {"ip": "127.0.0.1"},
                 id="python-on-loopback"),
    pytest.param(AGNHOST, None, ["netexec"], {"listens": (("tcp", 8080), ("udp", 8081))}, id="netexec"),
    pytest.param(AGNHOST, None, ["netexec", "--http-port=80", "--udp-port", "-1", "--sctp-port=90"],
                 {"listens": (("tcp", 80), ("sctp", 90))}, id="netexec-with-ports"),
    pytest.param(AGNHOST, ["/agnhost", "netexec", "--http-port=80"], None, {"process": "/agnhost netexec --http-port=80"},
                 id="by-path"),
    pytest.param("agnhost", None, ["netexec", "--port=80"], {"exit_code": 1, "log": ("Error: unknown flag: --port",)},
                 id="unknown-flag"),
    pytest.param(AGNHOST, None, ["serve-hostname"], {"listens": (("tcp", 9376),)}, id="serve-hostname"),
    pytest.param(AGNHOST, None, ["serve-hostname", "--http=false", "--tcp", "--udp"],
                 {"listens": (("tcp", 9376), ("udp", 9376))}, id="serve-hostname-raw"),
    pytest.param(AGNHOST, None, ["test-webserver"], {"listens": (("tcp", 80),)}, id="test-webserver"),
    pytest.param(AGNHOST, None, ["pause"], {"listens": (), "exit_code": None, "term_code": 2}, id="pause"),
])  # fmt: skip
def test_words(image: str, command: list[str] | None, args: list[str] | None, expected: dict[str, Any]) -> None:
    found = run(image, command, args)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_database_wants_a_password() -> None:
    assert run("postgres:18").exit_code == 1
    assert run("postgres:18").log[0] == "Error: Database is uninitialized and superuser password is not specified."
    assert run("postgres:18", POSTGRES_PASSWORD="secret").listens == (("tcp", 5432),)


def test_ports_from_the_environment() -> None:
    assert run(AGNHOST, None, ["porter"], SERVE_PORT_80="web", SERVE_PORT_81="admin").listens == (("tcp", 80), ("tcp", 81))
    assert run("gcr.io/google-samples/hello-app:1.0", PORT="9000").listens == (("tcp", 9000),)
    assert run(AGNHOST, None, ["netexec", "--http-port=$(PORT)"], PORT="90").listens[0] == ("tcp", 90)


@pytest.mark.parametrize(("word", "expanded"), [
    ("$(A)", "1"), ("$(B)", "$(B)"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("a$(A)$(A)b", "a11b"), ("$A", "$A"), ("$(A", "$(A"),
])  # fmt: skip
def test_variables(word: str, expanded: str) -> None:
    assert expand([word], {"A": "1"}) == (expanded,)


# --- a shell's line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "expected"), [
    ("sleep 5", {"exit_code": 0, "after": 5}),
    ("sleep 5; exit 1", {"exit_code": 1, "after": 5}),
    ("sleep 2 && sleep 3", {"exit_code": 0, "after": 5}),
    ("false && sleep 5", {"exit_code": 1, "after": 0}),
    ("false || exit 3", {"exit_code": 3}),
    ("true || sleep 9", {"exit_code": 0, "after": 0}),
    ("false; echo 'it goes on'", {"exit_code": 0, "log": ("it goes on",)}),
    ("echo one\necho two; sleep 1\n", {"log": ("one", "two"), "after": 1}),
    ("echo $NAME ${NAME}s; exit", {"log": ("web webs",), "exit_code": 0}),
    ("echo hello > /tmp/file && sleep 3", {"log": (), "after": 3}),
    ("touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600", {"after": 630}),
    ("sleep infinity", {"exit_code": None, "process": "sleep infinity", "heeds_term": False}),
    ("exec sleep 7", {"exit_code": 0, "after": 7}),
    ("sleep 20; httpd -f -p 8080", {"listens": (("tcp", 8080),), "listens_after": 20, "exit_code": None, "heeds_term": False}),
    ("exec httpd -f -p 80", {"listens": (("tcp", 80),), "process": "httpd -f -p 80"}),
    ("while true; do echo tick; sleep 10; done", {"exit_code": None, "heeds_term": False, "log": ("tick",)}),
    ("while :\ndo\n  sleep 1\ndone", {"exit_code": None}),
    ("sleep 1 &&\n sleep 2", {"after": 3}),
    ("", {"exit_code": 0}),
])  # fmt: skip
def test_lines(line: str, expected: dict[str, Any]) -> None:
    found = run("busybox", ["sh", "-c", line], NAME="web")
    assert {name: getattr(found, name) for name in expected} == expected


def test_who_heeds_sigterm() -> None:
    """A shell that waits for its command does not, whatever the command would do."""
    assert run("nginx").heeds_term
    assert not run("nginx", ["sh", "-c", "echo ready; nginx -g 'daemon off;'"]).heeds_term
    assert run("nginx", ["sh", "-c", "echo ready; exec nginx -g 'daemon off;'"]).heeds_term


@pytest.mark.parametrize(("image", "command"), [
    ("busybox", ["sh", "-c", "date"]), ("busybox", ["sh", "-c", "echo a | cat"]), ("busybox", ["sh", "-c", "sleep 1 & sleep 2"]),
    ("busybox", ["sh", "-c", "echo $(hostname)"]), ("busybox", ["sh", "-c", "for a in 1 2; do echo $a; done"]),
    ("busybox", ["sh", "-c", "exit now"]), (AGNHOST, ["/agnhost", "netexec", "--http-port=http"]), ("busybox", ["httpd",
    "-f", "-p", "www"]),
    ("busybox", ["sh", "-c", "if true; then echo; fi"]), ("busybox", ["sh", "-c", "echo 'no end"]), ("busybox", ["sh",
    "start.sh"]),
    ("busybox", ["sh", "-c", "while true; do exec sleep 1; done"]), ("busybox", ["sh", "-c", "while false; do sleep 1; done"]),
    ("busybox", ["wget", "web"]), ("busybox", ["nc", "web", "80"]), ("busybox", ["tail", "-f", "/var/log/x"]), ("busybox",
    ["ping", "web"]),
    ("python:3.13", ["python", "app.py"]), ("curlimages/curl", ["curl", "http://web"]), (AGNHOST, ["/agnhost", "connect",
    "web:80"]),
    (AGNHOST, ["/agnhost", "serve-hostname", "--tcp"]),
])  # fmt: skip
def test_what_is_not_modelled_says_so(image: str, command: list[str]) -> None:
    with pytest.raises(NotModelled):
        run(image, command)


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("image", "name"), [
    ("nginx", f"{DOCKER}/nginx:latest"), ("nginx:1.29", f"{DOCKER}/nginx:1.29"), ("library/nginx", f"{DOCKER}/nginx:latest"),
    ("docker.io/nginx:1", f"{DOCKER}/nginx:1"), ("traefik/whoami", "docker.io/traefik/whoami:latest"),
    ("localhost/web", "localhost/web:latest"), ("localhost:5000/web:2", "localhost:5000/web:2"),
    ("registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.10.1"),
    (f"nginx@sha256:{'a' * 64}", f"{DOCKER}/nginx@sha256:{'a' * 64}"), (f"nginx:1@sha256:{'a' * 64}",
    f"{DOCKER}/nginx:1@sha256:{'a' * 64}"),
])  # fmt: skip
def test_full_names(image: str, name: str) -> None:
    assert reference(image) == name
    assert reference(name) == name


@pytest.mark.parametrize("image", [
    "ngnix", "nginx:doesnotexist", "nginx:lates", "example.com/nginx", "docker.io/nginx/nginx", "k8s.gcr.io/pause", "Nginx",
    "nginx:", ":1",
    "",
])  # fmt: skip
def test_what_there_is_not(image: str) -> None:
    assert images.run(image) is None


@pytest.mark.parametrize("tag", ["latest", "alpine", "1", "1.29.3", "1.29-alpine", "v1.2", "stable-alpine", "bookworm",
                         "3.12-slim", "24.04"])
def test_tags_that_there_are(tag: str) -> None:
    assert images.run(f"nginx:{tag}") is not None


@pytest.mark.parametrize(("image", "why"), [
    ("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase"), ("nginx:1 2",
    "invalid reference format"),
    ("nginx:", "invalid reference format"), ("web app", "invalid reference format"), ("nginx@sha256:12",
    "invalid reference format"),
])  # fmt: skip
def test_names_that_are_none(image: str, why: str) -> None:
    assert misspelt(image) == f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {why}'


def test_tools() -> None:
    assert "tcpdump" in images.tools("nicolaka/netshoot:v0.14")
    assert images.tools("traefik/whoami") == images.tools("nothing/like/it") == ()


@given(st.sampled_from(sorted(IMAGES)), st.lists(st.text(max_size=9), max_size=3) | st.none(), st.lists(st.text(max_size=9),
       max_size=3))
def test_any_words_have_an_answer(image: str, command: list[str] | None, args: list[str]) -> None:
    """A behaviour, or a plain no."""
    try:
        found = run(image, command, args)
    except NotModelled:
        return
    assert found.exit_code is None or 0 <= found.exit_code <= 255
    assert not (found.fault and found.listens)


@given(st.text(alphabet="abes; &|\n><'\"$(){}123", max_size=25))
def test_any_line_has_an_answer(line: str) -> None:
    try:
        run("busybox", ["sh", "-c", line])
    except NotModelled:
        return


@given(st.from_regex(r"[a-z]{1,5}(\.[a-z]{2})?(:\d{2})?(/[a-z]{1,4}){0,2}(:[a-z0-9.]{1,4})?", fullmatch=True))
def test_full_names_are_their_own(image: str) -> None:
    if misspelt(image) is None:
        assert reference(reference(image)) == reference(image)
        assert repository(reference(image)) == repository(image)
