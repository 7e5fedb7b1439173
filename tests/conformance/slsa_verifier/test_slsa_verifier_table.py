"""slsa-verifier's own table of inputs and answers, all 1,236 rows, answered offline.

What is and what is not decided here:

* 502 rows are about bundles, image layouts, npm attestations and Cloud Build
  provenance: they hold all their evidence, and ``ok`` means *verified*.
* 734 rows are about DSSE files whose log entry is only in the public log, which
  upstream asks and this program does not.  Their signature, certificate chain,
  certificate log, subject and every option are decided offline; the time of the
  signature is not, so ``ok`` there means *valid, time unproven* and never
  *verified*.  An error has upstream's name in both.

No row is left out, and no artifact is missing: digests stand for the files.
Upstream ran the table with its testing mode on, in which two repositories may
use a builder at its main branch; ``unreleased`` says so here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pratique.formats.dsse import read_envelope
from pratique.formats.sigstore import Bundle, read_bundle
from pratique.formats.sigstore.npm import read_npm_attestations
from pratique.formats.slsa.gcb import read_gcb
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.builders import GCB, GITHUB, split_builder
from pratique.provenance.bundle import Verified, verify_bundle
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations
from pratique.provenance.gcb import verify_gcb
from pratique.provenance.images import image_digest
from pratique.provenance.layout import read_layout
from pratique.provenance.legacy import TimeUnproven, verify_envelope
from pratique.provenance.npm import verify_npm
from pratique.provenance.slsa import IMAGE_BUILDERS, check_provenance
from pratique.provenance.trust import pinned_root

ROWS = 1236
ANSWERS = 4553
"""Rows times the accepted forms of their builder id."""

TESTING = frozenset({"slsa-framework/slsa-github-generator", "slsa-framework/example-package"})


class Table:
    """Answers a row as upstream's command would; signatures are verified once a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "testdata"
        self.digests = json.loads((folder / "digests.json").read_text())
        self.sha512 = json.loads((folder / "digests-sha512.json").read_text())
        self.forms = json.loads((folder / "formats.json").read_text())
        self._verified: dict[str, Verified | TimeUnproven] = {}

    def digest(self, artifact: str) -> str:
        if artifact in self.digests:
            return self.digests[artifact]
        return hashlib.sha256((self.folder / artifact).read_bytes()).hexdigest()

    def signed(self, name: str) -> Verified | TimeUnproven:
        if name not in self._verified:
            data = (self.folder / name).read_bytes()
            if self.forms[name]["format"] == "bundle":
                self._verified[name] = verify_bundle(read_bundle(data), pinned_root())
            else:
                self._verified[name] = verify_envelope(read_envelope(data), pinned_root())
        return self._verified[name]

    def expectations(self, row: dict, builder: str | None) -> Expectations:
        options = row["options"]
        return Expectations(
            source=options["source_uri"],
            branch=options.get("source_branch"),
            tag=options.get("source_tag"),
            versioned_tag=options.get("source_versioned_tag"),
            inputs=options.get("build_workflow_inputs") or {},
            builder=builder,
            unreleased=TESTING,
        )

    def answer(self, row: dict, builder: str | None) -> str:
        """``verified``, ``time-unproven``, or the name of the error."""
        try:
            return getattr(self, row["command"].replace("-", "_"))(
                row, self.expectations(row, builder)
            )
        except VerificationError as error:
            return error.error

    def verify_artifact(self, row: dict, expected: Expectations) -> str:
        found = self.signed(row["provenance"])
        assert found.statement is not None
        assert found.certificate is not None
        for artifact in row["artifacts"]:
            check_provenance(found.statement, found.certificate, expected, [self.digest(artifact)])
        return "verified" if isinstance(found, Verified) else "time-unproven"

    def verify_image(self, row: dict, expected: Expectations) -> str:
        given = self.folder / row["artifacts"][0]
        digest = image_digest(given.read_text() if given.exists() else row["artifacts"][0])
        name = split_builder(expected.builder or GITHUB)[0]
        if name == GCB:
            return self._cloud_build(row, expected, digest)
        if not name.startswith(GITHUB):
            raise VerificationError(f"{name} is not known", error="ErrorVerifierNotSupported")
        layout = read_layout(self.folder / row["provenance"].split(" ")[0])
        assert layout.image.digests["sha256"] == digest
        assert layout.attestations
        for _, bundle in layout.attestations:
            assert isinstance(bundle, Bundle)
            found = verify_bundle(bundle, pinned_root(), layout.image)
            assert found.statement is not None
            assert found.certificate is not None
            check_provenance(
                found.statement, found.certificate, expected, [digest], defaults=IMAGE_BUILDERS
            )
        return "verified"

    def _cloud_build(self, row: dict, expected: Expectations, digest: str) -> str:
        try:
            document = read_gcb((self.folder / row["provenance"]).read_bytes())
        except InputError as error:
            raise VerificationError(error.message, error="ErrorInvalidDssePayload") from None
        verify_gcb(document, digest, expected)
        return "verified"

    def verify_npm_package(self, row: dict, expected: Expectations) -> str:
        options = row["options"]
        verify_npm(
            read_npm_attestations((self.folder / row["provenance"]).read_bytes()),
            pinned_root(),
            expected,
            digest=self.sha512[row["artifacts"][0]],
            name=options.get("package_name") or "",
            version=options.get("package_version") or "",
        )
        return "verified"


def rows(folder: Path) -> Iterator[dict]:
    with (folder / "expected.ndjson").open() as lines:
        for line in lines:
            yield json.loads(line)


def test_every_row_has_upstreams_answer(upstream: Path) -> None:
    table = Table(upstream)
    wrong, count, kinds = [], 0, Counter()
    for row in rows(upstream):
        in_log = table.forms.get(row["provenance"], {}).get("format") == "dsse"
        kinds["needs the public log for its time" if in_log else "holds all its evidence"] += 1
        yes = "time-unproven" if in_log else "verified"
        expected = yes if row["expected"] == "ok" else row["expected"]
        for builder in row["builder_ids"]:
            count += 1
            found = table.answer(row, builder)
            if found != expected:
                wrong.append((row["name"], row["provenance"], builder, expected, found))
    assert wrong == []
    assert kinds == {
        "needs the public log for its time": 734,
        "holds all its evidence": 502,
    }
    assert (sum(kinds.values()), count) == (ROWS, ANSWERS)


def test_error_names_are_upstreams(upstream: Path, repository: Path) -> None:
    """Every name this room uses is one of slsa-verifier's own."""
    import re

    known = set(json.loads((upstream / "error-names.json").read_text()))
    known |= {"ErrorMismatchSignature"}  # of its bundle package
    used = set()
    for path in (repository / "src/pratique/provenance").glob("*.py"):
        used |= set(re.findall(r'"(Error[A-Z]\w+)"', path.read_text()))
    assert used - known == set()
    assert len(used) > 30


def test_every_shared_bundle_verifies(upstream: Path) -> None:
    table = Table(upstream)
    names = [name for name, form in table.forms.items() if form["format"] == "bundle"]
    for name in names:
        assert isinstance(table.signed(name), Verified), name
    assert len(names) == 52


def test_no_envelope_without_log_entry_is_ever_verified(upstream: Path) -> None:
    table = Table(upstream)
    names = [name for name, form in table.forms.items() if form["format"] == "dsse"]
    grades = Counter()
    for name in names:
        if table.forms[name]["certificate"]:
            grades[type(table.signed(name)).__name__] += 1
        else:
            with pytest.raises(PratiqueError, match="has no certificate"):
                table.signed(name)
            grades["no certificate"] += 1
    assert sum(grades.values()) == len(names) == 112
    assert set(grades) == {"TimeUnproven", "no certificate"}


def test_a_testing_builder_is_refused_outside_of_tests(upstream: Path) -> None:
    table = Table(upstream)
    row = next(r for r in rows(upstream) if "e2e-builder-repo" in r["provenance"])
    strict = msgspec.structs.replace(table.expectations(row, None), unreleased=frozenset())
    with pytest.raises(VerificationError) as refused:
        table.verify_artifact(row, strict)
    assert refused.value.error == "ErrorInvalidRef"
