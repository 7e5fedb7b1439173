# mypy: disable-error-code="no-untyped-def"
"""The simple repository API, one test for each proposal that adds to it."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from pratique.gate.log import entries

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
NAME = "beta-1.0-py3-none-any.whl"
PAGE = "/pypi/simple/beta/"


def file(name: str = NAME, **more: Any) -> dict[str, Any]:
    return {"filename": name, "body": b"beta", **more}


def page(gate, accept: str = JSON) -> Any:
    answer = gate.get(PAGE, accept=accept)
    assert answer.status_code == 200, answer.text
    return answer.json() if accept == JSON else answer.text


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[dict[str, Any]] = []
        self.meta: list[tuple[Any, Any]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given)
        if tag == "meta":
            self.meta.append((given["name"], given["content"]))


def test_pep_503__anchors_with_digest_and_requires_python(gate, upstream) -> None:
    upstream.pypi("beta", file(**{"requires-python": ">=3.8,<4"}))
    link = Parsed(page(gate, HTML)).links[0]
    assert link["href"] == f"../../files/beta/{NAME}#sha256={hashlib.sha256(b'beta').hexdigest()}"
    assert link["data-requires-python"] == ">=3.8,<4"


def test_pep_629__the_version_of_the_interface(gate, upstream) -> None:
    upstream.pypi("beta", file())
    assert ("pypi:repository-version", "1.1") in Parsed(page(gate, HTML)).meta
    assert page(gate)["meta"] == {"api-version": "1.1"}


def test_pep_592__yanked_with_a_reason_is_refused_here(gate, upstream) -> None:
    upstream.pypi("beta", file(), file("beta-1.1-py3-none-any.whl", yanked="it was wrong"))
    assert [one["filename"] for one in page(gate)["files"]] == [NAME]


def test_pep_592__yanked_is_passed_on_where_policy_admits_it(gate, upstream, loopback) -> None:
    from pratique.policy.service import load_pack

    gate.policy = load_pack("observe")
    upstream.pypi("beta", file(yanked="it was <wrong>"))
    assert page(gate)["files"][0]["yanked"] == "it was <wrong>"
    assert Parsed(page(gate, HTML)).links[0]["data-yanked"] == "it was <wrong>"


@pytest.mark.parametrize("key", ["core-metadata", "dist-info-metadata"])
def test_pep_658_and_714__metadata_is_offered_and_served(gate, upstream, key: str) -> None:
    told = {"sha256": hashlib.sha256(b"Name: beta").hexdigest()}
    upstream.pypi("beta", file(**{key: told}))
    upstream.put(f"/packages/{NAME}.metadata", b"Name: beta")
    found = page(gate)["files"][0]
    assert found["core-metadata"] == found["dist-info-metadata"] == told
    link = Parsed(page(gate, HTML)).links[0]
    both = {link["data-core-metadata"], link["data-dist-info-metadata"]}
    assert both == {f"sha256={told['sha256']}"}
    assert gate.get(f"/pypi/files/beta/{NAME}.metadata").content == b"Name: beta"


def test_pep_658__metadata_with_another_digest_is_refused(gate, upstream) -> None:
    upstream.pypi("beta", file(**{"core-metadata": {"sha256": "0" * 64}}))
    upstream.put(f"/packages/{NAME}.metadata", b"Name: beta")
    assert gate.get(f"/pypi/files/beta/{NAME}.metadata").status_code == 502


def test_pep_691__content_types(gate, upstream) -> None:
    upstream.pypi("beta", file())
    assert gate.get(PAGE, accept=JSON).headers["content-type"] == JSON
    assert gate.get(PAGE, accept="text/html").headers["content-type"].startswith("text/html")
    assert "Accept" in gate.get(PAGE, accept=JSON).headers["vary"]


def test_pep_700__versions_sizes_and_upload_times(gate, upstream, days_ago) -> None:
    moment = days_ago(10)
    upstream.pypi("beta", file(**{"upload-time": moment}), file("beta-1.1.tar.gz"))
    found = page(gate)
    assert found["versions"] == ["1.0", "1.1"]
    assert found["files"][0]["size"] == 4
    assert found["files"][0]["upload-time"] == moment


def test_pep_708__tracks_and_alternate_locations(gate, upstream) -> None:
    tracks = ["https://other.test/simple/beta/"]
    others = ["https://third.test/simple/beta/", "javascript:alert(1)", 7]
    upstream.pypi(
        "beta",
        file(),
        meta={"api-version": "1.2", "tracks": tracks},
        **{"alternate-locations": others},
    )
    found = page(gate)
    assert found["meta"] == {"api-version": "1.2", "tracks": tracks}
    assert found["alternate-locations"] == others[:1]
    meta = Parsed(page(gate, HTML)).meta
    assert ("pypi:tracks", tracks[0]) in meta
    assert ("pypi:alternate-locations", others[0]) in meta


def test_pep_708_and_740_and_792__from_html(gate, upstream) -> None:
    digest = hashlib.sha256(b"beta").hexdigest()
    upstream.put(
        "/simple/beta/",
        (
            '<meta name="pypi:tracks" content="https://other.test/simple/beta/">'
            '<meta name="pypi:project-status" content="archived">'
            '<meta name="pypi:project-status-reason" content="done">'
            f'<a href="/packages/{NAME}#sha256={digest}" '
            f'data-provenance="{upstream.url}/evidence">{NAME}</a>'
        ).encode(),
        "text/html",
    )
    found = page(gate)
    assert found["meta"]["tracks"] == ["https://other.test/simple/beta/"]
    assert found["project-status"] == {"status": "archived", "reason": "done"}
    assert found["files"][0]["provenance"].endswith(f"{NAME}.provenance")


def test_pep_740__provenance_is_served_and_stored(gate, upstream) -> None:
    evidence = json.dumps({"version": 1, "attestation_bundles": []}).encode()
    upstream.put("/integrity/beta", evidence, "application/json")
    upstream.pypi("beta", file(provenance=f"{upstream.url}/integrity/beta"))
    found = page(gate)
    assert found["meta"]["api-version"] == "1.3"
    url = f"http://gate.test/pypi/files/beta/{NAME}.provenance"
    assert found["files"][0]["provenance"] == url
    assert Parsed(page(gate, HTML)).links[0]["data-provenance"] == url
    path = url.removeprefix("http://gate.test")
    assert gate.get(path).content == evidence
    upstream.away = True
    assert gate.get(path).content == evidence
    stored = [one["file"] for one in entries(gate.data) if one["kind"] == "stored"]
    assert stored == [f"{NAME}.provenance"]


def test_pep_740__of_what_is_refused_there_is_none(gate, upstream, days_ago) -> None:
    upstream.pypi(
        "beta", file(provenance=f"{upstream.url}/evidence", **{"upload-time": days_ago(1)})
    )
    assert gate.get(f"/pypi/files/beta/{NAME}.provenance").status_code == 403
    assert "/evidence" not in upstream.asked


def test_pep_792__a_quarantined_project_has_no_files(gate, upstream) -> None:
    upstream.pypi("beta", file(), **{"project-status": {"status": "quarantined"}})
    found = page(gate)
    assert found["files"] == []
    assert found["project-status"] == {"status": "quarantined"}
    assert found["meta"]["api-version"] == "1.4"


def test_html_from_hostile_metadata_is_text(gate, upstream) -> None:
    evil = '"><script>alert(1)</script>'
    upstream.pypi(
        "beta",
        file(**{"requires-python": evil}),
        **{"project-status": {"status": "active", "reason": evil}},
    )
    text = page(gate, HTML)
    assert "<script" not in text
    assert len(re.findall("<a ", text)) == 1
    assert Parsed(text).links[0]["data-requires-python"] == evil
