"""``pratique sbom redact``: what must not leave does not, and what is left is whole."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.validation import validate
from pratique.inventory.sbom_input import reading_of

Run = Callable[..., tuple[int, str, str]]
SECRETS = (
    "acme", "hull-core", "Ada", "ada@", "/home/ada", "git.corp", "10.0.0.7", "C:\\work", "team:",
)  # fmt: skip


def confidential() -> dict[str, Any]:
    """An application whose document says too much."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 4,
        "metadata": {
            "timestamp": "2025-01-01T00:00:00Z",
            "authors": [{"name": "Ada Example", "email": "ada@example.test"}],
            "component": {"type": "application", "name": "ship", "bom-ref": "ship"},
        },
        "components": [
            {
                "type": "library",
                "bom-ref": "hull-core@3",
                "group": "@acme",
                "name": "hull-core",
                "version": "3.0.1",
                "purl": "pkg:npm/%40acme/hull-core@3.0.1",
                "description": "built in /home/ada/hull by Ada Example",
                "licenses": [{"license": {"name": "acme house licence"}}],
                "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
                "externalReferences": [{"type": "vcs", "url": "https://git.corp/hull.git"}],
                "components": [
                    {
                        "type": "library",
                        "bom-ref": "tar",
                        "name": "tar",
                        "purl": "pkg:npm/tar@6.0.0",
                    }
                ],
            },
            {
                "type": "library",
                "bom-ref": "rope",
                "name": "rope",
                "version": "1",
                "purl": "pkg:npm/rope@1?repository_url=https:%2F%2F10.0.0.7%2Fnpm",
                "author": "Ada Example",
                "licenses": [{"license": {"id": "MIT"}}],
                "properties": [
                    {"name": "team:owner", "value": "boats"},
                    {"name": "scan:location:0:path", "value": "/home/ada/rope/package.json"},
                    {"name": "colour", "value": "red"},
                ],
                "externalReferences": [
                    {"type": "vcs", "url": "https://git.example.test/rope"},
                    {"type": "other", "url": "https://10.0.0.7/rope"},
                ],
                "evidence": {"occurrences": [{"location": "/home/ada/rope"}]},
            },
            {
                "type": "file",
                "bom-ref": "f",
                "name": "C:\\work\\ship\\main.c",
                "copyright": "https://git.corp/licence",
                "description": "see https://git.corp/wiki and mail ada@example.test",
            },
            {"type": "library", "bom-ref": "oar", "name": "oar", "purl": "pkg:npm/oar@2.0.0"},
        ],
        "dependencies": [
            {"ref": "ship", "dependsOn": ["hull-core@3", "rope", "f"]},
            {"ref": "hull-core@3", "dependsOn": ["oar", "rope"]},
            {"ref": "rope", "dependsOn": ["oar"]},
        ],
        "compositions": [{"aggregate": "complete", "assemblies": ["ship", "hull-core@3"]}],
        "vulnerabilities": [
            {"id": "CVE-2024-0001", "affects": [{"ref": "hull-core@3"}]},
            {"id": "CVE-2024-0002", "affects": [{"ref": "rope"}, {"ref": "hull-core@3"}]},
        ],
    }


ALL = (
    "--remove", "paths", "--remove", "urls", "--remove", "authors", "--remove", "properties=team:*",
)  # fmt: skip


@pytest.fixture
def redacted(pratique: Run) -> Callable[..., tuple[int, dict[str, Any], dict[str, Any]]]:
    def run(value: dict[str, Any], *words: object) -> tuple[int, dict[str, Any], dict[str, Any]]:
        Path("in.json").write_text(json.dumps(value))
        Path("key").write_bytes(b"0123456789abcdef0123\n")
        code, _, err = pratique(
            "sbom", "redact", "in.json", "-o", "out.json", "--report", "r.json", *words
        )
        assert code in {0, 3}, err
        out = Path("out.json").read_bytes()
        return code, json.loads(out), json.loads(Path("r.json").read_text())

    return run


def test_what_must_not_leave_is_gone_and_the_graph_is_whole(redacted: Any) -> None:
    code, out, report = redacted(confidential(), "--remove", "component=pkg:npm/%40acme/*", *ALL)
    text = json.dumps(out)
    assert [one for one in SECRETS if one in text] == []
    assert code == 0, report["residue"]
    assert validate(json.dumps(out).encode()).valid
    edges = {one["ref"]: one.get("dependsOn", []) for one in out["dependencies"]}
    assert edges == {"ship": ["oar", "rope", "f"], "rope": ["oar"]}
    names = [one["name"] for one in out["components"]]
    assert names == ["tar", "rope", "main.c", "oar"]  # what was within the removed one stays
    assert [one["id"] for one in out["vulnerabilities"]] == ["CVE-2024-0002"]
    assert out["compositions"][0] == {"aggregate": "incomplete", "assemblies": ["ship"]}
    assert out["components"][1]["purl"] == "pkg:npm/rope@1"
    assert out["components"][1]["properties"] == [{"name": "colour", "value": "red"}]
    assert out["serialNumber"] != confidential()["serialNumber"]
    stated = {one["name"]: one["value"] for one in out["metadata"]["properties"]}
    assert stated["pratique:redacted"].startswith("components removed: 1; paths: ")
    assert report["dangling"] == report["faults"] == report["cut"] == []


def test_every_leaf_that_is_gone_is_listed(redacted: Any) -> None:
    original = confidential()
    _, out, report = redacted(original, "--remove", "component=*hull-core*", *ALL)
    before = leaves(original)
    listed = {one["path"]: one["value"] for one in report["removals"]}
    assert all(before[path] == value for path, value in listed.items())
    kept = list(leaves(out).values())
    for path, value in before.items():
        if path not in listed:  # whatever is not listed is still there
            kept.remove(value)
    assert {one["rule"] for one in report["removals"]} == {
        "component", "paths", "urls", "authors", "properties", "identity",
    }  # fmt: skip


def test_pseudonyms_agree_between_documents_and_formats(redacted: Any, pratique: Run) -> None:
    words = ("--pseudonymise", "component=*acme*", "--pseudonymise", "authors", "--key-file", "key")
    words += ("--remove", "paths", "--remove", "urls", "--remove", "properties=team:*")
    code, first, report = redacted(confidential(), *words)
    assert code == 0, report["residue"]
    text = json.dumps(first)
    assert [one for one in SECRETS if one in text] == []
    hidden = first["components"][0]
    assert hidden["name"].startswith("redacted-")
    assert hidden["version"] == "3.0.1"
    assert hidden["purl"] == f"pkg:generic/{hidden['name']}@3.0.1"
    assert set(hidden) == {"type", "bom-ref", "name", "version", "purl", "components"}
    assert (
        hidden["bom-ref"]
        in next(o for o in first["dependencies"] if o["ref"] == "ship")["dependsOn"]
    )
    assert first["vulnerabilities"][0]["affects"] == [{"ref": hidden["bom-ref"]}]
    other = confidential()
    other["components"][0]["version"] = "4"
    other["components"][0]["purl"] = "pkg:npm/%40acme/hull-core@4"
    _, second, _ = redacted(other, *words)
    assert second["components"][0]["name"] == hidden["name"]
    assert second["metadata"]["authors"] == first["metadata"]["authors"]
    assert json.dumps(redacted(confidential(), *words)[1]) == text
    assert validate(text.encode()).valid

    Path("in.json").write_text(json.dumps(confidential()))
    pratique("sbom", "convert", "in.json", "--to", "spdx-json", "-o", "in.spdx.json")
    pratique("sbom", "redact", "in.spdx.json", "-o", "out.spdx.json", *words)
    assert hidden["name"] in Path("out.spdx.json").read_text()

    Path("key").write_bytes(b"another key of sixteen")
    Path("in.json").write_text(json.dumps(confidential()))
    pratique("sbom", "redact", "in.json", "-o", "third.json", *words)
    assert hidden["name"] not in Path("third.json").read_text()


@pytest.mark.parametrize("form", ["spdx-json", "spdx-tag-value", "cyclonedx-xml"])
def test_other_forms(pratique: Run, form: str) -> None:
    Path("in.json").write_text(json.dumps(confidential()))
    pratique("sbom", "convert", "in.json", "--to", form, "-o", "doc")
    assert "hull-core" in Path("doc").read_text()
    code, _, err = pratique(
        "sbom", "redact", "doc", "-o", "out", "--report", "r",
        "--remove", "component=*hull-core*", *ALL,
    )  # fmt: skip
    report = json.loads(Path("r").read_text())
    assert code == 0, (report["residue"], report["faults"], err)
    text = Path("out").read_text()
    assert [one for one in SECRETS if one in text] == []
    assert validate(text.encode()).valid
    reading = reading_of("out")
    names = {one.package.name for one in reading.components}
    assert {"rope", "oar"} <= names
    ref = {one.package.name: one.ref for one in reading.components}
    needing = [source for source, targets in reading.edges.items() if ref["oar"] in targets]
    assert ref["rope"] in needing
    assert ref["oar"] in reading.roots or ref.get("ship") in needing  # in the removed one's place


def test_references_that_hold_addresses_are_renamed(redacted: Any) -> None:
    value = confidential()
    purl = "pkg:npm/oar@2.0.0?repository_url=https:%2F%2Fgit.corp%2Fnpm"
    value["components"][3] |= {"bom-ref": purl, "purl": purl}
    for entry in value["dependencies"]:
        entry["dependsOn"] = [purl if x == "oar" else x for x in entry["dependsOn"]]
    _, out, report = redacted(value, "--remove", "urls")
    assert "git.corp" not in json.dumps(out)
    ref = out["components"][3]["bom-ref"]
    assert out["components"][3]["purl"] == "pkg:npm/oar@2.0.0"
    assert {"ref": "rope", "dependsOn": [ref]} in out["dependencies"]
    assert report["dangling"] == []


def test_the_subject_is_never_removed(redacted: Any, pratique: Run) -> None:
    Path("in.json").write_text(json.dumps(confidential()))
    assert pratique("sbom", "redact", "in.json", "--remove", "component=ship")[0] == 2  # no key
    _, out, report = redacted(confidential(), "--remove", "component=ship", "--key-file", "key")
    assert out["metadata"]["component"]["name"].startswith("redacted-")
    assert "pseudonymised, not removed" in report["notes"][0]
    root = out["metadata"]["component"]["bom-ref"]
    assert root in {one["ref"] for one in out["dependencies"]}


def test_cut_edges_are_named(redacted: Any) -> None:
    _, out, report = redacted(confidential(), "--remove", "component=*acme*", "--edges", "cut")
    edges = {one["ref"]: one.get("dependsOn", []) for one in out["dependencies"]}
    assert edges["ship"] == ["rope", "f"]
    assert report["cut"] == ["oar", "rope"]


def test_what_is_still_there_is_named(redacted: Any) -> None:
    value = confidential()
    value["components"][3]["description"] = "used by hull-core alone"
    code, _, report = redacted(value, "--remove", "component=*hull-core*")
    assert code == 3
    assert [one["text"] for one in report["residue"]] == ["hull-core"]
    assert report["residue"][0]["path"].endswith(".description")


def test_carried_text_does_not_smuggle(pratique: Run) -> None:
    value = confidential() | {"x-secret": "hull-core of acme"}
    Path("in.json").write_text(json.dumps(value))
    pratique("sbom", "convert", "in.json", "--to", "spdx-json", "-o", "doc")
    assert "hull-core of acme" in Path("doc").read_text()
    pratique("sbom", "redact", "doc", "-o", "out", "--remove", "component=*hull-core*")
    assert "hull-core" not in Path("out").read_text()


def test_chains_of_removed_components_are_bridged(redacted: Any) -> None:
    value = confidential()
    value["components"] = [
        {"type": "library", "bom-ref": ref, "name": ref} for ref in ("acme-a", "acme-b", "c")
    ]
    value["dependencies"] = [
        {"ref": "ship", "dependsOn": ["acme-a"]},
        {"ref": "acme-a", "dependsOn": ["acme-b"]},
        {"ref": "acme-b", "dependsOn": ["acme-a", "c", "ship"]},  # a cycle
    ]
    del value["compositions"], value["vulnerabilities"]
    _, out, _ = redacted(value, "--remove", "component=acme-*")
    assert out["dependencies"] == [{"ref": "ship", "dependsOn": ["c"]}]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--remove", "colours"),
        ("--remove", "component"),
        ("--remove", "paths=x"),
        ("--remove", "urls="),
        ("--pseudonymise", "urls"),
        ("--pseudonymise", "component=x"),
        ("--remove", "authors", "--pseudonymise", "authors", "--key-file", "key"),
        ("--remove", "paths", "--format", "json"),
    ],
)
def test_wrong_use(pratique: Run, words: tuple[str, ...]) -> None:
    Path("in.json").write_text(json.dumps(confidential()))
    Path("key").write_bytes(b"k" * 20)
    code, _, err = pratique("sbom", "redact", "in.json", *words)
    assert code == 2
    assert err


def test_keys_that_are_too_short_are_refused(pratique: Run) -> None:
    Path("in.json").write_text(json.dumps(confidential()))
    Path("key").write_bytes(b"short\n")
    code, _, err = pratique(
        "sbom", "redact", "in.json", "--pseudonymise", "authors", "--key-file", "key"
    )
    assert code == 3
    assert "random bytes" in err


def test_damaged_documents_never_raise(pratique: Run) -> None:
    chance = random.Random(7)
    text = json.dumps(confidential())
    Path("key").write_bytes(b"k" * 20)
    for _ in range(60):
        data = bytearray(text.encode())
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = bytes([chance.choice(b'{}[]",:0a\\')])
        Path("in.json").write_bytes(data)
        code, _, err = pratique(
            "sbom", "redact", "in.json", "-o", "o", "--key-file", "key", *ALL[:4],
            "--pseudonymise", "authors", "--remove", "component=*acme*",
        )  # fmt: skip
        assert code in {0, 3}, err


@pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])
def test_odd_values_of_every_member_never_raise(pratique: Run, form: str) -> None:
    chance = random.Random(11)
    Path("key").write_bytes(b"k" * 20)
    Path("base.json").write_text(json.dumps(confidential()))
    pratique("sbom", "convert", "base.json", "--to", form, "-o", "base")
    base = Path("base").read_text()
    odd = (None, 0, "", "x", [], {}, [None], [[]], [{}], {"name": 3}, True, 1.5)
    fixed = {"bomFormat", "specVersion", "spdxVersion"}
    for number in range(150):
        value = json.loads(base)
        owners: list[Any] = [value]
        for one in owners:
            inner = one.values() if isinstance(one, dict) else one
            owners += [x for x in inner if isinstance(x, dict | list) and x]
        owner = chance.choice(owners)
        keys = (
            [k for k in owner if k not in fixed] if isinstance(owner, dict) else range(len(owner))
        )
        if not keys:
            continue
        owner[chance.choice(list(keys))] = odd[number % len(odd)]
        Path("in.json").write_text(json.dumps(value))
        code, _, err = pratique(
            "sbom", "redact", "in.json", "-o", "o", "--key-file", "key", *ALL[:4],
            "--pseudonymise", "authors", "--remove", "component=*acme*", "--remove", "annotations",
        )  # fmt: skip
        assert code in {0, 3}, err
