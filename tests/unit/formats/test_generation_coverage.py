"""The table of what is covered, in docs/sbom.md, names files that are indeed recognised."""

from __future__ import annotations

import re
from pathlib import Path

from pratique.formats import registry


def test_every_file_of_the_table_has_a_reader(repository: Path) -> None:
    text = (repository / "docs/sbom.md").read_text()
    table = text.partition("### Coverage")[2].partition("Absent:")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    names = re.findall(r"`([^`]+)`", "\n".join(rows))
    assert len(names) > 60
    assert [name for name in names if not registry.by_name(name)] == []
    readers = {reader.name for name in names for reader in registry.by_name(name)}
    readers |= {"executable"}  # told by its content
    manifests = {"Pipfile", "package.json", "Directory.Packages.props", "npm-shrinkwrap.json"}
    told = {one.name for one in registry.readers() if one.kind != "sbom"}
    assert told - readers - manifests == {"dpkg-status.d"}
