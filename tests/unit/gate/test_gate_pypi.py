"""The simple API through the gate (PEP 503, 592, 658, 691, 700, 714)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx
import pytest

from pratique.advisories import Index
from pratique.gate.errors import BrokenError
from pratique.gate.fetch import Page
from pratique.gate.lists import Lists, read_lists
from pratique.gate.log import entries
from pratique.gate.pypi import read, version_of, wants_json
from pratique.policy.waiver_documents import read_waivers

JSON = "application/vnd.pypi.simple.v1+json"


def wheel(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {
        "filename": f"{name}-{version}-py3-none-any.whl",
        "body": f"{name} {version}".encode(),
        **more,
    }


def names(answer: httpx.Response) -> list[str]:
    return [file["filename"] for file in answer.json()["files"]]


def test_denied_and_new_versions_disappear__pep_691(gate, upstream, days_ago) -> None:
    upstream.pypi(
        "alpha",
        wheel("alpha", "1.0"),
        wheel("alpha", "1.1"),
        wheel("alpha", "1.2", yanked="broken"),
        wheel("alpha", "1.3", **{"upload-time": days_ago(1)}),
    )
    answer = gate.get("/pypi/simple/alpha/", Accept=JSON)
    assert answer.headers["content-type"] == JSON
    assert answer.json()["versions"] == ["1.1"]
    assert names(answer) == ["alpha-1.1-py3-none-any.whl"]
    file = answer.json()["files"][0]
    assert file["hashes"] == {"sha256": hashlib.sha256(b"alpha 1.1").hexdigest()}
    assert str(httpx.URL("http://gate.test/pypi/simple/alpha/").join(file["url"])) == (
        "http://gate.test/pypi/files/alpha/alpha-1.1-py3-none-any.whl"
    )


def test_html_says_the_same__pep_503(gate, upstream, days_ago) -> None:
    upstream.pypi(
        "alpha",
        wheel("alpha", "1.0"),
        wheel(
            "alpha", "1.1", **{"requires-python": ">=3.8,<4", "core-metadata": {"sha256": "a" * 64}}
        ),
        wheel("alpha", "1.3", **{"upload-time": days_ago(1)}),
    )
    text = gate.get("/pypi/simple/alpha/", Accept="text/html").text
    assert "alpha-1.1-py3" in text
    assert "alpha-1.0" not in text
    assert "alpha-1.3" not in text
    assert 'data-requires-python="&gt;=3.8,&lt;4"' in text
    assert f'data-core-metadata="sha256={"a" * 64}"' in text


def test_an_upstream_that_speaks_html_only(gate, upstream) -> None:
    upstream.pypi("alpha", wheel("alpha", "1.0"), wheel("alpha", "1.1"), as_html=True)
    answer = gate.get("/pypi/simple/alpha/", Accept=JSON)
    assert answer.json()["versions"] == ["1.1"]
    assert answer.json()["meta"]["api-version"] == "1.0"
    got = gate.get("/pypi/files/alpha/alpha-1.1-py3-none-any.whl")
    assert got.content == b"alpha 1.1"


def test_a_security_fix_does_not_wait(gate, upstream, days_ago) -> None:
    upstream.pypi(
        "alpha", wheel("alpha", "1.0"), wheel("alpha", "1.1", **{"upload-time": days_ago(0.1)})
    )
    assert gate.get("/pypi/simple/alpha/", Accept=JSON).json()["versions"] == ["1.1"]


def test_a_file_added_to_an_old_version_waits_alone(gate, upstream, days_ago) -> None:
    late = wheel("alpha", "1.1")
    late["filename"] = "alpha-1.1-cp313-cp313-win32.whl"
    upstream.pypi(
        "beta",
        wheel("beta", "1.1"),
        {**late, "filename": "beta-1.1-cp313-cp313-win32.whl", "upload-time": days_ago(1)},
    )
    answer = gate.get("/pypi/simple/beta/", Accept=JSON)
    assert names(answer) == ["beta-1.1-py3-none-any.whl"]
    refused = gate.get("/pypi/files/beta/beta-1.1-cp313-cp313-win32.whl")
    assert refused.status_code == 403
    assert "new-release" in refused.text


def test_direct_download_of_a_denied_one(gate, upstream) -> None:
    upstream.pypi("alpha", wheel("alpha", "1.0"))
    answer = gate.get("/pypi/files/alpha/alpha-1.0-py3-none-any.whl")
    assert answer.status_code == 403
    assert answer.text.count("\n") == 1
    for part in ("pkg:pypi/alpha@1.0", "critical", "GHSA-aaaa-aaaa-aaaa", "waiver", "policy trial"):
        assert part in answer.text
    assert "/packages/alpha-1.0-py3-none-any.whl" not in upstream.asked
    last = list(entries(gate.data))[-1]
    assert (last["kind"], last["subject"]) == ("refused", "pkg:pypi/alpha@1.0")


def test_a_waiver_admits(gate, upstream) -> None:
    gate.waivers = read_waivers(
        b"waivers:\n  - {subject: 'pkg:pypi/alpha@1.0', rule: critical, owner: a, reason: tried, "
        b"expires: 2099-01-01, approver: b}\n",
        "waivers.yaml",
    )
    upstream.pypi("alpha", wheel("alpha", "1.0"))
    assert gate.get("/pypi/files/alpha/alpha-1.0-py3-none-any.whl").content == b"alpha 1.0"
    stored = [one for one in entries(gate.data) if one["kind"] == "stored"]
    assert len(stored[0]["waivers"]) == 1


def test_malicious_has_no_page_left(gate, upstream) -> None:
    upstream.pypi("gamma", wheel("gamma", "9.0"))
    answer = gate.get("/pypi/simple/gamma/", Accept=JSON)
    assert answer.json()["files"] == []


def test_lists_and_advisories_are_renewed(gate, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name on the deny list is enforced without a restart; broken lists change nothing."""
    monkeypatch.setattr("pratique.gate.facts.RENEW_SECONDS", 0.0)
    monkeypatch.setattr("pratique.gate.service.DECIDE_SECONDS", 0.0)
    upstream.pypi("beta", wheel("beta", "1.0"), wheel("beta", "2.0"))
    folder = gate.index.folder
    texts = [b"deny pkg:pypi/beta@2.0"]

    def renew() -> tuple[Index, Lists]:
        return Index.open(folder), read_lists(texts[-1], "lists")

    gate.renew = renew
    gate.index = Index.open(folder)

    async def ask(client: httpx.AsyncClient) -> None:
        page = "/pypi/simple/beta/"
        assert (await client.get(page, headers={"Accept": JSON})).json()["versions"] == ["1.0"]
        texts.append(b"deny nonsense")
        assert (await client.get(page, headers={"Accept": JSON})).json()["versions"] == ["1.0"]
        assert "lists:1" in (await gate.state(client))["trouble"]
        texts.append(b"")
        assert (await client.get(page, headers={"Accept": JSON})).json()["versions"] == ["1.0"]
        texts.append(b"# nothing is denied any more")
        both = (await client.get(page, headers={"Accept": JSON})).json()["versions"]
        assert both == ["1.0", "2.0"]

    gate.run(ask)


def test_reserved_names_never_go_outside(gate, upstream) -> None:
    gate.lists = Lists.of(reserved=["acme-*"])
    upstream.pypi("acme-pay", wheel("acme_pay", "99.0"))
    for path in ("/pypi/simple/acme-pay/", "/pypi/files/acme-pay/acme_pay-99.0-py3-none-any.whl"):
        answer = gate.get(path)
        assert answer.status_code == 403
        assert "reserved" in answer.text
    assert upstream.asked == []


def test_names_are_normalised__pep_503(gate, upstream) -> None:
    answer = gate.get("/pypi/simple/Al_Pha./")
    assert answer.status_code == 404
    answer = gate.get("/pypi/simple/Al_Pha/")
    assert answer.status_code == 301
    assert answer.headers["location"] == "../al-pha/"
    assert gate.get("/pypi/simple/alpha").headers["location"] == "alpha/"


def test_metadata_beside_a_wheel__pep_658(gate, upstream) -> None:
    text = b"Metadata-Version: 2.1\nName: beta\nVersion: 1.0\n"
    digest = hashlib.sha256(text).hexdigest()
    upstream.pypi("beta", wheel("beta", "1.0", **{"core-metadata": {"sha256": digest}}))
    upstream.put("/packages/beta-1.0-py3-none-any.whl.metadata", text)
    assert gate.get("/pypi/files/beta/beta-1.0-py3-none-any.whl.metadata").content == text
    upstream.put("/packages/beta-1.0-py3-none-any.whl.metadata", text + b"Requires-Dist: evil\n")
    assert gate.get("/pypi/files/beta/beta-1.0-py3-none-any.whl.metadata").content == text


def test_files_of_other_projects_are_left_out(gate, upstream) -> None:
    upstream.pypi(
        "beta", wheel("beta", "1.0"), wheel("alpha", "1.0"), wheel("beta", "not.a.version")
    )
    assert names(gate.get("/pypi/simple/beta/", Accept=JSON)) == ["beta-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("file", "version"),
    [
        ("alpha-1.0-py3-none-any.whl", "1.0"),
        ("Alpha-1.0.tar.gz", "1.0"),
        ("alpha-1.0.zip", "1.0"),
        ("alpha-1.0-final.tar.gz", ""),
        ("alpha-1.0.win32-py2.7.exe", "1.0"),
        ("alpha-1.0-py2.7.egg", "1.0"),
        ("alpha-1.0.tar.bz2", "1.0"),
        ("alpha-beta-1.0.tar.gz", ""),
        ("alphabeta-1.0-py3-none-any.whl", ""),
        ("alpha.whl", ""),
        ("alpha-1.0.rpm", ""),
    ],
)
def test_version_of_a_file_name(file: str, version: str) -> None:
    assert version_of(file, "alpha") == version


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", False),
        (JSON, True),
        (f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.1, text/html;q=0.01", True),
        (f"text/html, {JSON};q=0.5", False),
        (f"{JSON};q=nonsense", False),
    ],
)
def test_negotiation__pep_691(accept: str, expected: bool) -> None:
    assert wants_json(accept) is expected


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"files": 1}', b'{"files": {"a": 1}}', b"\xff\xfe", b'{"a":' * 50_000],
)
def test_what_is_no_page(body: bytes) -> None:
    with pytest.raises(BrokenError):
        read(Page(url="http://a.test/", type=JSON, body=body), "alpha")


def test_damaged_pages_give_no_other_error() -> None:
    import random

    page = json.dumps(
        {
            "files": [
                {
                    "filename": "alpha-1.0.tar.gz",
                    "url": "a/alpha-1.0.tar.gz",
                    "hashes": {"sha256": "ab" * 32},
                    "yanked": "x",
                    "core-metadata": {"sha256": "ab" * 32},
                    "upload-time": "2026-01-01T00:00:00Z",
                }
            ],
            "project-status": {"status": "archived"},
        }
    ).encode()
    html = b'<base href="//x"><a href="alpha-1.0.tar.gz#sha256=00" data-yanked data-core-metadata="sha256=1">a</a>'
    chance = random.Random(8)
    for body, kind in ((page, JSON), (html, "text/html")):
        for _ in range(3000):
            changed = bytearray(body)
            for _ in range(chance.randint(1, 6)):
                changed[chance.randrange(len(changed))] = chance.choice(b'\x00"{}[]<>&=#/\\:\xff9')
            try:
                project = read(
                    Page(url="http://a.test/simple/alpha/", type=kind, body=bytes(changed)), "alpha"
                )
            except BrokenError:
                continue
            assert project.name == "alpha"
