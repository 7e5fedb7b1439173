"""What bills say of vulnerabilities, in every form; and every kind of document twice."""

from __future__ import annotations

import base64
import json

import pytest

from pratique.ingest.files import LoneTree
from pratique.ingest.models import Options, Source
from pratique.ingest.reading import read
from pratique.model.evidence import Verb
from pratique.store.documents import DocumentKind
from pratique.store.record import open_record

ALPHA = "pkg:npm/alpha@1.0"
DIGEST = "ab" * 32
STATED = {
    "id": "CVE-2026-1",
    "analysis": {"state": "not_affected", "justification": "code_not_present"},
    "affects": [{"ref": ALPHA}],
}
FOUND = {"id": "CVE-2026-2", "affects": [{"ref": ALPHA}]}
XML = """<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"
 serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79">
<metadata><timestamp>2026-01-01T00:00:00Z</timestamp></metadata>
{components}<vulnerabilities><vulnerability><id>CVE-2026-1</id>
<analysis><state>exploitable</state></analysis>
<affects><target><ref>pkg:npm/alpha@1.0</ref></target></affects></vulnerability></vulnerabilities>
</bom>"""
COMPONENTS = (
    '<components><component type="library" bom-ref="pkg:npm/alpha@1.0"><name>alpha</name>'
    "<version>1.0</version><purl>pkg:npm/alpha@1.0</purl></component></components>"
)


def entry(value: object, path: str = "x.json"):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read(Source(path=path, data=data, tree=LoneTree(), inside=path, given=True), Options())


def said(found, verb: Verb) -> list[tuple[str, str, str]]:
    return [
        (one.subject.text, one.object.text, one.said.get("status", ""))
        for one in found.claims
        if one.verb is verb
    ]


def spdx3(*more: dict) -> dict:
    about = {"creationInfo": "_:c"}
    return {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1",
             "created": "2026-01-05T00:00:00Z", "createdBy": ["https://example.test/p"]},
            {"type": "Person", "spdxId": "https://example.test/p", "name": "p", **about},
            {"type": "SpdxDocument", "spdxId": "https://example.test/d",
             "rootElement": ["https://example.test/a"], **about},
            {"type": "software_Package", "spdxId": "https://example.test/a", "name": "alpha",
             "software_packageVersion": "1.0", "software_packageUrl": ALPHA, **about},
            {"type": "software_Package", "spdxId": "https://example.test/b", "name": "beta",
             "software_packageVersion": "1.0", "software_packageUrl": "pkg:npm/beta@1.0", **about},
            {"type": "security_Vulnerability", "spdxId": "https://example.test/v",
             "name": "CVE-2026-1", **about},
            *more,
        ],
    }  # fmt: skip


def relation(kind: str) -> dict:
    return {
        "type": f"security_Vex{kind}VulnAssessmentRelationship",
        "spdxId": "https://example.test/x",
        "creationInfo": "_:c",
        "from": "https://example.test/v",
        "to": ["https://example.test/a"],
        "relationshipType": "fixedIn",
    }


def statement(kind: str, predicate: dict, **subject: object) -> dict:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject or {"name": "alpha.tgz", "digest": {"sha256": DIGEST}}],
        "predicateType": kind,
        "predicate": predicate,
    }


def envelope(value: dict) -> dict:
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    signatures = [{"sig": "MEUCIQ==", "keyid": ""}]
    kind = "application/vnd.in-toto+json"
    return {"payloadType": kind, "payload": payload, "signatures": signatures}


def test_xml_has_statements_too():
    found = entry(XML.format(components=COMPONENTS).encode(), "a.cdx.xml")
    assert (found.kind, found.bill.nodes) == (DocumentKind.SBOM, (ALPHA,))
    assert said(found, Verb.CERTIFY_VEX) == [(ALPHA, "cve-2026-1", "affected")]
    (bill,) = (one for one in found.claims if one.verb is Verb.HAS_SBOM)
    assert bill.said["uri"] == "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


@pytest.mark.parametrize(
    "document",
    [
        XML.format(components="").encode(),
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [STATED]},
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [],
         "metadata": {"component": {"type": "application", "name": "shop", "bom-ref": "s",
                                    "purl": "pkg:npm/shop@1"}},
         "vulnerabilities": [STATED]},
    ],
)  # fmt: skip
def test_statements_alone_are_no_bill_of_a_product(store, take, document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    take(store, data)
    with open_record(store, "default") as record:
        (kept,) = record.documents()
        assert (kept.kind, record.shipments()) == ("vex", [])
        assert len(record.evidence(verbs=[Verb.CERTIFY_VEX])) == 1


def test_what_has_no_analysis_was_found_by_a_scanner(make_sbom):
    unaffected = {"ref": ALPHA, "versions": [{"version": "1.0", "status": "unaffected"}]}
    more = [FOUND, STATED, {"id": "CVE-2026-3", "affects": [unaffected]}, {"affects": 7}, 1]
    value = json.loads(make_sbom(vulnerabilities=more))
    value["metadata"]["tools"] = [{"name": "looker", "version": "2"}]
    for document in (value, statement("https://cyclonedx.org/bom", value)):
        found = entry(document)
        assert said(found, Verb.CERTIFY_VULN) == [(ALPHA, "cve-2026-2", "")]
        assert len(said(found, Verb.CERTIFY_VEX)) == 1
        (scan,) = (one for one in found.claims if one.verb is Verb.CERTIFY_VULN)
        assert scan.said["scanner"] == "looker"
        assert scan.said["time scanned"] == "2026-01-01T00:00:00Z"


def test_spdx_3_has_statements_and_says_when_it_was_made():
    found = entry(spdx3(relation("Fixed")))
    assert found.kind is DocumentKind.SBOM
    assert said(found, Verb.CERTIFY_VEX) == [(ALPHA, "cve-2026-1", "fixed")]
    assert (found.created.month, found.created.day) == (1, 5)
    assert said(entry(spdx3()), Verb.CERTIFY_VEX) == []


PROVENANCE = statement(
    "https://slsa.dev/provenance/v1",
    {
        "buildDefinition": {"buildType": "https://example.test/t", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://example.test/builder"}},
    },
)
BUILT = {"builder": {"id": "https://example.test/builder"}, "buildType": "https://example.test/t"}
PLACE = {"uri": ALPHA}
EVERY = {
    "slsa 0.1": statement("https://slsa.dev/provenance/v0.1", BUILT),
    "slsa 0.2": statement("https://slsa.dev/provenance/v0.2", BUILT),
    "slsa 1": PROVENANCE,
    "dsse": envelope(PROVENANCE),
    "sigstore": {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": []},
        "dsseEnvelope": envelope(PROVENANCE),
    },
    "vulns": statement(
        "https://in-toto.io/attestation/vulns/v0.2",
        {"scanner": {"uri": "x", "result": [{"id": "CVE-2026-2"}]}}, **PLACE),
    "eol": statement("https://in-toto.io/attestation/eol/v0.1", {"cycle": "1"}, **PLACE),
    "reference": statement(
        "https://in-toto.io/attestation/reference/v0.1",
        {"references": [{"downloadLocation": "https://example.test/s"}]}, **PLACE),
    "clearlydefined": statement(
        "https://in-toto.io/attestation/clearlydefined/v0.1",
        {"definition": {"licensed": {"declared": "MIT"}}}, **PLACE),
    "unknown predicate": statement("https://example.test/review/v1", {"ok": True}),
    "scorecard": {"date": "2026-02-01", "repo": {"name": "example.test/a", "commit": "0" * 40},
                  "scorecard": {"version": "v5"}, "score": 7, "checks": []},
    "osv": {"id": "EX-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-2"],
            "affected": [{"package": {"ecosystem": "npm", "name": "alpha"}}]},
    "openvex": {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.test/1",
                "author": "E", "timestamp": "2026-02-01T00:00:00Z", "version": 1,
                "statements": [{"vulnerability": {"name": "CVE-2026-2"}, "status": "fixed",
                                "products": [{"@id": ALPHA}]}]},
    "csaf": {"document": {"csaf_version": "2.0", "category": "csaf_vex", "title": "t",
                          "publisher": {"name": "E", "category": "vendor",
                                        "namespace": "https://example.test"},
                          "tracking": {"id": "X", "version": "1", "status": "final",
                                       "current_release_date": "2026-02-01T00:00:00Z"}},
             "product_tree": {"full_product_names": [
                 {"name": "alpha", "product_id": "P",
                  "product_identification_helper": {"purl": ALPHA}}]},
             "vulnerabilities": [{"cve": "CVE-2026-2", "product_status": {"fixed": ["P"]}}]},
    "cyclonedx": {
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "components": [{"type": "library", "name": "alpha", "version": "1.0", "purl": ALPHA,
                        "bom-ref": ALPHA}],
        "vulnerabilities": [STATED, FOUND]},
    "spdx 3": spdx3(relation("Affected")),
    "spdx 2": {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "s",
               "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": []},
               "packages": [{"SPDXID": "SPDXRef-a", "name": "alpha", "versionInfo": "1.0"}]},
    "opaque": {"any": 1},
}  # fmt: skip
KINDS = {"attestation": 10, "advisory": 1, "opaque": 1, "sbom": 3, "scorecard": 1, "vex": 2}


def test_every_kind_of_document_twice_is_once(store, take, counts):
    documents = [json.dumps(one).encode() for one in EVERY.values()]
    report = take(store, *documents)
    assert (report.kinds, report.refused) == (KINDS, 0)
    rows = counts(store)
    again = take(store, *documents)
    assert (again.added, again.known) == (0, len(documents))
    assert take(store, b"\n".join(documents)).added == 0
    assert counts(store) == rows
