"""The API server by itself: what it keeps, refuses and writes down."""

from __future__ import annotations

import copy

import pytest

from k8snet.errors import ApiError
from k8snet.kube.objects import ConfigMap, Namespace, Object, ObjectMeta, OwnerReference, changed, kind_of, meta, to_dict
from tests.kube.plain import Server, pod


@pytest.fixture
def server() -> Server:
    return Server()


def refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[str, str]:
    return error.value.reason, str(error.value)


def test_a_new_object_gets_what_the_server_gives(server: Server) -> None:
    server.now = 61.5
    made = server.client().create(pod())
    about = meta(made)
    assert about.creationTimestamp is not None
    assert about.creationTimestamp.isoformat() == "2026-11-01T00:01:01+00:00"
    assert about.namespace == "default"
    assert about.resourceVersion == "2"
    assert about.generation == 1
    assert about.uid is not None
    assert len(about.uid) == 36
    assert made.status.phase == "Pending"
    assert made.status.qosClass == "BestEffort"


def test_uids_differ_and_are_the_same_in_each_run(server: Server) -> None:
    client, other = server.client(), Server().client()
    uids = [meta(client.create(pod(name))).uid for name in ("a", "b")]
    assert uids[0] != uids[1]
    assert uids == [meta(other.create(pod(name))).uid for name in ("a", "b")]


def test_a_name_can_be_generated(server: Server) -> None:
    nameless = changed(pod(), metadata=ObjectMeta(generateName="web-"))
    names = {meta(server.client().create(nameless)).name for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("web-") and len(name) == 9 for name in names if name)


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        pytest.param(lambda client: client.get("Pod", "nope"), ("NotFound", 'pods "nope" not found'), id="get"),
        pytest.param(
            lambda client: client.get("Deployment", "nope"), ("NotFound", 'deployments.apps "nope" not found'), id="get group",
        ),
        pytest.param(lambda client: client.delete(pod("nope")), ("NotFound", 'pods "nope" not found'), id="delete"),
        pytest.param(lambda client: client.update(pod("nope")), ("NotFound", 'pods "nope" not found'), id="update"),
        pytest.param(lambda client: client.create(pod("there")), ("AlreadyExists", 'pods "there" already exists'), id="create"),
        pytest.param(
            lambda client: client.create(changed(pod(), metadata=ObjectMeta(name="a", namespace="nope"))),
            ("NotFound", 'namespaces "nope" not found'), id="no such namespace",
        ),
        pytest.param(
            lambda client: client.create(changed(pod(), metadata=ObjectMeta(name="a", resourceVersion="7"))),
            ("Invalid", "resourceVersion should not be set on objects to be created"), id="a version at birth",
        ),
        pytest.param(
            lambda client: client.create(changed(pod(), metadata=ObjectMeta())),
            ("Invalid", 'Pod "" is invalid: metadata.name: Required value: name or generateName is required'), id="no name",
        ),
    ],
)  # fmt: skip
def test_refusals(server: Server, verb: object, expected: tuple[str, str]) -> None:
    server.client().create(pod("there"))
    before = len(server.api.history)
    with pytest.raises(ApiError) as error:
        verb(server.client())  # type: ignore[operator]
    assert refused(error) == expected
    assert len(server.api.history) == before


def test_two_who_change_the_same_thing(server: Server) -> None:
    """A conflict in three lines: both read, both write, the second is refused."""
    server.client().create(pod(labels={"app": "web"}))
    mine, yours = server.client().get("Pod", "web"), server.client().get("Pod", "web")
    mine.metadata.labels["tier"] = "front"
    server.client().update(mine)
    yours.metadata.labels["tier"] = "back"
    with pytest.raises(ApiError, match='cannot be fulfilled on pods "web": the object has been modified; please') as error:
        server.client().update(yours)
    assert error.value.reason == "Conflict"
    assert server.client().get("Pod", "web").metadata.labels["tier"] == "front"


def test_what_is_handed_out_is_the_readers_own(server: Server) -> None:
    made = server.client().create(pod(labels={"app": "web"}))
    made.metadata.labels["app"] = "changed"
    server.client().get("Pod", "web").metadata.labels.clear()
    server.client().list("Pod")[0].spec.containers.clear()
    kept = server.client().get("Pod", "web")
    assert kept.metadata.labels == {"app": "web"}
    assert len(kept.spec.containers) == 1


def test_an_update_that_changes_nothing_is_no_write(server: Server) -> None:
    made = server.client().create(pod())
    before = len(server.api.history)
    assert meta(server.client().update(made)).resourceVersion == meta(made).resourceVersion
    assert len(server.api.history) == before


def test_a_status_is_written_apart(server: Server) -> None:
    made = server.client().create(pod())
    made.status.phase = "Running"
    made.metadata.labels = {"a": "b"}
    assert server.client().update_status(made).metadata.labels is None
    changed_wish = server.client().get("Pod", "web")
    changed_wish.status.phase = "Failed"
    changed_wish.metadata.labels = {"a": "b"}
    assert server.client().update(changed_wish).status.phase == "Running"
    assert [write.path for write in server.api.history[-2:]] == [
        "/api/v1/namespaces/default/pods/web/status", "/api/v1/namespaces/default/pods/web",
    ]  # fmt: skip


def test_the_history_says_who_how_and_what(server: Server) -> None:
    server.client().create(pod())
    server.client("kube-scheduler", apart=False).bind(server.client().get("Pod", "web"), "node1")
    server.client().delete(server.client().get("Pod", "web"), grace=0)
    create, bind, delete = server.api.history[-3:]
    assert (create.who, create.verb, create.path) == ("kubectl", "POST", "/api/v1/namespaces/default/pods")
    assert (bind.who, bind.verb, bind.path) == ("kube-scheduler", "POST", "/api/v1/namespaces/default/pods/web/binding")
    assert "spec.nodeName: - -> node1" in str(bind)
    assert [change.path for change in bind.changes] == ["spec.nodeName", "status.conditions"]
    assert (delete.verb, delete.after, delete.path) == ("DELETE", None, "/api/v1/namespaces/default/pods/web")
    assert server.told == list(server.api.history)


def test_a_pod_that_runs_nowhere_goes_at_once(server: Server) -> None:
    server.client().create(pod())
    server.client().delete(pod())
    assert server.client().find("Pod", "web") is None


def test_a_pod_that_runs_is_given_time(server: Server) -> None:
    client = server.client()
    client.bind(client.create(pod()), "node1")
    client.delete(pod())
    waiting = client.get("Pod", "web")
    assert meta(waiting).deletionGracePeriodSeconds == 30
    assert str(meta(waiting).deletionTimestamp) == "2026-11-01 00:00:30+00:00"
    client.delete(pod(), grace=60)
    assert client.get("Pod", "web") == waiting
    client.delete(pod(), grace=5)
    assert meta(client.get("Pod", "web")).deletionGracePeriodSeconds == 5
    client.delete(pod(), grace=0)
    assert client.find("Pod", "web") is None


def test_a_finalizer_keeps_an_object_until_it_goes(server: Server) -> None:
    client = server.client()
    client.create(ConfigMap(metadata=ObjectMeta(name="a", finalizers=["example.com/mine"])))
    client.delete(client.get("ConfigMap", "a"))
    there = client.get("ConfigMap", "a")
    assert meta(there).deletionTimestamp is not None
    there.metadata.finalizers = None
    client.update(there)
    assert client.find("ConfigMap", "a") is None


def test_a_namespace_that_ends_takes_nothing_new(server: Server) -> None:
    client = server.client()
    client.create(Namespace(metadata=ObjectMeta(name="shop")))
    client.delete(client.get("Namespace", "shop"))
    assert client.get("Namespace", "shop").status.phase == "Terminating"
    with pytest.raises(ApiError, match='pods "web" is forbidden: unable to create new content in namespace shop because'):
        client.create(changed(pod(), metadata=ObjectMeta(name="web", namespace="shop")))


def test_a_transaction_is_all_or_nothing(server: Server) -> None:
    client = server.client()
    client.create(pod("old"))
    state, version, told = to_dict(client.get("Pod", "old")), server.api.store.version, len(server.told)

    def act() -> None:
        with server.api.transaction():
            client.create(pod("new"))
            old: Object = client.get("Pod", "old")
            old.metadata.labels = {"a": "b"}
            client.update(old)
            client.delete(pod("old"))
            client.create(pod("new"))

    with pytest.raises(ApiError, match="already exists"):
        act()
    assert [meta(each).name for each in client.list("Pod")] == ["old"]
    assert to_dict(client.get("Pod", "old")) == state
    assert (server.api.store.version, len(server.told)) == (version, told)


def test_lists_are_sorted_and_chosen_from(server: Server) -> None:
    client = server.client()
    client.create(Namespace(metadata=ObjectMeta(name="shop")))
    for name, namespace, tier in (("c", "default", "front"), ("a", "shop", "back"), ("b", "default", "back")):
        client.create(changed(pod(), metadata=ObjectMeta(name=name, namespace=namespace, labels={"tier": tier})))
    client.bind(client.get("Pod", "b"), "node1")

    def names(namespace: str | None = None, **how: str) -> list[str | None]:
        return [meta(each).name for each in client.list("Pod", namespace, **how)]

    assert names() == ["b", "c", "a"]
    assert names("shop") == ["a"]
    assert names(labels="tier=back") == ["b", "a"]
    assert names(fields="spec.nodeName=node1") == ["b"]


def test_owners_and_nodes_are_found_quickly(server: Server) -> None:
    client = server.client()
    owner = client.create(ConfigMap(metadata=ObjectMeta(name="owner")))
    reference = OwnerReference(apiVersion="v1", kind="ConfigMap", name="owner", uid=meta(owner).uid or "")
    client.create(changed(pod(), metadata=ObjectMeta(name="owned", ownerReferences=[reference])))
    client.bind(client.create(pod("free")), "node1")
    assert [meta(each).name for each in client.owned(meta(owner).uid or "", "Pod")] == ["owned"]
    assert [meta(each).name for each in client.orphans("Pod", "default")] == ["free"]
    assert [meta(each).name for each in client.pods_on("node1")] == ["free"]
    client.delete(pod("free"), grace=0)
    assert client.orphans("Pod", "default") == client.pods_on("node1") == []


def test_the_same_event_counts_up(server: Server) -> None:
    client = server.client("kubelet")
    made = client.create(pod())
    for now in (1.0, 5.0):
        server.now = now
        client.event(made, "BackOff", "Back-off restarting failed container", "Warning")
    client.event(made, "Started", "Started container web")
    told, started = client.list("Event")
    assert (told.reason, told.type, told.count, told.source.component) == ("BackOff", "Warning", 2, "kubelet")
    assert (told.involvedObject.kind, told.involvedObject.name) == ("Pod", "web")
    assert (started.count, str(started.firstTimestamp)) == (1, "2026-11-01 00:00:05+00:00")


def test_a_copy_of_the_store_shares_objects_and_nothing_else(server: Server) -> None:
    client = server.client(apart=False)
    client.create(pod())
    other = copy.deepcopy(server.api.store)
    assert other.find("Pod", ("default", "web")) is client.get("Pod", "web")
    client.delete(pod())
    assert other.find("Pod", ("default", "web")) is not None
    assert other.orphans("Pod", "default") != []


def test_a_watch_tells_what_has_come_since(server: Server) -> None:
    client = server.client()
    client.create(pod("old"))
    watch = client.watch("Pod")
    client.bind(client.create(pod()), "node1")
    client.create(ConfigMap(metadata=ObjectMeta(name="other")))
    client.delete(pod("old"))
    assert [(word, write.name) for word, write in watch.poll()] == [("ADDED", "web"), ("MODIFIED", "web"), ("DELETED", "old")]
    assert watch.poll() == []


def test_a_patch_merges_a_part_of_a_manifest(server: Server) -> None:
    client = server.client()
    client.create(pod(labels={"app": "web", "tier": "front"}))
    containers = [{"name": "web", "image": "nginx:1.29"}]
    wishes = {"metadata": {"labels": {"tier": None, "new": "yes"}}, "spec": {"containers": containers}}
    after = client.merge_patch("Pod", "web", wishes)
    assert after.metadata.labels == {"app": "web", "new": "yes"}
    assert [(each.name, each.image) for each in after.spec.containers] == [("web", "nginx:1.29")]
    assert server.api.history[-1].verb == "PATCH"
    with pytest.raises(ApiError, match="pod updates may not change fields"):
        client.merge_patch("Pod", "web", {"spec": {"restartPolicy": "Never"}})


def test_a_generated_name_that_is_taken_is_made_up_anew(server: Server) -> None:
    nameless = changed(pod(), metadata=ObjectMeta(generateName="web-"))
    first = server.api._free_name(kind_of(nameless), "web-", "default")
    server.api.store.put("Pod", ("default", first), pod(first))
    made = server.client().create(nameless)
    assert meta(made).name not in (first, None)
    assert (meta(made).name or "").startswith("web-")
