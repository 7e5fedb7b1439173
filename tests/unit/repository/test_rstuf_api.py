"""RSTUF's API over HTTP: requests as its clients make them, answers as they expect them.

Source: OpenAPI of repository-service-tuf-api 1.0.1, and the messages that its client compares.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.metadata import Metadata

from pratique.repository.errors import RepositoryError
from pratique.repository.inspection import verify
from pratique.repository.keys import create_key, read_key
from pratique.repository.layout import Layout
from pratique.repository.rstuf.payloads import InvalidPayloadError
from pratique.repository.rstuf.service import KINDS, Service
from pratique.repository.rstuf.tasks import Tasks
from pratique.repository.service import now_utc
from pratique.surfaces.repository.app import MESSAGES


def test_bootstrap_locks_and_publishes(ready, signed_root, ceremony):
    assert ready.client.get("/api/v1/bootstrap/").json() == {
        "data": {"bootstrap": True, "state": "finished"},
        "message": "System LOCKED for bootstrap.",
    }
    answer = ready.client.post(
        "/api/v1/bootstrap/", json=ceremony(signed_root(ready.people[:2], ready.online))
    )
    assert answer.status_code == 200
    assert "already has a Metadata" in answer.json()["detail"]["error"]
    assert ready.flaws() == ()
    assert ready.client.get("/metadata/timestamp.json", headers={"Authorization": ""}).json()


def test_config_is_that_of_the_bootstrap_and_can_be_changed(ready):
    config = ready.client.get("/api/v1/config/").json()["data"]
    assert (config["number_of_delegated_bins"], config["root_threshold"]) == (4, 2)
    assert (config["targets_online_key"], config["bins_expiration"]) == (True, 90)
    body = {"settings": {"expiration": {"timestamp": 2, "elsewhere": 9}}}
    details = ready.done("/config/", body, "PUT")
    assert details == {"updated_roles": ["timestamp"], "invalid_roles": ["elsewhere"]}
    assert ready.client.get("/api/v1/config").json()["data"]["timestamp_expiration"] == 2


def test_artifacts_are_listed_with_what_was_said_of_them(ready, artifact):
    body = {
        "artifacts": [artifact("a.tar.gz", 3, custom={"k": [1, {"z": None}]}), artifact("../b")],
        "add_task_id_to_custom": True,
    }
    data = ready.send("/artifacts/", body)
    details = data["result"]["details"]
    assert (details["added_artifacts"], details["invalid_paths"]) == (["a.tar.gz"], ["../b"])
    (role,) = details["target_roles"]
    listed = json.loads((Layout(ready.folder).metadata / f"2.{role}.json").read_bytes())
    assert listed["signed"]["targets"] == {
        "a.tar.gz": {
            "length": 3,
            "hashes": {"blake2b-256": hashlib.blake2b(b"x", digest_size=32).hexdigest()},
            "custom": {"k": [1, {"z": None}], "added_by_task_id": data["task_id"]},
        }
    }
    details = ready.done("/artifacts/delete", {"artifacts": ["a.tar.gz", "absent"]})
    assert details["deleted_artifacts"] == ["a.tar.gz"]
    assert details["not_found_artifacts"] == ["absent"]
    assert ready.flaws() == ()


def test_artifacts_wait_where_they_are_not_to_be_published(ready, artifact):
    ready.done("/artifacts/", {"artifacts": [artifact("a")], "publish_artifacts": False})
    assert verify(ready.folder, now_utc(), content=True).artifacts == 0
    answer = ready.client.post("/api/v1/artifacts/publish/")
    assert answer.json()["message"] == MESSAGES["publish_artifacts"]
    ready.ended(answer.json()["data"]["task_id"])
    assert verify(ready.folder, now_utc(), content=True).artifacts == 1


def test_a_first_root_waits_for_its_signatures(api, signed_root, ceremony):
    root = signed_root(api.people, api.online, signers=api.people[:1])
    details = api.done("/bootstrap/", ceremony(root))
    assert details["missing"] == 1
    assert api.client.get("/api/v1/bootstrap/").json()["data"]["state"] == "signing"
    refused = api.client.post("/api/v1/artifacts/", json={"artifacts": []})
    assert refused.json()["detail"]["message"] == "Task not accepted."
    waiting = api.client.get("/api/v1/metadata/sign/").json()["data"]["metadata"]["root"]
    metadata = Metadata.from_dict(waiting)
    mark = metadata.sign(api.people[2].signer)
    sign = {"role": "root", "signature": mark.to_dict()}
    wrong = {"role": "root", "signature": {**mark.to_dict(), "sig": "00" * 64}}
    assert "not valid" in api.send("/metadata/sign/", wrong)["result"]["error"]
    api.done("/metadata/sign/", sign)
    assert api.client.get("/api/v1/bootstrap/").json()["data"]["state"] == "finished"
    assert api.flaws() == ()


def test_a_first_root_that_is_given_up_makes_room_for_another(api, signed_root, ceremony):
    api.done("/bootstrap/", ceremony(signed_root(api.people, api.online, signers=api.people[:1])))
    answer = api.client.post("/api/v1/metadata/sign/delete", json={"role": "root"})
    assert answer.json()["message"] == "Metadata sign delete accepted."
    api.ended(answer.json()["data"]["task_id"])
    assert api.client.get("/api/v1/bootstrap/").json()["data"] == {"bootstrap": False}
    api.done("/bootstrap/", ceremony(signed_root(api.people[:2], api.online)))
    assert api.flaws() == ()


def test_a_root_that_rotates_the_online_key(ready, signed_root, artifact):
    ready.done("/artifacts/", {"artifacts": [artifact("a"), artifact("b")]})
    root = signed_root(ready.people[1:], ready.second, version=2, signers=ready.people)
    details = ready.done("/metadata/", {"metadata": {"root": root}})
    assert details["root"] == 2
    assert ready.flaws() == ()
    stamp = json.loads((Layout(ready.folder).metadata / "timestamp.json").read_bytes())
    assert ready.second.public.keyid in {one["keyid"] for one in stamp["signatures"]}
    ready.done("/artifacts/", {"artifacts": [artifact("c")]})
    assert verify(ready.folder, now_utc(), content=True).artifacts == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda api: {"version": 3}, "comes next"),
        (lambda api: {"version": 2, "signers": [api.people[2]]}, "has no part"),
    ],
)
def test_a_root_that_does_not_follow_is_errored(ready, change, said, signed_root):
    more = change(ready)
    root = signed_root(ready.people[:2], ready.online, **more)
    data = ready.send("/metadata/", {"metadata": {"root": root}})
    assert data["state"] == "ERRORED"
    assert said in data["result"]["error"]
    assert ready.flaws() == ()


def test_an_online_key_that_is_not_here_is_errored(api, tmp_path, signed_root, ceremony):
    other = create_key(tmp_path / "other.pem")
    data = api.send("/bootstrap/", ceremony(signed_root(api.people[:2], other)))
    assert data["state"] == "ERRORED"
    assert "--online-key" in data["result"]["error"]
    assert not (api.folder / "repository.json").exists()


def test_online_roles_are_signed_anew_on_demand(ready):
    answer = ready.client.post("/api/v1/metadata/online", json={"roles": []})
    assert answer.json()["message"] == "Force new online metadata accepted."
    ready.ended(answer.json()["data"]["task_id"])
    names = {file.name for file in Layout(ready.folder).metadata.iterdir()}
    assert {"2.bin-0.json", "2.snapshot.json"} <= names
    data = ready.send("/metadata/online", {"roles": ["root"]})
    assert data["state"] == "ERRORED"


def test_targets_are_renewed_with_the_online_key_before_they_expire(ready, monkeypatch):
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=300)
    monkeypatch.setattr("pratique.repository.rstuf.service.now_utc", lambda: later)
    ready.service.bump()
    names = {file.name for file in Layout(ready.folder).metadata.iterdir()}
    assert "2.targets.json" in names
    assert verify(ready.folder, later, content=True).flaws == ()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
@pytest.mark.parametrize(
    "path", ["/api/v1/bootstrap/", "/api/v1/task/", "/", "/docs", "//metadata/x"]
)
def test_nothing_of_the_api_is_open(api, headers, path, client_of):
    bare = client_of(api.client.app)
    assert bare.get(path, headers=headers).status_code == 401
    assert bare.post(path, headers=headers, content=b"{}").status_code == 401


@pytest.mark.parametrize(
    "path", ["/metadata/../repository.json", "/metadata/%2e%2e/token", "/targets/..%2f..%2ftoken"]
)
def test_files_beside_what_is_served_are_not(ready, path, client_of):
    (ready.folder / "token").write_text("secret")
    answer = client_of(ready.client.app).get(path)
    assert answer.status_code in {401, 404}
    assert "secret" not in answer.text


INFO = {"length": 1, "hashes": {"md5": "0"}}


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/artifacts/", {"artifacts": [{"path": "a", "info": INFO | {"length": -1}}]}, "length"),
        ("/artifacts/", {"artifacts": [{"path": "a", "info": INFO | {"hashes": {}}}]}, "hashes"),
        ("/artifacts/", {"artifacts": [{"path": "a", "info": INFO}]}, "hashes"),
        ("/artifacts/delete", {}, "body"),
        ("/metadata/", {"metadata": {"targets": {}}}, "metadata"),
        ("/bootstrap/", None, "number_of_delegated_bins"),
    ],
)
def test_a_bad_body_is_422_with_its_place(api, path, body, place, ceremony):
    answer = api.client.post(f"/api/v1{path}", json=body or ceremony({}, bins=1))
    assert answer.status_code == 422
    assert place in answer.json()["detail"][0]["loc"]


def test_payloads_of_rstufs_own_tests_are_read(vector_folder):
    folder = vector_folder("tuf/tuf.tar.xz")
    from pratique.repository.rstuf.payloads import read

    good = {
        "rstuf-api/examples/artifacts/add_payload.json": "add_artifacts",
        "rstuf-api/examples/bootstrap/payload_bins.json": "bootstrap",
        "rstuf-api/examples/bootstrap/payload_custom_targets.json": "bootstrap",
        "rstuf-api/examples/config/update_settings.json": "update_settings",
        "rstuf-api/examples/metadata/update-root-payload.json": "metadata_update",
        "rstuf-cli/payload/ceremony.json": "bootstrap",
        "rstuf-cli/payload/sign.json": "sign_metadata",
        "rstuf-cli/payload/update.json": "metadata_update",
        "rstuf-umbrella/ceremony-payload.json": "bootstrap",
    }
    for name, kind in good.items():
        assert read((folder / name).read_bytes(), KINDS[kind])
    with pytest.raises(InvalidPayloadError):
        read((folder / "rstuf-umbrella/payload-invalid.json").read_bytes(), KINDS["bootstrap"])


def test_messages_are_those_that_the_client_compares(vector_folder):
    told = json.loads((vector_folder("tuf/tuf.tar.xz") / "messages.json").read_bytes())
    text = json.dumps(told)
    names = set(MESSAGES) - {
        "publish_artifacts", "update_settings", "force_online_metadata_update",
    }  # fmt: skip
    assert all(MESSAGES[name] in text for name in names)


def test_an_unknown_task_is_pending_and_none_is_422(api):
    answer = api.client.get("/api/v1/task/", params={"task_id": "0" * 32})
    assert answer.json()["data"] == {"task_id": "0" * 32, "state": "PENDING"}
    assert api.client.get("/api/v1/task/").status_code == 422


def test_a_task_that_a_crash_interrupted_is_done_at_the_next_start(ready, artifact):
    ready.stop()
    idle = Service(ready.folder, ready.files)  # takes tasks in and never works
    body = json.dumps({"artifacts": [artifact("late")]}).encode()
    task, _ = idle.accept("add_artifacts", body)
    with (ready.folder / "tasks.jsonl").open("ab") as journal:
        journal.write(b'{"id":"torn')
    ready.start()
    assert ready.ended(task.id)["result"]["details"]["added_artifacts"] == ["late"]
    assert ready.flaws() == ()


def test_a_defect_ends_one_task_and_not_the_others(tmp_path):
    def perform(name, body, id):
        if name == "bad":
            raise ZeroDivisionError
        if name == "told":
            raise RepositoryError("no")
        return "done", {}

    tasks = Tasks(tmp_path / "tasks.jsonl", perform)
    accepted = [tasks.accept(name, b"{}") for name in ("bad", "told", "good")]
    tasks.start()
    until = time.monotonic() + 120
    while tasks.get(accepted[2].id).state == "PENDING" and time.monotonic() < until:
        time.sleep(0.01)
    tasks.stop()
    found = [tasks.get(one.id) for one in accepted]
    assert [one.state for one in found] == ["FAILURE", "SUCCESS", "SUCCESS"]
    assert [one.result["status"] for one in found] == [False, False, True]


def test_a_journal_that_cannot_be_written_stops_nothing(tmp_path):
    tasks = Tasks(tmp_path / "tasks.jsonl", lambda *_: ("done", {}))
    accepted = [tasks.accept("any", b"{}") for _ in range(2)]
    (tmp_path / "tasks.jsonl").unlink()
    (tmp_path / "tasks.jsonl").mkdir()
    tasks.start()
    until = time.monotonic() + 120
    while tasks.get(accepted[1].id).result is None and time.monotonic() < until:
        time.sleep(0.01)
    tasks.stop()
    assert all(tasks.get(one.id).result["status"] for one in accepted)
    with pytest.raises(RepositoryError):
        tasks.accept("any", b"{}")


def test_the_journal_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("pratique.repository.rstuf.tasks.MAX_JOURNAL_BYTES", 10_000)
    tasks = Tasks(tmp_path / "tasks.jsonl", lambda *_: ("done", {}))
    tasks.start()
    accepted = [tasks.accept("any", b'"' + b"x" * 3_000 + b'"') for _ in range(20)]
    until = time.monotonic() + 120
    while tasks.get(accepted[-1].id).result is None and time.monotonic() < until:
        time.sleep(0.01)
    tasks.stop()
    assert (tmp_path / "tasks.jsonl").stat().st_size < 20_000
    again = Tasks(tmp_path / "tasks.jsonl", lambda *_: ("done", {}))
    assert all(again.get(one.id).result["status"] for one in accepted)


def test_a_key_reference_signs(tmp_path):
    from pratique.repository.key_references import write_reference

    made = create_key(tmp_path / "kept.pem")
    reference = tmp_path / "kept.keyref"
    write_reference(reference, f"file2:{tmp_path / 'kept.pem'}", tmp_path / "kept.pem.pub")
    found = read_key(reference)
    assert found.public.keyid == made.public.keyid
    mark = found.signer.sign(b"data")
    made.public.verify_signature(mark, b"data")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("ftp:x", "no place that is known"),
        ("awskms:some-id", "securesystemslib[awskms]"),
        ("file2:/absent", "cannot be reached"),
    ],
)
def test_a_key_reference_that_cannot_sign_says_why(tmp_path, uri, said):
    from pratique.repository.key_references import write_reference

    create_key(tmp_path / "k.pem")

    def use():
        write_reference(tmp_path / "k.keyref", uri, tmp_path / "k.pem.pub")
        read_key(tmp_path / "k.keyref")

    with pytest.raises(RepositoryError) as caught:
        use()
    assert said in str(caught.value)


def test_hostile_bodies_are_refused_and_harm_nothing(ready, artifact):
    import random

    chance = random.Random(3)
    whole = json.dumps({"artifacts": [artifact("a", custom={"k": "v"})]}).encode()
    paths = ["/artifacts/", "/artifacts/delete", "/metadata/", "/metadata/sign", "/config/"]
    for _ in range(150):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        path = chance.choice(paths)
        method = "PUT" if path == "/config/" else "POST"
        answer = ready.client.request(method, f"/api/v1{path}", content=bytes(body))
        assert answer.status_code in {200, 202, 422}, answer.text
    for deep in (b"[" * 100_000, b'{"artifacts":' * 5_000, b"\xff", b"null", b"1"):
        answer = ready.client.post("/api/v1/artifacts/", content=deep)
        assert answer.status_code == 422
    ready.done("/artifacts/", {"artifacts": [artifact("last")]})
    assert ready.flaws() == ()
