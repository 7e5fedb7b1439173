"""Which output goes where."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.health.outputs import Target, targets
from pratique.model.errors import UsageError


@pytest.mark.parametrize(
    ("formats", "outputs", "expected"),
    [
        ([], [], [("table", "")]),
        (["json"], [], [("json", "")]),
        ([], ["a.html"], [("html", "a.html"), ("table", "")]),
        (["html"], ["page"], [("html", "page"), ("table", "")]),
        (["html", "sarif"], ["a", "b"], [("html", "a"), ("sarif", "b"), ("table", "")]),
        (["html", "json"], ["a"], [("html", "a"), ("json", "")]),
        (["csv"], ["a", "b.md"], [("csv", "a"), ("markdown", "b.md"), ("table", "")]),
        (
            [],
            ["x.cdx.json", "x.json"],
            [("cyclonedx", "x.cdx.json"), ("json", "x.json"), ("table", "")],
        ),
    ],
)
def test_pairs(formats: list[str], outputs: list[str], expected: list[tuple[str, str]]) -> None:
    assert targets(formats, [Path(one) for one in outputs]) == [Target(*one) for one in expected]


def test_more_formats_than_files_are_refused() -> None:
    with pytest.raises(UsageError, match="2 formats but 0 output files"):
        targets(["json", "html"], [])
