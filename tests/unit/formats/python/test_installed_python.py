"""Installed distributions (core metadata, PEP 376, PEP 610)."""

from __future__ import annotations

import json
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

from pratique.formats.installed.python import link, read
from pratique.formats.lockfiles.python.requirement import normal
from pratique.inventory.tree import FolderTree
from pratique.model.inventory import Relation
from pratique.model.nouns import Artifact, Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
METADATA = """Metadata-Version: 2.4
Name: Alpha.One
version: 1.0
Summary: words
License-Expression: MIT
License: UNKNOWN
Classifier: License :: OSI Approved :: MIT License
Classifier: Topic :: Other
Requires-Dist: beta (>=1) ; python_version > '3'
Requires-Dist: gamma ; extra == "x"
Requires-Dist: missing
Description: one
unindented words
        indented words: too

Name: in the body
"""
PATH = "lib/alpha_one-1.0.dist-info/METADATA"


def test_metadata_of_a_wheel(read_file) -> None:
    beside = {
        "lib/alpha_one-1.0.dist-info/REQUESTED": "",
        "lib/alpha_one-1.0.dist-info/direct_url.json": json.dumps(
            {
                "url": "https://user:secret@code.example.test/a",
                "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
            }
        ),
    }
    reading = read_file("python", PATH, METADATA, beside)
    (part,) = reading.components
    assert str(part.package) == "pkg:pypi/alpha-one@1.0"
    assert str(part.locations[0]) == f"{PATH}:2"
    assert part.relation is Relation.DIRECT
    assert part.source == Source("https://code.example.test/a", COMMIT, "main")
    assert [claim.text for claim in part.licenses] == [
        "MIT",
        "License :: OSI Approved :: MIT License",
    ]
    assert reading.problems == ()


def test_the_installer_tells_what_was_not_asked_for(read_file) -> None:
    for installer, relation in (("pip\n", Relation.TRANSITIVE), ("conda", Relation.UNKNOWN)):
        beside = {"lib/alpha_one-1.0.dist-info/INSTALLER": installer}
        assert read_file("python", PATH, METADATA, beside).components[0].relation is relation


def test_an_archive_keeps_its_address_and_hash(read_file) -> None:
    address = {
        "url": "https://files.example.test/a.whl?token=1",
        "archive_info": {"hash": f"sha256={'5e' * 32}"},
    }
    beside = {"lib/alpha_one-1.0.dist-info/direct_url.json": json.dumps(address)}
    (part,) = read_file("python", PATH, METADATA, beside).components
    assert part.registry == "https://files.example.test/a.whl"
    assert part.hashes == (Artifact("sha256", "5e" * 32),)
    for text in ("{", "[]", '{"vcs_info": 7}'):
        beside = {"lib/alpha_one-1.0.dist-info/direct_url.json": text}
        reading = read_file("python", PATH, METADATA, beside)
        assert len(reading.components) == 1
        assert len(reading.problems) == 1


def test_a_licence_text_is_cut_to_its_first_line(read_file) -> None:
    text = "Metadata-Version: 2.1\nName: a\nVersion: 1\nLicense: The Some License\n        Permission is granted\n"
    (part,) = read_file("python", PATH, text).components
    assert [claim.text for claim in part.licenses] == ["The Some License"]


def test_a_distribution_without_a_version(read_file) -> None:
    reading = read_file("python", PATH, "Metadata-Version: 9.1\nName: a\n")
    assert [part.ref for part in reading.components] == ["a@"]
    assert [problem.message for problem in reading.problems] == [
        "Metadata-Version '9.1' is not known; read as 2.5",
        "'a' has no version",
    ]


def test_link_finds_what_is_installed_beside(memory_tree) -> None:
    def metadata(name: str, *requires: str) -> bytes:
        lines = [f"Requires-Dist: {one}" for one in requires]
        return "\n".join(
            ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *lines, "", ""]
        ).encode()

    files = {
        PATH: METADATA.encode(),
        "lib/beta-1.dist-info/METADATA": metadata(
            "Beta", "alpha_one", "beta[x]", "gamma; extra=='y'"
        ),
        "lib/gamma-1.dist-info/METADATA": metadata("gamma"),
        "lib/delta.egg-info/PKG-INFO": metadata("delta"),
        "lib/delta.egg-info/requires.txt": b"beta>=1\n\n[fast]\ngamma\n\n[:os_name == 'nt']\nepsilon\n",
        "lib/epsilon-1-py3.11.egg/EGG-INFO/PKG-INFO": metadata("epsilon", "gamma"),
        "lib/zeta-1-py3.11.egg-info": metadata("zeta", "gamma"),
        "other/missing-1.dist-info/METADATA": metadata("missing"),
        "other/broken-1.dist-info/METADATA": b"\x00",
    }
    documents = [(path, data) for path, data in files.items() if not path.endswith("requires.txt")]
    edges = link(documents, memory_tree(files))
    short = {
        path.split("/")[1].split("-")[0].split(".")[0]: [
            to.split("/")[1].split("-")[0] for to in targets
        ]
        for path, targets in edges.items()
    }
    assert short == {
        "alpha_one": ["beta"],
        "beta": ["alpha_one"],
        "gamma": [],
        "delta": ["beta", "epsilon"],
        "epsilon": ["gamma"],
        "zeta": ["gamma"],
        "missing": [],
    }


def test_this_environment_is_read_as_the_standard_library_reads_it() -> None:
    root = Path(sysconfig.get_paths()["purelib"])
    tree = FolderTree(root)
    documents = [
        (f"{one.parent.name}/METADATA", one.read_bytes())
        for one in root.glob("*.dist-info/METADATA")
    ]
    assert len(documents) > 20
    ours = {}
    for path, data in documents:
        (part,) = read(data, path, tree).components
        ours[part.package.name] = part.package.version
    theirs = {normal(one.metadata["Name"]): one.version for one in distributions(path=[str(root)])}
    assert ours == theirs
    edges = link(documents, tree)
    assert any(
        "pluggy" in target
        for target in edges[
            next(p for p, _ in documents if p.startswith("pytest-") and p[7].isdigit())
        ]
    )
