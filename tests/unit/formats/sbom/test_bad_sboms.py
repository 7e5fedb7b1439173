"""Documents that are broken, hostile or merely odd: the good part is kept, the rest is named."""

from __future__ import annotations

import json
import random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats.sbom.cyclonedx.read import read_json as read_cyclonedx
from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.formats.sbom.spdx.read import read_json as read_spdx
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Reading, Trouble

READS = [read_cyclonedx, read_spdx]
JUNK = [
    None,
    True,
    0,
    -1.5,
    10**30,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"": None},
    [{"a": [1]}],
    "\n\0\x1b",
]


def attempt(read, data: bytes) -> Reading | None:
    """What is read; InputError is the only thing that may be raised, with one line to say."""
    try:
        reading = read(data, "bom.json", None)
    except InputError as error:
        if "\n" in str(error):
            pytest.fail(f"more than one line: {error}")
        return None
    refs = {component.ref for component in reading.components}
    assert len(refs) == len(reading.components)
    for source, targets in reading.edges.items():
        assert source in refs
        assert refs.issuperset(targets)
    assert refs.issuperset(reading.roots)
    for component in reading.components:
        assert component.package.name
        str(component.package)
    for problem in reading.problems:
        assert "\n" not in problem.message
        assert len(problem.message) < 1000
    return reading


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"\x00\x01\x02\xff",
        b"\x89PNG\r\n",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"{",
        b'{"bomFormat": ',
        b"\xef\xbb\xbf",
        b"\xff\xfe{",
        b'{"components": []}',
        b'{"packages": [{}]}',
        b"<bom/>",
    ],
)
def test_nothing_to_be_read_is_refused_in_one_line(read, data):
    with pytest.raises(InputError) as caught:
        read(data, "bom.json", None)
    assert "\n" not in str(caught.value)
    assert not is_cyclonedx_json(data) or data.startswith(b'{"bom')


@pytest.mark.parametrize("read", READS)
def test_nesting_beyond_the_parser_is_a_limit(read):
    with pytest.raises(LimitError, match="nested too deeply"):
        read(b'{"components":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "bom.json", None)


def test_components_nested_beyond_the_parser_are_a_limit(cyclonedx):
    opening, closing = '{"components":[' * 20_000, "]}" * 20_000
    data = '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + opening + closing + "]}"
    with pytest.raises(LimitError):
        read_cyclonedx(data.encode(), "bom.json", None)


def test_truncated_and_broken_documents_say_what_is_wrong(cyclonedx):
    data = json.dumps(cyclonedx, indent=1).encode()
    with pytest.raises(InputError, match="is not valid JSON: Input data was truncated"):
        read_cyclonedx(data[: len(data) // 2], "bom.json", None)
    with pytest.raises(InputError, match=r"^line 2: is not valid JSON"):
        read_cyclonedx(data.replace(b":", b"=", 1), "bom.json", None)


def test_null_entries_are_named_and_the_rest_kept(cyclonedx, spdx):
    cyclonedx["components"].insert(1, None)
    cyclonedx["dependencies"].insert(0, None)
    cyclonedx["components"][0]["hashes"].append(None)
    reading = attempt(read_cyclonedx, json.dumps(cyclonedx).encode())
    assert len(reading.components) == 4
    assert [p.message.split(" is ")[0] for p in reading.problems][:3] == [
        "components[0].hashes[1]",
        "components[1]",
        "dependencies[0]",
    ]
    spdx["packages"].append(None)
    spdx["relationships"].insert(0, None)
    reading = attempt(read_spdx, json.dumps(spdx).encode())
    assert len(reading.components) == 3
    assert [p.message for p in reading.problems] == [
        "packages[3] is null where an object was expected; it is left out",
        "relationships[0] is null where an object was expected; it is left out",
    ]


def test_null_for_a_whole_field_is_its_absence(cyclonedx, spdx):
    for component in cyclonedx["components"]:
        component.update(hashes=None, licenses=None, externalReferences=None, scope=None)
    cyclonedx.update(services=None)
    assert len(attempt(read_cyclonedx, json.dumps(cyclonedx).encode()).components) == 4
    spdx.update(files=None, snippets=None, documentDescribes=None)
    spdx["packages"][1].update(checksums=None, licenseDeclared=None)
    assert attempt(read_spdx, json.dumps(spdx).encode()).problems == ()


def test_one_bad_item_within_nested_components(cyclonedx):
    cyclonedx["components"][2]["components"] += [
        {"type": "library", "name": 7, "purl": "pkg:npm/seven@7"},
        {"type": "library", "name": "eight", "purl": ["pkg:npm/eight@8"]},
    ]
    reading = attempt(read_cyclonedx, json.dumps(cyclonedx).encode())
    assert [c.package.name for c in reading.components][-2:] == ["seven", "eight"]
    messages = [p.message for p in reading.problems if p.trouble is Trouble.UNREADABLE]
    assert messages == [
        "components[2].components[1].name is a number where text was expected; it is left out",
        "components[2].components[2].purl is an array where text was expected; it is left out",
    ]


def test_components_without_any_name_are_kept(cyclonedx):
    cyclonedx["components"] = [{"bom-ref": "a/b"}, {}, {"name": "\x1b[31m"}, {"name": "n" * 9999}]
    reading = attempt(read_cyclonedx, json.dumps(cyclonedx).encode())
    assert len(reading.components) == 4
    assert reading.components[0].package.name == "a_b"
    assert (
        len([p for p in reading.problems if p.trouble is Trouble.UNKNOWN and "name" in p.message])
        >= 4
    )


def replaced(value, junk, chooser):
    """The value with one random part of it replaced."""
    if isinstance(value, dict) and value and chooser.random() < 0.85:
        key = chooser.choice(list(value))
        return {**value, key: replaced(value[key], junk, chooser)}
    if isinstance(value, list) and value and chooser.random() < 0.85:
        at = chooser.randrange(len(value))
        return [*value[:at], replaced(value[at], junk, chooser), *value[at + 1 :]]
    return junk


@pytest.mark.parametrize("read", READS)
def test_wrong_types_everywhere(read, cyclonedx, spdx):
    """Any value in place of any other: never more than InputError."""
    document = cyclonedx if read is read_cyclonedx else spdx
    chooser = random.Random(20250102)
    kept = 0
    for _ in range(1500):
        changed = document
        for _ in range(chooser.randint(1, 4)):
            changed = replaced(changed, chooser.choice(JUNK), chooser)
        kept += attempt(read, json.dumps(changed).encode()) is not None
    assert kept > 800


@pytest.mark.parametrize("read", READS)
def test_mutated_bytes(read, cyclonedx, spdx):
    document = cyclonedx if read is read_cyclonedx else spdx
    data = json.dumps(document, indent=1).encode()
    chooser = random.Random(7)
    for _ in range(1500):
        changed = bytearray(data)
        for _ in range(chooser.randint(1, 6)):
            at = chooser.randrange(len(changed))
            match chooser.randrange(4):
                case 0:
                    changed[at] = chooser.randrange(256)
                case 1:
                    del changed[at : at + chooser.randint(1, 40)]
                case 2:
                    changed[at:at] = changed[at // 2 : at // 2 + chooser.randint(1, 40)]
                case 3:
                    changed[at:at] = chooser.choice(
                        [b"\\ud800", b'"', b"\\", b"null", b"1e999", b"\xc3"]
                    )
        attempt(read, bytes(changed))
        is_cyclonedx_json(bytes(changed))
        is_spdx_json(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(data):
    for read in READS:
        attempt(read, data)
    is_cyclonedx_json(data)
    is_spdx_json(data)


def repetitive_cyclonedx(count):
    """Equal references and entries."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "app", "name": "app"}},
        "components": [{"bom-ref": "same", "name": "alpha", "purl": "pkg:npm/alpha@1"}] * count
        + [{"purl": "pkg:npm/beta@1"}] * count
        + [{"bom-ref": f"c-{n}", "purl": "pkg:npm/gamma@1"} for n in range(count)],
        "dependencies": [
            {"ref": ref, "dependsOn": [f"c-{n}"]} for n in range(count) for ref in ("app", "same")
        ],
    }


def repetitive_spdx(count):
    """Equal identifiers, many subjects, and one cycle of all packages."""
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "packages": [{"SPDXID": f"SPDXRef-{n}", "name": "alpha"} for n in range(count)]
        + [{"SPDXID": "SPDXRef-same", "name": "beta"}] * count,
        "relationships": [
            {
                "spdxElementId": first,
                "relationshipType": kind,
                "relatedSpdxElement": f"SPDXRef-{(n + step) % count}",
            }
            for n in range(count)
            for first, kind, step in (
                ("SPDXRef-DOCUMENT", "DESCRIBES", 0),
                ("SPDXRef-DOCUMENT", "CONTAINS", 0),
                (f"SPDXRef-{n}", "DEPENDS_ON", 1),
            )
        ],
    }


@pytest.mark.parametrize(
    ("read", "repetitive"),
    [(read_cyclonedx, repetitive_cyclonedx), (read_spdx, repetitive_spdx)],
)
def test_work_grows_with_the_length_of_a_document(read, repetitive):
    """Eight times the items must not take sixty-four times the work."""

    def work(count):
        data = json.dumps(repetitive(count)).encode()
        start = process_time()
        reading = read(data, "bom.json", None)
        taken = process_time() - start
        assert len(reading.components) >= 2 * count
        return taken

    large = min(work(16_000) for _ in range(2))
    assert large < 40 * min(work(2_000) for _ in range(3))


@pytest.mark.parametrize("read", READS)
def test_depth_in_a_field_that_is_not_read(read):
    head = b'{"bomFormat":"CycloneDX","specVersion":"1.6","spdxVersion":"SPDX-2.3","x":'
    attempt(read, head + b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000 + b"}")
