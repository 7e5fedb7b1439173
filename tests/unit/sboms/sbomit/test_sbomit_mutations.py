"""SBOMit: what mutations may add, and what they may not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.sbom.convert.leaves import leaves

Run = Callable[..., tuple[int, str, str]]


VERIFY = ("sbomit", "verify", "doc", "--key", "owner.pub")


def test_what_is_added_is_told_apart_from_what_is_attested(
    derived: Any, patched: Any, pratique: Run, built: Any
) -> None:
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
def test_mutations_that_override_are_refused(
    derived: Any, patched: Any, pratique: Run, built: Any, number: int
) -> None:
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


def test_an_edited_bill_gives_its_mutation(derived: Any, pratique: Run, built: Any) -> None:
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


def test_addendums_are_kept_as_history(derived: Any, pratique: Run, built: Any) -> None:
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
