"""Every kind of document: what is claimed, what is warned of, what is refused."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random

import pytest
import zstandard

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.ingest.files import LoneTree
from pratique.ingest.models import Options, Source
from pratique.ingest.reading import NoDocumentError, read
from pratique.ingest.unpacking import lines, unpacked
from pratique.model.errors import InputError, LimitError
from pratique.model.evidence import Verb
from pratique.store.documents import DocumentKind

DIGEST = "ab" * 32
OPENVEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.test/vex/1",
    "author": "Example",
    "timestamp": "2026-02-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-aaaa-bbbb-cccc"]},
            "products": [
                {
                    "@id": "pkg:npm/shop@1.0",
                    "subcomponents": [{"@id": "pkg:npm/alpha@1.0"}],
                }
            ],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        }
    ],
}
OSV = {
    "schema_version": "1.7.0",
    "id": "GHSA-aaaa-bbbb-cccc",
    "modified": "2026-02-01T00:00:00Z",
    "aliases": ["CVE-2026-1"],
    "summary": "alpha is wrong",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [{"package": {"ecosystem": "npm", "name": "alpha"}, "versions": ["1.0"]}],
}
SCORECARD = {
    "date": "2026-02-01",
    "repo": {"name": "example.test/team/alpha", "commit": "0" * 40},
    "scorecard": {"version": "v5.0.0", "commit": "1" * 40},
    "score": 7.5,
    "checks": [{"name": "Maintained", "score": 10}, {"name": "Fuzzing", "score": 0}, {"no": 1}],
}


def statement(kind: str, predicate: dict, *subjects: dict) -> dict:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": list(subjects) or [{"name": "alpha.tgz", "digest": {"sha256": DIGEST}}],
        "predicateType": kind,
        "predicate": predicate,
    }


PROVENANCE = statement(
    "https://slsa.dev/provenance/v1",
    {
        "buildDefinition": {
            "buildType": "https://example.test/build/v1",
            "externalParameters": {},
            "resolvedDependencies": [
                {"uri": "git+https://example.test/alpha", "digest": {"gitCommit": "2" * 40}}
            ],
        },
        "runDetails": {
            "builder": {"id": "https://example.test/builder"},
            "metadata": {
                "startedOn": "2026-01-01T00:00:00Z",
                "finishedOn": "2026-01-01T00:05:00Z",
            },
        },
    },
)


def envelope(value: dict) -> dict:
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    return {
        "payloadType": "application/vnd.in-toto+json",
        "payload": payload,
        "signatures": [{"sig": "MEUCIQ==", "keyid": ""}],
    }


def entry(value: object, path: str = "x.json", *, given: bool = True):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read(Source(path=path, data=data, tree=LoneTree(), inside=path, given=given), Options())


def said(found, verb: Verb) -> list[tuple[str, str, dict]]:
    return [
        (one.subject.text, one.object.text if one.object else "", one.said)
        for one in found.claims
        if one.verb is verb
    ]


def test_openvex():
    found = entry(OPENVEX)
    assert (found.kind, found.format, found.problems) == (DocumentKind.VEX, "OpenVEX 0.2.0", ())
    ((subject, object, claim),) = said(found, Verb.CERTIFY_VEX)
    assert (subject, object) == ("pkg:npm/shop@1.0", "cve-2026-1")
    assert claim["status"] == "not_affected"
    assert claim["subcomponent"] == "pkg:npm/alpha@1.0"
    assert claim["timestamp"] == "2026-02-01T00:00:00Z"
    assert said(found, Verb.VULN_EQUAL) == [("cve-2026-1", "ghsa-aaaa-bbbb-cccc", {})]


def test_osv():
    found = entry(OSV)
    assert found.kind is DocumentKind.ADVISORY
    assert said(found, Verb.VULN_EQUAL) == [("ghsa-aaaa-bbbb-cccc", "cve-2026-1", {})]
    ((_, _, claim),) = said(found, Verb.VULNERABILITY_METADATA)
    assert claim["CVSS_V3"].startswith("CVSS:3.1")


def test_scorecard_keeps_the_good_checks():
    found = entry(SCORECARD)
    ((subject, _, claim),) = said(found, Verb.CERTIFY_SCORECARD)
    assert subject == "git+https://example.test/team/alpha@" + "0" * 40
    assert (claim["score"], json.loads(claim["checks"])) == (
        "7.5",
        {"Fuzzing": 0, "Maintained": 10},
    )
    assert [problem.trouble for problem in found.problems] == ["unknown"]
    assert found.created.year == 2026


@pytest.mark.parametrize("wrapped", [False, True])
def test_slsa_provenance(wrapped):
    found = entry(envelope(PROVENANCE) if wrapped else PROVENANCE)
    assert found.kind is DocumentKind.ATTESTATION
    ((subject, object, claim),) = said(found, Verb.HAS_SLSA)
    assert (subject, object) == (f"sha256:{DIGEST}", "https://example.test/builder")
    assert claim["finished"] == "2026-01-01T00:05:00Z"
    assert "git+https://example.test/alpha" in claim["materials"]
    assert found.signer == ""
    assert any("nobody has verified" in one.message for one in found.problems) is wrapped


def test_a_verified_signer_is_kept():
    options = Options(verify=lambda _data, _path: "builder@example.test")
    data = json.dumps(envelope(PROVENANCE)).encode()
    found = read(Source(path="x", data=data, tree=LoneTree(), inside="x"), options)
    assert found.signer == "builder@example.test"


def test_vulns_with_and_without_a_result():
    subject = {"uri": "pkg:npm/alpha@1.0"}
    scanner = {"uri": "https://example.test/scanner", "version": "1"}
    rows = [{"id": "GHSA-aaaa-bbbb-cccc"}, {"nothing": 1}]
    kind = "https://in-toto.io/attestation/vulns/v0.2"
    found = entry(statement(kind, {"scanner": scanner | {"result": rows}}, subject))
    assert [row[:2] for row in said(found, Verb.CERTIFY_VULN)] == [
        ("pkg:npm/alpha@1.0", "ghsa-aaaa-bbbb-cccc")
    ]
    assert [problem.trouble for problem in found.problems] == ["unknown"]
    clean = entry(statement(kind, {"scanner": scanner}, subject))
    assert [row[:2] for row in said(clean, Verb.CERTIFY_VULN)] == [("pkg:npm/alpha@1.0", "novuln")]


def test_other_predicates():
    subject = {"uri": "pkg:npm/alpha@1.0"}
    licensed = {
        "definition": {
            "licensed": {
                "declared": "MIT",
                "facets": {"core": {"discovered": {"expressions": ["Apache-2.0"]}}},
            }
        }
    }
    found = entry(
        statement("https://in-toto.io/attestation/clearlydefined/v0.1", licensed, subject)
    )
    assert [row[1] for row in said(found, Verb.CERTIFY_LEGAL)] == ["MIT", "Apache-2.0"]
    life = {"product": "alpha", "cycle": "1", "isEOL": True, "eolDate": "2026-01-01"}
    found = entry(statement("https://in-toto.io/attestation/eol/v0.1", life, subject))
    assert said(found, Verb.HAS_METADATA)[0][2]["isEOL"] == "true"
    where = {"references": [{"downloadLocation": "https://example.test/sbom.json"}, {}]}
    found = entry(statement("https://in-toto.io/attestation/reference/v0.1", where, subject))
    assert said(found, Verb.HAS_METADATA)[0][2]["value"] == "https://example.test/sbom.json"
    assert len(found.problems) == 1


def test_protobuf_names_of_a_statement():
    value = statement("https://in-toto.io/attestation/eol/v0.1", {"cycle": "1"})
    value["type"], value["predicate_type"] = value.pop("_type"), value.pop("predicateType")
    assert said(entry(value), Verb.HAS_METADATA)[0][2] == {"key": "endoflife", "cycle": "1"}


def test_what_is_not_known_is_kept():
    found = entry(statement("https://example.test/review/v1", {"ok": True}))
    assert found.kind is DocumentKind.ATTESTATION
    assert said(found, Verb.HAS_METADATA) == [
        (f"sha256:{DIGEST}", "", {"key": "attestation", "value": "https://example.test/review/v1"})
    ]
    found = entry({"some": "document"})
    assert (found.kind, found.claims) == (DocumentKind.OPAQUE, ())
    assert [problem.trouble for problem in found.problems] == ["notice"]
    with pytest.raises(NoDocumentError):
        entry(b"# a page of text\n", "README.md", given=False)


def test_cyclonedx_is_bill_and_vex(make_sbom):
    vulnerability = {
        "id": "CVE-2026-1",
        "analysis": {"state": "not_affected", "justification": "code_not_present"},
        "affects": [{"ref": "pkg:npm/alpha@1.0"}],
    }
    found = entry(make_sbom(vulnerabilities=[vulnerability]))
    assert found.kind is DocumentKind.SBOM
    assert found.bill.nodes == ("pkg:npm/alpha@1.0",)
    ((subject, object, claim),) = said(found, Verb.CERTIFY_VEX)
    assert "alpha" in subject + claim.get("subcomponent", "")
    assert (object, claim["status"]) == ("cve-2026-1", "not_affected")


def test_a_bad_item_costs_itself_alone():
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"type": "library", "name": "alpha", "version": "1", "purl": "pkg:npm/alpha@1"},
            {"type": "library", "name": "beta", "purl": "pkg:::"},
            17,
        ],
    }
    found = entry(document, "team/app.cdx.json")
    assert "pkg:npm/alpha@1" in found.bill.nodes
    assert len(found.problems) >= 2
    assert found.placements[0].product == "team/app.cdx.json"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_compressed(pack):
    data = json.dumps(OSV).encode()
    packed = pack(data)
    assert unpacked(packed) == data
    if pack is not zstandard.compress:
        assert unpacked(packed + packed) == data * 2
    if pack is zstandard.compress:  # a stream that ends early gives what there is
        assert unpacked(packed[: len(packed) // 2]) != data
    else:
        with pytest.raises(InputError):
            unpacked(packed[: len(packed) // 2])


def test_a_bomb_is_refused():
    whole = io.BytesIO()
    with bz2.open(whole, "wb") as file:
        for _ in range(MAX_DOCUMENT_BYTES // (1 << 24) + 1):
            file.write(bytes(1 << 24))
    with pytest.raises(LimitError):
        unpacked(whole.getvalue())


def test_json_lines():
    assert lines(b'{"a":1}\n\n{"b":2}\n') == [(1, b'{"a":1}'), (3, b'{"b":2}')]
    assert lines(json.dumps(OSV, indent=1).encode()) == []
    assert lines(b'{"a":1}\n') == []
    assert lines(b"") == lines(b"\n\n") == lines(b"alpha==1\nbeta==2\n") == []


def test_whatever_the_bytes_only_input_errors(make_sbom):
    draw = random.Random(20260201)
    seeds = [
        json.dumps(one).encode()
        for one in (OPENVEX, OSV, SCORECARD, PROVENANCE, envelope(PROVENANCE))
    ]
    seeds.append(make_sbom(vulnerabilities=[{"id": "CVE-1", "affects": [{"ref": "x"}]}]))
    survived, messages = 0, []
    for turn in range(1200):
        data = bytearray(seeds[turn % len(seeds)])
        for _ in range(draw.randint(1, 12)):
            at = draw.randrange(len(data))
            match draw.randrange(3):
                case 0:
                    data[at] = draw.randrange(256)
                case 1:
                    del data[at : at + draw.randint(1, 30)]
                case _:
                    data[at:at] = draw.choice(
                        [b"null", b"[", b"{}", b'""', b"-1", b"\\u0000", b"\\ud800"]
                    )
            data = data or bytearray(b"{")
        try:
            entry(bytes(data))
            unpacked(bytes(data))
            survived += 1
        except InputError as error:
            messages.append(error.message)
    assert survived > 50
    assert [text for text in messages if "\n" in text or "please report" in text] == []


@pytest.mark.parametrize(
    "value",
    [
        {"bomFormat": "CycloneDX", "components": {}},
        {"id": "X", "affected": 7},
        {"checks": {}, "score": "high", "repo": []},
        {"_type": 1, "predicateType": [], "subject": {}},
        {"payloadType": "x", "payload": 5},
        {"document": {"csaf_version": "2.0"}},
        {"@context": ["https://openvex.dev/ns"], "statements": {}},
        {"dsseEnvelope": {}, "verificationMaterial": {}},
        [],
        "text",
    ],
)
def test_shapes_that_are_none(value):
    message = ""
    try:
        found = entry(value)
    except InputError as error:
        message = error.message
    else:
        assert found.kind is DocumentKind.OPAQUE or found.problems
    assert "please report" not in message
