"""SLSA source-tool's own attestations, as its Git notes hold them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pratique.model.errors import PratiqueError, UnsupportedError
from pratique.provenance.errors import VerificationError
from pratique.provenance.source import (
    SourceExpectations,
    note_bundle,
    note_lines,
    verify_source,
)
from pratique.provenance.trust import pinned_root

OWED_SECONDS = 2.0
"""For 240 attestations; a run takes half a second."""


@pytest.fixture(scope="module")
def folder(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("provenance/provenance.tar.xz") / "source-tool"


@pytest.fixture(scope="module")
def notes(folder: Path) -> list[tuple[dict, bytes]]:
    lines = note_lines((folder / "notes-older.ndjson").read_bytes())
    rows = [json.loads(line) for line in lines]
    return [(row, json.dumps(row["bundle"]).encode()) for row in rows]


def test_every_attestation_holds_in_time(notes: list[tuple[dict, bytes]]) -> None:
    pinned_root()
    start = time.process_time()
    levels = 0
    for row, line in notes:
        expected = row["expected"]
        found = verify_source(
            note_bundle(line),
            pinned_root(),
            row["commit"],
            SourceExpectations(
                identity=expected["identity"],
                issuer=expected["issuer"],
                levels=tuple(expected.get("verifiedLevels", ())),
            ),
        )
        assert found.predicate_type == row["predicateType"]
        assert expected["subject_gitCommit"] == row["commit"]
        if "verifiedLevels" in expected:
            assert found.summary
            assert list(found.summary.verified_levels) == expected["verifiedLevels"]
            levels += 1
    spent = time.process_time() - start
    assert (len(notes), levels) == (242, 121)
    assert spent < 10 * OWED_SECONDS, "the factor is for a busy machine"


def summaries(notes: list[tuple[dict, bytes]]) -> list[tuple[dict, bytes]]:
    return [one for one in notes if "verifiedLevels" in one[0]["expected"]]


def test_an_attestation_of_another_commit_is_refused(notes: list[tuple[dict, bytes]]) -> None:
    commits = [row["commit"] for row, _ in notes]
    for number in range(0, len(notes), 12):
        row, line = notes[number]
        other = next(commit for commit in commits if commit != row["commit"])
        with pytest.raises(VerificationError):
            verify_source(note_bundle(line), pinned_root(), other, SourceExpectations())


def test_another_repository_is_refused(notes: list[tuple[dict, bytes]]) -> None:
    row, line = summaries(notes)[-1]
    bundle = note_bundle(line)
    right = "github.com/slsa-framework/slsa-source-poc"
    found = verify_source(bundle, pinned_root(), row["commit"], SourceExpectations())
    assert found.summary
    real = found.summary.resource_uri.removeprefix("git+https://")
    assert "slsa-framework" in (real or right)
    verify_source(bundle, pinned_root(), row["commit"], SourceExpectations(repository=real))
    with pytest.raises(VerificationError) as refused:
        verify_source(
            bundle, pinned_root(), row["commit"], SourceExpectations(repository=f"{real}-evil")
        )
    assert refused.value.error == "ErrorMismatchResourceURI"


def test_a_level_that_is_not_there_is_refused(notes: list[tuple[dict, bytes]]) -> None:
    row, line = summaries(notes)[0]
    wanted = SourceExpectations(levels=("SLSA_SOURCE_LEVEL_4",))
    with pytest.raises(VerificationError) as refused:
        verify_source(note_bundle(line), pinned_root(), row["commit"], wanted)
    assert refused.value.error == "ErrorMismatchVerifiedLevels"


def test_references_are_read_in_their_older_spelling(notes: list[tuple[dict, bytes]]) -> None:
    seen = set()
    for row, line in summaries(notes):
        found = verify_source(note_bundle(line), pinned_root(), row["commit"], SourceExpectations())
        seen.add(found.references)
    assert ("refs/heads/main",) in seen
    row, line = next(
        one
        for one in reversed(summaries(notes))
        if verify_source(
            note_bundle(one[1]), pinned_root(), one[0]["commit"], SourceExpectations()
        ).references
    )
    wanted = SourceExpectations(reference="refs/heads/main")
    assert verify_source(note_bundle(line), pinned_root(), row["commit"], wanted).references
    with pytest.raises(VerificationError, match="not for refs/heads/evil"):
        verify_source(
            note_bundle(line),
            pinned_root(),
            row["commit"],
            msgspec.structs.replace(wanted, reference="refs/heads/evil"),
        )


def test_the_first_serialisation_is_named_and_not_verified(folder: Path) -> None:
    lines = note_lines((folder / "notes-older-legacy-format.ndjson").read_bytes())
    assert len(lines) == 31
    for line in lines:
        document = json.dumps(json.loads(line)["document"]).encode()
        with pytest.raises(UnsupportedError, match="no standard"):
            note_bundle(document)


def test_a_line_that_is_no_bundle_is_refused() -> None:
    for line in (b"", b"{}", b"[]", b"\xff", b'{"mediaType": 1}'):
        with pytest.raises(PratiqueError):
            note_bundle(line)
