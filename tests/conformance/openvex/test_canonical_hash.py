"""The canonical hash, by the values that the format's own library promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.formats.openvex.canonical import canonical_hash, canonical_id
from pratique.formats.openvex.read import read
from pratique.model.errors import InputError

DIGEST = "47fed8868b46b060efb8699dc40e981a0c785650223e03602d8c4493fc75b68c"
GOLDEN = "8ed99017785c3b43219018c7c50353c031cdaaf1c7efc146c683b0ce57123cf6"


def _value() -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": "John Doe",
        "role": "VEX Writer Extraordinaire",
        "timestamp": "2022-12-22T16:36:43-05:00",
        "version": 1,
        "statements": [
            {
                "vulnerability": {
                    "name": "CVE-1234-5678",
                    "aliases": ["some vulnerability alias"],
                },
                "products": [
                    {
                        "@id": f"pkg:oci/example@sha256:{DIGEST}",
                        "subcomponents": [{"@id": "pkg:apk/wolfi/bash@1.0.0"}],
                    }
                ],
                "status": "under_investigation",
            }
        ],
    }


def _hash(value: dict[str, Any]) -> str:
    return canonical_hash(read(json.dumps(value).encode(), "a.vex.json"))


def test_golden_value() -> None:
    assert _hash(_value()) == GOLDEN
    document = read(json.dumps(_value()).encode(), "a.vex.json")
    assert canonical_id(document) == f"https://openvex.dev/docs/public/vex-{GOLDEN}"


def test_another_statement_changes_it() -> None:
    value = _value()
    value["statements"].append(
        {
            "vulnerability": {"name": "CVE-2010-543231"},
            "products": [{"@id": "pkg:apk/wolfi/git@2.0.0"}],
            "status": "affected",
        }
    )
    assert _hash(value) == "cbfbba00d118572164b5b934e3ced71c1b02e171f942abfe66d42775dba703cf"


def test_another_product_changes_it() -> None:
    value = _value()
    value["statements"][0]["products"][0]["@id"] = "cool router, bro"
    assert _hash(value) == "010aaeb3d6bf69c486e199a48ec40038ca347d2603142dd48d97937d8477fe37"


def test_another_date_changes_it() -> None:
    value = _value()
    value["timestamp"] = "2019-01-22T16:36:43-05:00"
    assert _hash(value) == "d585979c1cc06797d2486382b3fd5e95d3a9b416525c95c9fefcef9863a595c8"


def test_texts_and_the_inherited_date_do_not_change_it() -> None:
    value = _value()
    value |= {"role": "abc", "@id": "298347", "supplier": "Mr Supplier", "tooling": "Fake 1.0"}
    value["statements"][0] |= {
        "action_statement": "Action!",
        "status_notes": "a note",
        "impact_statement": "by a hair",
        "timestamp": value["timestamp"],
    }
    assert _hash(value) == GOLDEN


def test_without_a_date_there_is_none() -> None:
    value = _value()
    del value["timestamp"]
    with pytest.raises(InputError, match="timestamp"):
        _hash(value)


def test_order_of_hashes_and_identifiers_does_not_count() -> None:
    """The format's own tool gives another hash on every run."""
    one, two = _value(), _value()
    hashes = {"sha-256": "0" * 64, "sha-512": "1" * 128, "md5": "2" * 32}
    names = {"purl": "pkg:pypi/alpha@1.0", "cpe23": "cpe:2.3:a:x:alpha:1.0:*:*:*:*:*:*:*"}
    one["statements"][0]["products"][0] |= {"hashes": hashes, "identifiers": names}
    two["statements"][0]["products"][0] |= {
        "hashes": dict(reversed(hashes.items())),
        "identifiers": dict(reversed(names.items())),
    }
    assert _hash(one) == _hash(two) != GOLDEN
