"""Waivers in ``pratique.toml``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.policy import files
from pratique.policy.errors import PolicyError
from pratique.policy.waiver_tables import read_waiver_tables

WHOLE = """\
[tool]
anything = 1

[[waivers]]
id = "w-1"
subject = "pkg:npm/alpha"
rule = "CVE-2026-0001"
owner = "payments"
reason = "not \\"reached\\": é"
expires = 2027-01-01
approver = "ciso"

[[waivers]]
subject = "pkg:pypi/beta@1.0"
rule = "GHSA-aaaa-bbbb-cccc"
owner = "a"
reason = '''for
now'''
expires = 2027-01-01T12:00:00+02:00
approver = "b"
"""


def test_fields_and_places(tmp_path: Path) -> None:
    path = tmp_path / "pratique.toml"
    path.write_text(WHOLE)
    read = files.waivers([str(path)])
    first, second = read.waivers
    assert (first.id, first.subject, first.rule) == ("w-1", "pkg:npm/alpha", "CVE-2026-0001")
    assert (first.owner, first.approver) == ("payments", "ciso")
    assert first.reason == 'not "reached": é'
    assert first.expires == datetime(2027, 1, 2, tzinfo=UTC), "through the end of the day"
    assert second.reason == "for now"
    assert second.expires == datetime(2027, 1, 1, 10, tzinfo=UTC)
    assert [read.places[one.id].line for one in read.waivers] == [4, 13]


@pytest.mark.parametrize("gone", ["subject", "rule", "owner", "reason", "expires", "approver"])
def test_every_field_is_mandatory(gone: str) -> None:
    text = "\n".join(line for line in WHOLE.split("\n")[:11] if not line.startswith(gone))
    with pytest.raises(PolicyError) as refused:
        read_waiver_tables(text.encode(), "pratique.toml")
    assert "pratique.toml:4" in str(refused.value)
    assert f"lacks the field {gone!r}" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("2027-01-01\n", '"soon"\n'), "expires 'soon' is not a date"),
        (("2027-01-01\n", "12\n"), "expires '12' is not a date"),
        (('"ciso"', '"payments"'), "owner and approver are the same"),
        (('reason = "', 'because = "'), "lacks the field 'reason'"),
        (("[[waivers]]\nid", "[[waivers\nid"), "pratique.toml:1"),
        (("[[waivers]]\nid", "waivers = 1\n[x]\nid"), "is no array of tables"),
    ],
)
def test_what_is_wrong_is_told(change: tuple[str, str], why: str) -> None:
    text = "\n".join(WHOLE.split("\n")[3:12]).replace(*change)
    with pytest.raises(PolicyError) as refused:
        read_waiver_tables(text.encode(), "pratique.toml")
    assert why in str(refused.value)


def test_inline_tables_and_no_waivers_at_all() -> None:
    fields = 'subject="pkg:npm/a",rule="X-1",owner="a",reason="r",expires=2027-01-01,approver="b"'
    read = read_waiver_tables(f"waivers = [{{{fields}}}]".encode(), "p.toml")
    assert [one.rule for one in read.waivers] == ["X-1"]
    assert read_waiver_tables(b"[other]\nx = 1\n", "p.toml").waivers == ()


def test_file_of_another_name_is_ours_by_its_table(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(WHOLE)
    (tmp_path / "o.toml").write_text('[[IgnoredVulns]]\nid = "CVE-2026-0001"\n')
    read = files.waivers([str(tmp_path / "w.toml"), str(tmp_path / "o.toml")])
    assert (len(read.waivers), len(read.incomplete)) == (2, 1)
