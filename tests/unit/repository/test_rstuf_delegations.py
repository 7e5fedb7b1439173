"""Artifacts delegated by their paths, to the online key and to people (TUF 1.0 §4.5)."""

from __future__ import annotations

import json

import pytest
from tuf.api.metadata import Metadata

from pratique.repository.inspection import verify
from pratique.repository.layout import Layout
from pratique.repository.service import now_utc


def role(name, paths, people=(), threshold=1, **more):
    return {
        "name": name,
        "terminating": True,
        "keyids": [one.public.keyid for one in people],
        "threshold": threshold,
        "paths": paths,
        "x-rstuf-expire-policy": 30,
        **more,
    }


def delegations(roles, people=()):
    return {"keys": {one.public.keyid: one.public.to_dict() for one in people}, "roles": roles}


def bootstrap(api, signed_root, given):
    one = {"expiration": 7}
    roles = dict.fromkeys(("root", "targets", "snapshot", "timestamp"), one)
    roles["delegations"] = given
    root = signed_root(api.people[:2], api.online)
    body = {"settings": {"roles": roles}, "metadata": {"root": root}}
    return api.done("/bootstrap/", body)


def sign(api, name, person):
    waiting = api.client.get("/api/v1/metadata/sign/").json()["data"]["metadata"]
    mark = Metadata.from_dict(waiting[name]).sign(person.signer)
    return api.done("/metadata/sign/", {"role": name, "signature": mark.to_dict()})


def listed(api):
    """What each role lists, as the newest snapshot leads to it."""
    metadata = Layout(api.folder).metadata
    stamp = json.loads((metadata / "timestamp.json").read_bytes())["signed"]["meta"]
    version = stamp["snapshot.json"]["version"]
    meta = json.loads((metadata / f"{version}.snapshot.json").read_bytes())["signed"]["meta"]
    return {
        name.removesuffix(".json"): sorted(
            json.loads((metadata / f"{one['version']}.{name}").read_bytes())["signed"]["targets"]
        )
        for name, one in meta.items()
        if name != "targets.json"
    }


def reader(api, tmp_path):
    """python-tuf's client over what is published."""
    from tuf.ngclient import Updater
    from tuf.ngclient.fetcher import FetcherInterface

    class Disk(FetcherInterface):
        def _fetch(self, url):
            from tuf.api.exceptions import DownloadHTTPError

            file = Layout(api.folder).metadata / url.rpartition("/")[2]
            if not file.exists():
                raise DownloadHTTPError("absent", 404)
            yield file.read_bytes()

    root = (Layout(api.folder).metadata / "1.root.json").read_bytes()
    folder = tmp_path / "reader"
    folder.mkdir(exist_ok=True)
    updater = Updater(str(folder), "https://x.test/m/", fetcher=Disk(), bootstrap=root)
    updater.refresh()
    return updater


def test_paths_are_delegated_to_the_online_key(api, signed_root, artifact, tmp_path):
    bootstrap(api, signed_root, delegations([role("tools", ["tools/*"]), role("rest", ["*"])]))
    body = {"artifacts": [artifact("tools/a"), artifact("b"), artifact("deep/er/c")]}
    details = api.done("/artifacts/", body)
    assert details["invalid_paths"] == ["deep/er/c"]
    assert details["target_roles"] == ["rest", "tools"]
    assert listed(api) == {"tools": ["tools/a"], "rest": ["b"]}
    updater = reader(api, tmp_path)
    assert updater.get_targetinfo("tools/a").length == 1
    assert updater.get_targetinfo("tools/b") is None
    assert api.flaws() == ()


def test_a_delegation_to_people_is_published_when_they_have_signed(
    api, signed_root, artifact, tmp_path
):
    people = api.people[1:]
    given = delegations([role("signed", ["s/*"], people, 2), role("rest", ["*"])], people)
    bootstrap(api, signed_root, given)
    assert api.client.get("/api/v1/bootstrap/").json()["data"]["state"] == "signing"
    assert sign(api, "signed", people[0])["missing"] == 1
    sign(api, "signed", people[1])
    assert api.client.get("/api/v1/bootstrap/").json()["data"]["state"] == "finished"
    assert listed(api) == {"signed": [], "rest": []}
    api.done("/artifacts/", {"artifacts": [artifact("s/a"), artifact("b")]})
    assert listed(api) == {"signed": [], "rest": ["b"]}
    sign(api, "signed", people[1])
    assert listed(api)["signed"] == []
    sign(api, "signed", people[0])
    assert listed(api) == {"signed": ["s/a"], "rest": ["b"]}
    assert reader(api, tmp_path).get_targetinfo("s/a").length == 1
    assert api.client.get("/api/v1/metadata/sign/").json()["data"] is None
    assert api.flaws() == ()


def test_delegations_come_change_and_go(api, signed_root, artifact, tmp_path):
    bootstrap(api, signed_root, delegations([role("rest", ["*"])]))
    api.done("/artifacts/", {"artifacts": [artifact("b")]})
    people = api.people[:1]
    new = {"delegations": delegations([role("signed", ["s/*"], people)], people)}
    assert api.done("/delegations/", new)["roles"] == ["signed"]
    assert listed(api) == {"rest": ["b"]}
    api.done("/artifacts/", {"artifacts": [artifact("c")]})
    sign(api, "signed", people[0])
    assert listed(api) == {"rest": ["b", "c"], "signed": []}
    people = api.people[1:2]
    new = {"delegations": delegations([role("signed", ["s/*"], people)], people)}
    api.done("/delegations/", new)
    sign(api, "signed", people[0])
    assert api.flaws() == ()
    answer = api.client.post(
        "/api/v1/delegations/delete", json={"delegations": {"roles": [{"name": "signed"}]}}
    )
    assert answer.json()["message"] == "Metadata delegation delete accepted."
    api.ended(answer.json()["data"]["task_id"])
    assert listed(api) == {"rest": ["b", "c"]}
    assert reader(api, tmp_path).get_targetinfo("b").length == 1
    assert api.flaws() == ()


def test_the_online_key_of_delegated_roles_is_rotated(api, signed_root, artifact):
    bootstrap(api, signed_root, delegations([role("rest", ["*"])]))
    api.done("/artifacts/", {"artifacts": [artifact("b")]})
    root = signed_root(api.people[:2], api.second, version=2)
    api.done("/metadata/", {"metadata": {"root": root}})
    assert listed(api) == {"rest": ["b"]}
    assert api.flaws() == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda api: delegations([role("../x", ["*"])]), "no name for a role"),
        (lambda api: delegations([role("root", ["*"])]), "no name for a role"),
        (lambda api: delegations([role("a", ["*"], api.people[:1])]), "not given"),
        (lambda api: delegations([role("a", ["*"], api.people[:1], 2)], api.people[:1]), "needs 2"),
        (lambda api: {"keys": {"x": {"keytype": 1}}, "roles": [role("a", ["*"])]}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_delegation_that_cannot_hold_is_errored(api, signed_root, given, said):
    bootstrap(api, signed_root, delegations([role("rest", ["*"])]))
    data = api.send("/delegations/", {"delegations": given(api)})
    assert data["state"] == "ERRORED"
    assert said in data["result"]["error"]
    assert listed(api) == {"rest": []}


def test_hash_bins_have_no_delegations(ready):
    data = ready.send("/delegations/", {"delegations": delegations([role("a", ["*"])])})
    assert "hash bins" in data["result"]["error"]


@pytest.mark.parametrize("custom", [{"a": 1.5}, {"a": ["\x01"]}, {"a\n": 1}, {"a": {"b": 1e3}}])
def test_what_has_no_canonical_form_is_refused(ready, artifact, custom):
    """Clients hash canonical JSON; one such entry would break its whole role for them."""
    answer = ready.client.post(
        "/api/v1/artifacts/", json={"artifacts": [artifact("a", custom=custom)]}
    )
    assert answer.status_code == 422
    assert verify(ready.folder, now_utc(), content=True).artifacts == 0
