"""Each departure from the schema has its name, and the rest of the record is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.osv import DefectKind, Event, OsvSeverity, read_record
from pratique.formats.osv.reader import MAX_ID_LENGTH
from pratique.formats.osv.severity import UNRATED, base_score, rate
from pratique.model.errors import InputError, LimitError
from pratique.model.severity import Severity


def record(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "id": "TEST-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "affected": [affected()],
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def affected(**changes: Any) -> dict[str, Any]:
    whole = {
        "package": {"ecosystem": "PyPI", "name": "alpha"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}],
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def ranges(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return affected(ranges=[{"type": "ECOSYSTEM", "events": list(events), **changes}])


def kinds(value: dict[str, Any]) -> set[DefectKind]:
    return {defect.kind for defect in read_record(value)[1]}


def test_sound_record_has_no_defect() -> None:
    read, defects = read_record(json.dumps(record(summary=" A \n title ")).encode())
    assert defects == ()
    assert read.modified == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read.summary == "A title"
    assert read.affected[0].ranges[0].events == (Event("introduced", "0"), Event("fixed", "2"))


COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (record(id=...), DefectKind.MISSING_ID),
        (record(id=7), DefectKind.BAD_ID),
        (record(id="x" * (MAX_ID_LENGTH + 1)), DefectKind.BAD_ID),
        (record(modified=...), DefectKind.MISSING_MODIFIED),
        (record(modified="yesterday"), DefectKind.BAD_TIMESTAMP),
        (record(modified="2026-01-02T03:04:05"), DefectKind.BAD_TIMESTAMP),
        (record(published=5), DefectKind.BAD_TIMESTAMP),
        (record(summary=["x"]), DefectKind.BAD_FIELD),
        (record(aliases="CVE-2026-1"), DefectKind.BAD_ALIAS),
        (record(aliases=["TEST-2026-1"]), DefectKind.BAD_ALIAS),
        (record(upstream=[1]), DefectKind.BAD_UPSTREAM),
        (record(related=[""]), DefectKind.BAD_RELATED),
        (record(severity={"type": "CVSS_V3"}), DefectKind.BAD_SEVERITY),
        (record(severity=[{"type": "CVSS_V9", "score": "x"}]), DefectKind.BAD_SEVERITY),
        (record(references=[{"url": "javascript:alert(1)"}]), DefectKind.BAD_REFERENCE),
        (record(affected=...), DefectKind.NO_AFFECTED),
        (record(affected={}), DefectKind.BAD_AFFECTED),
        (record(affected=["alpha"]), DefectKind.BAD_AFFECTED),
        (record(affected=[affected(package=...)]), DefectKind.NO_PACKAGE),
        (record(affected=[affected(package={"name": "alpha"})]), DefectKind.BAD_PACKAGE),
        (
            record(affected=[affected(package={"ecosystem": "Nowhere", "name": "alpha"})]),
            DefectKind.UNKNOWN_ECOSYSTEM,
        ),
        (
            record(affected=[affected(package={"ecosystem": "npm", "name": "a", "purl": "a@1"})]),
            DefectKind.BAD_PURL,
        ),
        (
            record(affected=[affected(ranges={"type": "SEMVER", "events": [{"introduced": "0"}]})]),
            DefectKind.RANGES_NOT_LIST,
        ),
        (record(affected=[affected(ranges=["1-2"])]), DefectKind.BAD_RANGE),
        (record(affected=[ranges({"introduced": "0"}, type="CALVER")]), DefectKind.UNKNOWN_RANGE_TYPE),
        (record(affected=[ranges()]), DefectKind.EMPTY_EVENTS),
        (record(affected=[ranges({"introduced": 0})]), DefectKind.BAD_EVENT),
        (record(affected=[ranges({})]), DefectKind.BAD_EVENT),
        (record(affected=[ranges({"introduced": "0", "fixed": "1"})]), DefectKind.BAD_EVENT),
        (record(affected=[ranges({"fixed": "1"})]), DefectKind.NO_INTRODUCED),
        (
            record(affected=[ranges({"introduced": "0"}, {"fixed": "2"}, {"last_affected": "1"})]),
            DefectKind.FIXED_AND_LAST_AFFECTED,
        ),
        (
            record(affected=[ranges({"introduced": "1"}, {"fixed": "1"})]),
            DefectKind.INTRODUCED_EQUALS_FIXED,
        ),
        (record(affected=[ranges({"introduced": COMMIT}, type="GIT")]), DefectKind.MISSING_REPO),
        (
            record(affected=[ranges({"introduced": "0"}, {"fixed": "v1"}, type="GIT", repo="r")]),
            DefectKind.BAD_COMMIT,
        ),
        (record(affected=[affected(versions="1.0")]), DefectKind.BAD_VERSIONS),
        (record(affected=[affected(versions=[1.0])]), DefectKind.BAD_VERSIONS),
        (record(affected=[affected(versions=["1", "1"])]), DefectKind.REPEATED_VERSION),
        (record(affected=[affected(versions=["2"])]), DefectKind.FIXED_VERSION_LISTED),
        (record(affected=[affected(ranges=...)]), DefectKind.NOTHING_AFFECTED),
        (
            record(
                severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
                affected=[affected(severity=[{"type": "Ubuntu", "score": "low"}])],
            ),
            DefectKind.SEVERITY_TWICE,
        ),
    ],
)  # fmt: skip
def test_defect_is_named(value: dict[str, Any], kind: DefectKind) -> None:
    assert kind in kinds(value)
    assert kind.finding.startswith("INVALID_")


def test_good_part_of_a_bad_record_is_kept() -> None:
    value = record(affected=[7, affected(ranges=["bad"], versions=["1.0", 2]), affected()])
    read, defects = read_record(value)
    assert [entry.name for entry in read.affected] == ["alpha", "alpha"]
    assert read.affected[0].versions == ("1.0",)
    assert read.affected[0].unreadable
    assert not read.affected[1].unreadable
    assert {defect.where for defect in defects} >= {"affected[0]", "affected[1].ranges[0]"}


def test_range_object_is_read_as_a_list_of_one() -> None:
    only = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}
    read, _ = read_record(record(affected=[affected(ranges=only)]))
    assert read.affected[0].ranges[0].events[1] == Event("fixed", "2")


def test_range_with_an_unreadable_event_is_not_used() -> None:
    """Without its end a range would say more than was written."""
    read, _ = read_record(record(affected=[ranges({"introduced": "0"}, {"fixed": 2})]))
    assert read.affected[0].ranges == ()
    assert read.affected[0].unreadable


def test_earlier_name_of_an_ecosystem_is_read_as_its_present_one() -> None:
    value = record(affected=[affected(package={"ecosystem": "DHI", "name": "alpha"})])
    read, defects = read_record(value)
    assert read.affected[0].ecosystem == "Docker Hardened Images"
    assert defects[0].kind is DefectKind.UNKNOWN_ECOSYSTEM


def test_unreadable_withdrawal_does_not_withdraw() -> None:
    read, defects = read_record(record(withdrawn="never"))
    assert read.withdrawn is None
    assert defects[0].where == "withdrawn"


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b'{"id":', b"\xff\xfe\x00", b"\0"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_record(data)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(LimitError):
        read_record(b'{"affected":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "type", "events", "package", "introduced", "fixed", "name", "score"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["id", "modified", "affected", "severity", "aliases", "references"]), JSON
    )
)
def test_any_object_is_survived(value: dict[str, Any]) -> None:
    read, _ = read_record(value)
    rate(read.severity, read.rating)


V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"


def test_newest_cvss_version_rates__cvss_v4_first() -> None:
    given_ = [OsvSeverity("CVSS_V2", V2), OsvSeverity("CVSS_V3", V3), OsvSeverity("CVSS_V4", V4)]
    assert rate(given_).vector == V4
    assert rate(given_[:2]).score == 9.8
    assert rate(given_[:2]).severity is Severity.CRITICAL
    assert rate(given_[:1]).score == 7.5


def test_vector_that_cannot_be_scored_gives_way() -> None:
    broken = OsvSeverity("CVSS_V4", "CVSS:4.0/AV:X")
    assert base_score("CVSS_V4", broken.score) is None
    assert rate([broken, OsvSeverity("CVSS_V3", V3)]).vector == V3
    assert rate([broken], "MODERATE").severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("word", "severity"),
    [("LOW", "low"), ("MODERATE", "medium"), ("High", "high"), ("CRITICAL", "critical")],
)
def test_word_of_the_database_is_the_fallback(word: str, severity: str) -> None:
    assert rate([], word).severity == severity
    assert rate([], word).score is None
    assert rate([OsvSeverity("CVSS_V3", V3)], word).score == 9.8


def test_nothing_known_is_unrated() -> None:
    assert rate([], "Unknown") == UNRATED
    assert rate([OsvSeverity("Ubuntu", "medium")]).severity is Severity.MEDIUM


def test_repository_needs_no_package() -> None:
    """Schema 1.7.5, ``affected[]``: no field is required, and a GIT range has its repository."""
    git = {"type": "GIT", "repo": "https://git.example.test/r", "events": [{"introduced": "0"}]}
    assert kinds(record(affected=[affected(package=..., ranges=[git])])) == set()
    assert kinds(record(affected=[affected(package={}, ranges=[git])])) == {DefectKind.BAD_PACKAGE}
