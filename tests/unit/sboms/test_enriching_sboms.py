"""``pratique sbom enrich`` against registries on loopback."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.validation import validate
from pratique.sboms.filling import contradicts
from pratique.sources.packages.client import RegistryClient, may_follow, shown
from pratique.sources.packages.crates import place
from pratique.sources.packages.golang import retracted
from pratique.sources.packages.npm import described
from pratique.sources.packages.reading import integrity, repository

Run = Callable[..., tuple[int, str, str]]


def enriched(
    run: Run, registries: Any, bom: dict[str, Any], *words: object
) -> tuple[int, dict[str, Any], dict[str, Any], str]:
    Path("in.json").write_text(json.dumps(bom))
    code, _, err = run(
        "sbom", "enrich", "in.json", "-o", "out.json", "--report", "report.json",
        "--cache", "cache", *registries.options(), *words,
    )  # fmt: skip
    return (
        code,
        json.loads(Path("out.json").read_text()),
        json.loads(Path("report.json").read_text()),
        err,
    )


def test_fields_are_filled_with_their_source(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    code, out, report, _ = enriched(pratique, registries, bom)
    tarry, oakum, caulk, rope, mast = out["components"]
    assert tarry["licenses"] == [{"license": {"id": "MIT", "acknowledgement": "declared"}}]
    assert tarry["hashes"] == [{"alg": "SHA-512", "content": "0" * 128}]
    assert tarry["supplier"] == {"name": "Ada Example"}
    assert {one["url"] for one in tarry["externalReferences"]} == {
        "https://github.com/example/tarry",
        "https://tarry.example.test",
    }
    assert tarry["properties"] == [{"name": "pratique:deprecated", "value": "use oakum"}]
    assert oakum["licenses"][0]["license"]["id"] == "BSD-3-Clause"
    assert oakum["authors"] == [{"name": "Grace Example"}]
    assert caulk["licenses"][0]["expression"] == "MIT OR Apache-2.0"
    assert caulk["properties"][0]["value"] == "yanked"
    assert rope["properties"][0]["value"] == "retracted by v1.2.0"
    assert "licenses" not in rope
    assert mast["licenses"][0]["license"]["id"] == "Apache-2.0"
    assert mast["supplier"] == {"name": "Example Shipyard"}
    assert mast["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert code == 3  # the Go proxy states no licence
    unknown = {(one["component"], one["field"]) for one in report["unknown"]}
    assert ("pkg:golang/example.test/rope@v1.1.0", "license") in unknown
    assert all(one["source"].startswith(registries.address) for one in report["filled"])
    assert report["lost"] == []
    assert validate(json.dumps(out).encode()).valid
    after = leaves(out)
    for one in report["filled"]:  # every filled field is where the report says
        assert any(path.startswith(one["path"]) for path in after)


def test_nothing_stated_is_overwritten_or_lost(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    bom["components"][0] |= {
        "licenses": [{"license": {"name": "Apache License 2.0"}}],
        "hashes": [{"alg": "SHA-512", "content": "1" * 128}],
        "supplier": {"name": "Somebody Else"},
        "properties": [{"name": "shelf", "value": "3"}],
    }
    bom["x-own"] = [1.5, None, {}, True]
    code, out, report, err = enriched(pratique, registries, bom)
    assert missing(bom, out) == {}
    assert code == 1  # the digest contradicts the registry
    conflicts = {one["field"]: one for one in report["conflicts"]}
    assert conflicts["license"]["stated"] == "Apache License 2.0"
    assert conflicts["license"]["registry"] == "MIT"
    assert conflicts["hashes"]["path"] == "components[0].hashes"
    assert "the registry says SHA-512 0000" in err


@pytest.mark.parametrize(
    ("stated", "expression", "differs"),
    [
        (["MIT"], "MIT", False),
        (["The MIT License"], "MIT", False),
        (["MIT", "Apache-2.0"], "MIT OR Apache-2.0", False),
        (["Apache-2.0 OR MIT"], "MIT OR Apache-2.0", False),
        (["House licence"], "MIT", False),
        ([], "MIT", False),
        (["GPL-3.0-only"], "MIT", True),
        (["MIT"], "MIT AND Apache-2.0", True),
    ],
)
def test_licences_that_contradict(stated: list[str], expression: str, differs: bool) -> None:
    assert contradicts(stated, expression) is differs


def test_overwriting_is_asked_for_and_told(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    bom["components"][0]["licenses"] = [{"license": {"name": "House licence"}}]
    _, out, report, _ = enriched(pratique, registries, bom, "--overwrite", "--field", "license")
    assert out["components"][0]["licenses"][0]["license"]["id"] == "MIT"
    assert "supplier" not in out["components"][0]
    told = next(one for one in report["filled"] if one["before"])
    assert told["before"] == [{"license": {"name": "House licence"}}]
    assert report["lost"] == []


def test_requests_at_one_time_are_bounded(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    registries.together = 3
    bom["components"] = [
        {"type": "library", "name": f"p{n}", "purl": f"pkg:npm/p{n}@1"} for n in range(20)
    ]
    enriched(pratique, registries, bom, "-j", "3")
    assert registries.most == 3
    assert len(registries.asked) == 40  # the manifest, then the packument, each once


def test_registries_are_not_told_of_what_is_skipped(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    bom["components"].append({"type": "library", "name": "s", "purl": "pkg:npm/%40acme/hull@1"})
    _, _, report, _ = enriched(pratique, registries, bom, "--skip", "pkg:npm/%40acme/*")
    assert not any("acme" in path for path in registries.asked)
    reasons = {one["component"]: one["reason"] for one in report["unknown"]}
    assert "--skip" in reasons["pkg:npm/%40acme/hull@1"]


def test_offline_gives_the_same_from_what_is_remembered(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    bom["components"].append({"type": "library", "name": "no", "purl": "pkg:npm/no@1"})
    _, first, report, _ = enriched(pratique, registries, bom)
    asked = len(registries.asked)
    _, again, second, _ = enriched(pratique, registries, bom, "--offline")
    assert (again, second) == (first, report)
    assert len(registries.asked) == asked
    _, third, _, _ = enriched(pratique, registries, bom)  # fresh answers are not asked for again
    assert third == first
    assert len(registries.asked) == asked
    _, none, told, _ = enriched(pratique, registries, bom, "--offline", "--cache", "empty")
    assert missing(bom, none) == {}
    assert told["filled"] == []
    assert {one["field"] for one in told["unknown"]} == {""}
    assert "may not be asked offline" in told["unknown"][0]["reason"]


def test_failures_are_named_and_the_rest_is_filled(
    pratique: Run, registries: Any, bom: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.sources.packages.client.BACKOFF_SECONDS", 0.0)
    registries.pages["/npm/tarry/1.2.0"] = 503
    registries.pages["/w/oakum.whl"] = b"not the wheel"
    registries.pages["/crates/ca/ul/caulk"] = 302
    bom["components"].append({"type": "library", "name": "g", "purl": "pkg:gem/g@1"})
    bom["components"].append({"type": "library", "name": "h", "purl": "not a purl"})
    bom["components"].append(
        {
            "type": "library",
            "name": "i",
            "purl": "pkg:npm/i@1?repository_url=https://r.example.test",
        }
    )
    code, out, report, _ = enriched(pratique, registries, bom)
    assert code == 3
    reasons = {one["component"]: one["reason"] for one in report["unknown"]}
    assert "status 503" in reasons["pkg:npm/tarry@1.2.0"]
    assert registries.asked.count("/npm/tarry/1.2.0") == 3
    assert "its SHA-256 differs" in str(report["unknown"])
    assert "refused" in reasons["pkg:cargo/caulk@0.3.1"]
    assert "type gem" in reasons["pkg:gem/g@1"]
    assert "not a package URL" in reasons["not a purl"]
    assert "from elsewhere" in str(report["unknown"])
    assert out["components"][4]["supplier"] == {"name": "Example Shipyard"}
    assert "licenses" not in out["components"][1]  # a wheel that is not the index's is not read


@pytest.mark.parametrize("form", ["spdx-json", "spdx-tag-value", "cyclonedx-xml"])
def test_other_forms(pratique: Run, registries: Any, bom: dict[str, Any], form: str) -> None:
    Path("in.json").write_text(json.dumps(bom))
    pratique("sbom", "convert", "in.json", "--to", form, "-o", "doc")
    code, _, err = pratique(
        "sbom",
        "enrich",
        "doc",
        "-o",
        "full",
        "--cache",
        "c",
        "--report",
        "r",
        *registries.options(),
    )
    assert code == 3, err
    report = json.loads(Path("r").read_text())
    assert report["lost"] == []
    assert report["form"] == form
    full = Path("full").read_bytes()
    assert validate(full).valid
    assert b"Example Shipyard" in full
    assert b"MIT OR Apache-2.0" in full
    before = Path("doc").read_bytes()
    assert b"Example Shipyard" not in before
    assert "license" in {one["field"] for one in report["filled"]}


def test_github_wrapper_is_kept(pratique: Run, registries: Any, bom: dict[str, Any]) -> None:
    Path("in.json").write_text(json.dumps(bom))
    pratique("sbom", "convert", "in.json", "--to", "spdx-json", "-o", "doc")
    wrapped = {"sbom": json.loads(Path("doc").read_text())}
    Path("wrapped.json").write_text(json.dumps(wrapped))
    pratique("sbom", "enrich", "wrapped.json", "-o", "full", "--cache", "c", *registries.options())
    out = json.loads(Path("full").read_text())
    assert list(out) == ["sbom"]
    tarry = next(one for one in out["sbom"]["packages"] if one["name"] == "tarry")
    assert tarry["licenseDeclared"] == "MIT"
    assert tarry["supplier"] == "Person: Ada Example"


def test_wrong_use_and_signed_documents(
    pratique: Run, registries: Any, bom: dict[str, Any]
) -> None:
    Path("in.json").write_text(json.dumps(bom))
    assert pratique("sbom", "enrich", "in.json", "--format", "json")[0] == 2
    assert pratique("sbom", "enrich", "in.json", "--registry", "gem=http://a.test")[0] == 2
    assert pratique("sbom", "enrich", "in.json", "--registry", "npm=file:///etc")[0] == 2
    assert pratique("sbom", "enrich", "in.json", "-j", "0")[0] == 2
    assert pratique("sbom", "enrich", "none.json")[0] in {2, 3}
    bom["signature"] = {"algorithm": "Ed25519", "value": "AA"}
    Path("in.json").write_text(json.dumps(bom))
    code, _, err = pratique("sbom", "enrich", "in.json", "-o", "o", *registries.options())
    assert code == 3
    assert "--drop-signature" in err
    _, out, report, _ = enriched(pratique, registries, bom, "--drop-signature")
    assert "signature" not in out
    assert report["dropped_signature"] is True


def test_damaged_answers_never_raise(registries: Any, bom: dict[str, Any], pratique: Run) -> None:
    chance = random.Random(5)
    good = copy.copy(registries.pages)
    for number in range(25):
        for path, body in good.items():
            data = bytearray(body)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            registries.pages[path] = bytes(data)
        Path("in.json").write_text(json.dumps(bom))
        cache = f"--cache=c{number}"
        code, _, err = pratique(
            "sbom", "enrich", "in.json", "-o", "o", cache, *registries.options()
        )
        assert code in {0, 1, 3}, err
        assert missing(bom, json.loads(Path("o").read_text())) == {}


def test_addresses_that_are_not_followed() -> None:
    base = "https://index.example.test/simple"
    assert may_follow(base, "https://files.example.test/a.whl")
    assert may_follow("http://127.0.0.1:8/simple", "http://127.0.0.1:9/a.whl")
    for wrong in (
        "http://files.example.test/a.whl",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest",
        "https://[::1]/a",
        "https://localhost/a",
        "https://db.internal/a",
        "file:///etc/passwd",
        "https://",
    ):
        assert not may_follow(base, wrong), wrong
    assert shown("https://user:secret@host.example.test/a?token=x") == "https://host.example.test/a"


def test_places_of_crates__cargo_registry_index() -> None:
    assert [place(one) for one in ("a", "ab", "abc", "ABCD")] == [
        "1/a",
        "2/ab",
        "3/a/abc",
        "ab/cd/abcd",
    ]


def test_retractions__go_modules_reference() -> None:
    file = "module m\n\nretract (\n\tv1.0.0 // bad\n\t[v1.2.0, v1.4.0]\n)\nretract v1.9.9\n"
    assert [
        v
        for v in ("v1.0.0", "v1.1.0", "v1.3.7", "v1.4.0", "v1.5.0", "v1.9.9")
        if retracted(file, v)
    ] == [
        "v1.0.0",
        "v1.3.7",
        "v1.4.0",
        "v1.9.9",
    ]


def test_values_of_npm() -> None:
    assert integrity("sha512-!! md5-x") == ()
    assert repository("gitlab:a/b", "s").value == "https://gitlab.com/a/b"  # type: ignore[union-attr]
    assert repository({"url": "git+ssh://git@host.example.test/a.git"}, "s") is not None
    assert repository("javascript:alert(1)", "s") is None
    assert (
        described({"license": {"type": "ISC"}, "dist": 7, "author": []}, "s").licenses[0].value
        == "ISC"
    )


def test_a_cache_that_cannot_be_written_is_no_failure(registries: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with RegistryClient(tmp_path / "file" / "cache") as client:
        answer = client.get(f"{registries.address}/npm/tarry/1.2.0")
    assert b"tarry" in answer.body
