"""SBOMit: documents of in-toto metadata, the bills they derive, and what mutations may not do."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.dsse.write import write_envelope
from pratique.formats.intoto import ResourceDescriptor
from pratique.formats.intoto.canonical import canonical_json
from pratique.formats.intoto.write import write_statement
from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.validation import validate
from pratique.provenance.signing import SigningKey, generate

Run = Callable[..., tuple[int, str, str]]
ARTIFACT = b"the product"
SOURCE = b"print()"


def sha(data: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(data).hexdigest()}


class Functionary:
    """Somebody with a key."""

    def __init__(self) -> None:
        self.key: SigningKey = generate("ed25519")
        raw = self.key.public.public_bytes_raw().hex()
        body = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": raw}}
        self.id = hashlib.sha256(canonical_json(body)).hexdigest()
        self.public = body | {"keyid": self.id}

    def sign(self, value: dict[str, Any]) -> dict[str, Any]:
        signature = self.key.sign(canonical_json(value)).hex()
        return {"signed": value, "signatures": [{"keyid": self.id, "sig": signature}]}

    def attest(self, kind: str, predicate: dict[str, Any], about: dict[str, str]) -> bytes:
        subject = (ResourceDescriptor(name="app.tar", digest=about),)
        return write_envelope(self.key.envelope(write_statement(subject, kind, predicate)))


class Pipeline:
    """A layout of two steps in a folder, its links, provenance and a bill of the builder."""

    def __init__(self) -> None:
        self.owner, self.writer, self.builder = Functionary(), Functionary(), Functionary()
        self.layout = {
            "_type": "layout",
            "expires": "2100-01-01T00:00:00Z",
            "readme": "",
            "keys": {one.id: one.public for one in (self.writer, self.builder)},
            "steps": [
                self.step("write", self.writer, [["DISALLOW", "*"]], [["CREATE", "app.py"]]),
                self.step(
                    "build",
                    self.builder,
                    [["MATCH", "app.py", "WITH", "PRODUCTS", "FROM", "write"], ["DISALLOW", "*"]],
                    [["CREATE", "app.tar"], ["ALLOW", "app.py"], ["DISALLOW", "*"]],
                ),
            ],
            "inspect": [],
        }
        self.links = {
            self.writer: self.link("write", {}, {"app.py": sha(SOURCE)}),
            self.builder: self.link("build", {"app.py": sha(SOURCE)}, {"app.tar": sha(ARTIFACT)}),
        }
        self.bom = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "components": [
                {
                    "type": "library",
                    "bom-ref": "tar",
                    "name": "tar",
                    "version": "6.0",
                    "purl": "pkg:npm/tar@6.0",
                    "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
                },
                {"type": "library", "bom-ref": "oar", "name": "oar", "purl": "pkg:npm/oar@1"},
            ],
            "dependencies": [{"ref": "tar", "dependsOn": ["oar"]}],
        }
        self.provenance = {
            "buildDefinition": {
                "buildType": "https://example.test/build",
                "externalParameters": {},
                "resolvedDependencies": [
                    {"uri": "pkg:pypi/caulk@2.0", "digest": {"sha256": "cd" * 32}}
                ],
            },
            "runDetails": {"builder": {"id": "https://example.test/builder"}},
        }

    @staticmethod
    def step(
        name: str, who: Functionary, materials: list[Any], products: list[Any]
    ) -> dict[str, Any]:
        return {
            "_type": "step",
            "name": name,
            "expected_materials": materials,
            "expected_products": products,
            "expected_command": [],
            "pubkeys": [who.id],
            "threshold": 1,
        }

    @staticmethod
    def link(name: str, materials: dict[str, Any], products: dict[str, Any]) -> dict[str, Any]:
        return {
            "_type": "link",
            "name": name,
            "command": [],
            "materials": materials,
            "products": products,
            "byproducts": {},
            "environment": {},
        }

    def write(self) -> None:
        Path("links").mkdir(exist_ok=True)
        Path("root.layout").write_text(json.dumps(self.owner.sign(self.layout)))
        for who, link in self.links.items():
            name = f"{link['name']}.{who.id[:8]}.link"
            Path("links", name).write_text(json.dumps(who.sign(link)))
        Path("app.tar").write_bytes(ARTIFACT)
        Path("owner.pub").write_bytes(self.owner.key.public_pem())
        Path("builder.pem").write_bytes(self.builder.key.private_pem(None))
        Path("writer.pem").write_bytes(self.writer.key.private_pem(None))
        kind = "https://cyclonedx.org/bom"
        Path("bom.json").write_bytes(self.builder.attest(kind, self.bom, sha(ARTIFACT)))
        kind = "https://slsa.dev/provenance/v1"
        Path("slsa.json").write_bytes(self.builder.attest(kind, self.provenance, sha(ARTIFACT)))


BUILD = (
    "sbomit", "build", "root.layout", "--links", "links", "--key", "owner.pub", "--name", "app",
    "--version", "1.2", "--attestation", "bom.json", "--attestation", "slsa.json", "-o", "doc",
)  # fmt: skip
VERIFY = ("sbomit", "verify", "doc", "--key", "owner.pub")


@pytest.fixture
def pipeline(pratique: Run) -> Pipeline:
    assert pratique is not None  # it has gone into the folder
    found = Pipeline()
    found.write()
    return found


@pytest.fixture
def built(pratique: Run, pipeline: Pipeline) -> Pipeline:
    code, _, err = pratique(*BUILD)
    assert code == 0, err
    return pipeline


def derived(run: Run, *words: str) -> dict[str, Any]:
    code, _, err = run(
        "sbomit", "generate", "doc", "--key", "owner.pub", "-o", "b.cdx.json", *words
    )
    assert code == 0, err
    found: dict[str, Any] = json.loads(Path("b.cdx.json").read_text())
    return found


def patched(run: Run, patch: list[dict[str, Any]], *words: str) -> tuple[int, str]:
    Path("patch.json").write_text(json.dumps(patch))
    code, _, err = run(
        "sbomit",
        "mutate",
        "doc",
        "--key",
        "owner.pub",
        "--patch",
        "patch.json",
        "-o",
        "doc",
        *words,
    )
    return code, err


def test_the_bill_says_what_is_attested(pratique: Run, built: Pipeline) -> None:
    bill = derived(pratique)
    assert validate(json.dumps(bill).encode()).valid
    names = {one["name"]: one for one in bill["components"]}
    assert set(names) == {"app.py", "app.tar", "tar", "oar", "caulk"}
    assert names["app.tar"]["hashes"] == [{"alg": "SHA-256", "content": sha(ARTIFACT)["sha256"]}]
    marks = {(one["name"], one["value"]) for one in names["app.py"]["properties"]}
    assert marks == {
        ("pratique:sbomit:product-of", "write"),
        ("pratique:sbomit:material-of", "build"),
    }
    assert names["caulk"]["purl"] == "pkg:pypi/caulk@2.0"
    edges = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert edges["bom.json#tar"] == ["bom.json#oar"]
    assert edges[names["app.tar"]["bom-ref"]] == [names["app.py"]["bom-ref"]]
    assert names["app.tar"]["bom-ref"] in edges["subject"]
    assert bill["externalReferences"][0]["url"].startswith("urn:pratique:sbomit:sha256:")
    assert derived(pratique) == bill


def test_a_signed_bill_is_verified_with_its_document(pratique: Run, built: Pipeline) -> None:
    derived(pratique, "-K", "builder.pem")
    words = (*VERIFY, "-a", "app.tar", "--bill", "b.cdx.json")
    code, out, _ = pratique(*words, "--format", "json")
    found = json.loads(out)
    assert code == 0, found
    assert {one["what"] for one in found["findings"]} == {
        "layout and metadata", "artifact app.tar", "mutation of bom.cdx.json",
        "bill bom.cdx.json", "signature of bom.cdx.json",
    }  # fmt: skip
    # the same attestation is one of the bill for the general verifier
    Path("builder.pub").write_bytes(built.builder.key.public_pem())
    words = ("-a", "app.tar", "-b", "b.cdx.json.intoto.jsonl", "--key", "builder.pub")
    assert pratique("sbom", "verify", "b.cdx.json", *words)[0] == 0


def test_a_bill_of_somebody_else_or_of_another_document(pratique: Run, built: Pipeline) -> None:
    code, _, err = pratique(
        "sbomit", "generate", "doc", "--key", "owner.pub", "-o", "b", "-K", "writer.pem"
    )
    assert code == 2  # the last step's functionaries answer for the product
    assert "does not let this key sign" in err
    bill = derived(pratique, "-K", "builder.pem")
    bill["components"][0]["hashes"][0]["content"] = "00" * 32
    Path("changed.json").write_text(json.dumps(bill))
    words = (*VERIFY, "--bill", "changed.json", "-b", "b.cdx.json.intoto.jsonl")
    code, out, _ = pratique(*words)
    assert code == 1
    assert "is not what the document derives" in out
    assert "it is about another bill of materials" in out
    assert pratique(*VERIFY, "--bill", "nobody=b.cdx.json")[0] == 1
    Path("b.cdx.json.intoto.jsonl").unlink()
    code, out, _ = pratique(*VERIFY, "--bill", "b.cdx.json")
    assert code == 3
    assert "no attestation of the bill" in out
    # signed by a functionary of the chain, but of another step
    envelope = built.writer.attest(
        "https://cyclonedx.org/bom", json.loads(Path("b.cdx.json").read_text()), sha(ARTIFACT)
    )
    Path("w.jsonl").write_bytes(envelope)
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl")[0] == 1
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl", "--sit-step", "write")[0] == 0
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl", "--sit-step", "none")[0] == 1


def test_what_is_added_is_told_apart_from_what_is_attested(pratique: Run, built: Pipeline) -> None:
    at = [one["name"] for one in derived(pratique)["components"]].index("tar")
    code, err = patched(
        pratique,
        [
            {"op": "add", "path": "/metadata/supplier", "value": {"name": "Example Shipyard"}},
            {
                "op": "add",
                "path": f"/components/{at}/licenses",
                "value": [{"license": {"id": "ISC"}}],
            },
            {
                "op": "add",
                "path": "/components/0",
                "value": {"type": "library", "name": "x", "bom-ref": "x"},
            },
        ],
    )
    assert code == 0, err
    bill = derived(pratique, "-K", "builder.pem")
    assert bill["metadata"]["supplier"]["name"] == "Example Shipyard"
    code, out, _ = pratique(*VERIFY, "--bill", "b.cdx.json", "--fields", "--format", "json")
    found = json.loads(out)
    assert code == 0, found["findings"]
    fields = found["fields"]
    assert set(fields) == set(leaves(bill))
    assert fields["metadata.supplier.name"]["kind"] == "mutation"
    assert fields["metadata.component.name"]["kind"] == "stated"
    assert fields["components[0].name"]["kind"] == "mutation"
    tar = f"components[{at + 1}]"
    assert fields[f"{tar}.purl"] == {
        "kind": "attestation", "name": "bom.json", "signers": [built.builder.id],
    }  # fmt: skip
    assert fields[f"{tar}.licenses[0].license.id"]["kind"] == "mutation"
    assert found["addendums"] == [["sits"]]


def index(bill: dict[str, Any], name: str) -> str:
    return f"/components/{[one['name'] for one in bill['components']].index(name)}"


OVERRIDES: list[tuple[str, Callable[[str], list[dict[str, Any]]]]] = [
    ("overwritten", lambda at: [{"op": "replace", "path": f"{at}/version", "value": "6.1"}]),
    ("overwritten", lambda at: [{"op": "add", "path": f"{at}/version", "value": "6.1"}]),
    ("overwritten", lambda at: [{"op": "copy", "from": f"{at}/name", "path": f"{at}/purl"}]),
    ("overwritten", lambda at: [{"op": "replace", "path": f"{at}/hashes/0/content", "value": "0" * 64}]),
    ("removed", lambda at: [{"op": "remove", "path": f"{at}/purl"}]),
    ("removed", lambda at: [{"op": "remove", "path": at}]),
    ("removed", lambda _: [{"op": "remove", "path": "/components"}]),
    ("removed", lambda _: [{"op": "replace", "path": "/dependencies", "value": []}]),
    ("removed", lambda at: [{"op": "replace", "path": at, "value": {"type": "library", "name": "tar"}}]),
    ("removed", lambda _: [{"op": "remove", "path": "/externalReferences/0"}]),
    ("moved", lambda at: [{"op": "move", "from": f"{at}/hashes", "path": "/components/0/hashes"}]),
    ("moved", lambda at: [{"op": "move", "from": at, "path": "/metadata/component/components"}]),
    ("removed", lambda at: [
        {"op": "copy", "from": at, "path": "/components/-"}, {"op": "remove", "path": at},
    ]),
    ("added to", lambda at: [
        {"op": "add", "path": f"{at}/hashes/-", "value": {"alg": "SHA-256", "content": "0" * 64}},
    ]),
    ("forged", lambda _: [
        {"op": "add", "path": "/components/-", "value": {
            "type": "library", "name": "evil",
            "properties": [{"name": "pratique:sbomit:attested-by", "value": "bom.json"}],
        }},
    ]),
    ("forged", lambda at: [
        {"op": "add", "path": "/components/-", "value": {"type": "library", "name": "evil"}},
        {"op": "copy", "from": f"{at}/bom-ref", "path": "/components/5/bom-ref"},
    ]),
    ("removed", lambda _: [{"op": "replace", "path": "", "value": {}}]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OVERRIDES)))
def test_mutations_that_override_are_refused(pratique: Run, built: Pipeline, number: int) -> None:
    what, make = OVERRIDES[number]
    before = Path("doc").read_bytes()
    patch = make(index(derived(pratique), "tar"))
    code, err = patched(pratique, patch)
    assert code == 3
    assert "--insecure-allow-in-toto-override" in err
    assert Path("doc").read_bytes() == before
    code, err = patched(pratique, patch, "--insecure-allow-in-toto-override")
    assert code == 0, err
    # whoever verifies is told, whatever its author allowed
    code, out, _ = pratique(*VERIFY, "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert what in {one["what"] for one in found["overrides"]}
    code, out, _ = pratique("sbomit", "generate", "doc", "--key", "owner.pub", "-o", "x")
    assert code == 3
    code, out, _ = pratique(*VERIFY, "--insecure-allow-in-toto-override", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert found["overrides"]


def test_an_edited_bill_gives_its_mutation(pratique: Run, built: Pipeline) -> None:
    bill = derived(pratique)
    bill["components"].insert(0, {"type": "library", "name": "pitch", "bom-ref": "pitch"})
    bill["components"][-1]["supplier"] = {"name": "Example"}
    Path("edited.json").write_text(json.dumps(bill))
    words = (
        "sbomit",
        "mutate",
        "doc",
        "--key",
        "owner.pub",
        "--edited",
        "edited.json",
        "-o",
        "doc",
    )
    code, _, err = pratique(*words)
    assert code == 0, err
    after = derived(pratique)
    assert after["externalReferences"] != bill["externalReferences"]  # it is another document's
    for one in (after, bill):
        del one["externalReferences"], one["serialNumber"]
    assert after == bill
    bill = derived(pratique)
    bill["components"][1]["hashes"] = []
    Path("edited.json").write_text(json.dumps(bill))
    assert pratique(*words)[0] == 3


def test_addendums_are_kept_as_history(pratique: Run, built: Pipeline) -> None:
    Path("add.json").write_text(
        json.dumps([{"op": "replace", "path": "/sits/0/subject/version", "value": "1.3"}])
    )
    words = ("sbomit", "mutate", "doc", "--key", "owner.pub", "--addendum", "add.json", "-o", "doc")
    assert pratique(*words)[0] == 0
    assert derived(pratique)["metadata"]["component"]["version"] == "1.3"
    value = json.loads(Path("doc").read_text())
    assert value["sits"][0]["subject"]["version"] == "1.2"  # the document as it was
    assert len(value["addendums"]) == 1
    before = Path("doc").read_bytes()
    for bad in (
        [{"op": "replace", "path": "/layout/signed/expires", "value": "2200-01-01T00:00:00Z"}],
        [
            {"op": "remove", "path": "/metadata/bom.json"},
            {"op": "add", "path": "/metadata/..~1x", "value": {}},
        ],
        [{"op": "add", "path": "/sbomit", "value": "x"}],
        [{"op": "add", "path": "", "value": {}}],
        [{"op": "move", "from": "/layout", "path": "/sits/0"}],
        {"not": "a patch"},
    ):
        Path("add.json").write_text(json.dumps(bad))
        assert pratique(*words)[0] in {1, 3}, bad
        assert Path("doc").read_bytes() == before


def test_metadata_that_does_not_hold_is_refused(pratique: Run, pipeline: Pipeline) -> None:
    def refused(change: Callable[[Pipeline], Any]) -> int:
        other = copy.copy(pipeline)
        other.layout, other.links = copy.deepcopy(pipeline.layout), dict(pipeline.links)
        change(other)
        other.write()
        return pratique(*BUILD)[0]

    stranger = Functionary()
    assert refused(lambda p: p.layout.update(expires="2001-01-01T00:00:00Z")) != 0
    assert refused(lambda p: setattr(p, "owner", stranger) or Path("owner.pub").unlink()) == 0
    Path("other.pub").write_bytes(Functionary().key.public_pem())
    assert pratique(*BUILD, "--key", "other.pub")[0] != 0
    wrong = pipeline.link("build", {"app.py": sha(b"evil")}, {"app.tar": sha(ARTIFACT)})
    assert refused(lambda p: p.links.update({p.builder: wrong})) != 0
    pipeline.write()
    for name, data in (
        (
            "stranger.json",
            stranger.attest("https://cyclonedx.org/bom", pipeline.bom, sha(ARTIFACT)),
        ),
        (
            "elsewhere.json",
            pipeline.builder.attest("https://cyclonedx.org/bom", pipeline.bom, sha(b"x")),
        ),
        ("damaged.json", b"{}"),
        ("text.json", b"text"),
    ):
        Path(name).write_bytes(data)
        assert pratique(*BUILD, "--attestation", name)[0] in {1, 3}, name


def test_tampered_documents_are_never_verified(pratique: Run, built: Pipeline) -> None:
    good = json.loads(Path("doc").read_text())
    link = next(name for name in good["metadata"] if name.startswith("build."))
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda v: v["layout"]["signed"]["steps"][0].update(pubkeys=[]),
        lambda v: v["layout"]["signatures"].clear(),
        lambda v: v["metadata"][link]["signed"]["products"].update({"app.tar": sha(b"evil")}),
        lambda v: v["metadata"][link]["signatures"][0].update(sig="00" * 64),
        lambda v: v["metadata"].pop(link),
        lambda v: v["metadata"]["bom.json"]["signatures"][0].update(sig="AAAA"),
        lambda v: v["metadata"].update({"../x.link": {}}),
        lambda v: v["metadata"].update({"/etc/x.link": {}}),
        lambda v: v.update(sits=[{"name": "x"}]),
        lambda v: v.update(sits=v["sits"] * 2),
        lambda v: v.update(addendums=[[{"op": "remove", "path": f"/metadata/{link}"}]]),
        lambda v: v["sits"][0].update(mutation=[{"op": "remove", "path": "/nothing"}]),
        lambda v: v.update(sbomit="urn:other"),
        lambda v: v.pop("layout"),
    ]
    for number, change in enumerate(changes):
        bad = copy.deepcopy(good)
        change(bad)
        Path("doc").write_text(json.dumps(bad))
        code, out, err = pratique(*VERIFY)
        assert code in {1, 3}, (number, out, err)
        assert "verified\n" not in out.splitlines()[-1:], number
    Path("doc").write_text(json.dumps(good))
    assert pratique(*VERIFY)[0] == 0
    Path("evil.tar").write_bytes(b"evil")
    assert pratique(*VERIFY, "-a", "evil.tar")[0] == 1


def test_a_bill_changes_with_its_document(pratique: Run, built: Pipeline) -> None:
    derived(pratique, "-K", "builder.pem")
    patched(pratique, [{"op": "add", "path": "/metadata/supplier", "value": {"name": "Other"}}])
    code, out, _ = pratique(*VERIFY, "--bill", "b.cdx.json")
    assert code == 1
    assert "is not what the document derives" in out


def test_inspections_leave_the_answer_open(pratique: Run, pipeline: Pipeline) -> None:
    pipeline.layout["inspect"] = [
        {
            "_type": "inspection",
            "name": "look",
            "expected_materials": [],
            "expected_products": [],
            "run": ["true"],
        }
    ]
    pipeline.write()
    assert pratique(*BUILD)[0] == 0
    code, out, _ = pratique(*VERIFY)
    assert code == 3
    assert "never run" in out


def test_wrong_use(pratique: Run, built: Pipeline) -> None:
    assert pratique("sbomit", "verify", "doc")[0] == 2
    assert pratique(*VERIFY[:2], "none", "--key", "owner.pub")[0] == 3
    assert pratique(*VERIFY[:2], "bom.json", "--key", "owner.pub")[0] == 3
    assert pratique(*BUILD, "--links", "nowhere")[0] == 2
    assert pratique(*BUILD, "--step", "nothing")[0] == 3
    assert (
        pratique("sbomit", "generate", "doc", "--key", "owner.pub", "-o", "b", "--sit", "x")[0] == 3
    )


def test_damaged_documents_never_raise(pratique: Run, built: Pipeline) -> None:
    chance = random.Random(9)
    good = Path("doc").read_bytes()
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = bytes([chance.choice(b'{}[]",:0a\\')])
        Path("doc").write_bytes(data)
        code, _, err = pratique(*VERIFY)
        assert code in {0, 1, 3}, err
