from __future__ import annotations

import pytest

from pratique.formats.lockfiles.ruby.gemfile_lock import read
from pratique.model.errors import InputError
from pratique.model.inventory import Location, Relation, Trouble
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ONE, TWO = "1" * 64, "2" * 64

LOCK = f"""GIT
  remote: https://user:secret@code.example.test/forked.git
  revision: {COMMIT}
  branch: main
  specs:
    forked (0.1.0)
      alpha (>= 1)

PATH
  remote: engines/own
  specs:
    own (0.0.1)
      native

GEM
  remote: https://token:x@gems.example.test/
  specs:
    alpha (1.2.3)
      beta (~> 2.0, >= 2.1)
      bundler (>= 1)
    beta (2.1.0)
    native (1.14.0)
      beta (~> 2.0)
    native (1.14.0-x86_64-linux)
      beta (~> 2.0)
    native (1.14.0-java)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  alpha (~> 1.2)
  forked!
  own!
  windows-only

CHECKSUMS
  alpha (1.2.3) sha256={ONE}
  beta (2.1.0)
  bundler (2.6.0) sha256={ONE}
  native (1.14.0) sha256={ONE}
  native (1.14.0-x86_64-linux) sha256={TWO}

RUBY VERSION
   ruby 3.3.0p0

BUNDLED WITH
   2.6.2
"""


@pytest.fixture
def reading(memory_tree):
    return read(LOCK.encode(), "Gemfile.lock", memory_tree({}))


@pytest.fixture
def gems(reading):
    return {c.package.name: c for c in reading.components}


def test_versions_are_without_their_platform_and_each_gem_is_one(gems):
    assert {name: c.package.version for name, c in gems.items()} == {
        "forked": "0.1.0",
        "own": "0.0.1",
        "alpha": "1.2.3",
        "beta": "2.1.0",
        "native": "1.14.0",
    }
    assert [place.line for place in gems["native"].locations] == [22, 24, 26]


def test_sources(gems):
    assert gems["forked"].source == Source(
        url="https://code.example.test/forked.git", commit=COMMIT, reference="main"
    )
    assert gems["forked"].registry == ""
    assert gems["own"].source is None
    assert gems["alpha"].registry == "https://gems.example.test/"


def test_checksums_of_all_platforms(gems):
    assert [str(h) for h in gems["native"].hashes] == [f"sha256:{ONE}", f"sha256:{TWO}"]
    assert gems["beta"].hashes == ()


def test_relations_requirements_and_edges(reading, gems):
    assert {name: c.relation for name, c in gems.items()} == {
        "forked": Relation.DIRECT,
        "own": Relation.DIRECT,
        "alpha": Relation.DIRECT,
        "beta": Relation.TRANSITIVE,
        "native": Relation.TRANSITIVE,
    }
    assert gems["alpha"].requirement == "~> 1.2"
    assert reading.roots == ("alpha@1.2.3", "forked@0.1.0", "own@0.0.1")
    assert reading.edges == {
        "forked@0.1.0": ("alpha@1.2.3",),
        "own@0.0.1": ("native@1.14.0",),
        "alpha@1.2.3": ("beta@2.1.0",),
        "beta@2.1.0": (),
        "native@1.14.0": ("beta@2.1.0",),
    }


def test_only_what_is_for_another_platform_is_noticed(reading):
    (problem,) = reading.problems
    assert problem.trouble is Trouble.NOTICE
    assert "windows-only" in problem.message
    assert problem.location == Location("Gemfile.lock", 36)


def test_bad_entries_are_problems_and_the_rest_is_kept(memory_tree):
    text = (
        "GEM\n  specs:\n    versionless\n    a (1) (2)\n    b (1.0)\n      c (bad\n"
        "     odd (1)\n    b (1.0)\nNEWS\n  x\nCHECKSUMS\n  b (1.0) sha256=xyz\n  z (9) sha256=00\n"
    )
    reading = read(text.encode(), "Gemfile.lock", memory_tree({}))
    assert [c.ref for c in reading.components] == ["versionless@", "b@1.0"]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (3, Trouble.UNKNOWN),
        (4, Trouble.UNREADABLE),
        (6, Trouble.UNREADABLE),
        (7, Trouble.UNREADABLE),
        (8, Trouble.NOTICE),
        (9, Trouble.UNKNOWN),
        (12, Trouble.UNKNOWN),
        (13, Trouble.NOTICE),
    ]


def test_merge_conflict_is_unreadable_and_both_sides_are_kept(memory_tree):
    text = (
        "GEM\n  specs:\n<<<<<<< ours\n    a (1)\n=======\n    a (2)\n>>>>>>> theirs\n\n"
        "DEPENDENCIES\n  a\n"
    )
    reading = read(text.encode(), "Gemfile.lock", memory_tree({}))
    assert [c.ref for c in reading.components] == ["a@1", "a@2"]
    assert [p.location.line for p in reading.problems] == [3, 5, 7]
    assert {p.trouble for p in reading.problems} == {Trouble.UNREADABLE}


def test_windows_line_ends_and_byte_order_mark(memory_tree):
    data = b"\xef\xbb\xbf" + LOCK.replace("\n", "\r\n").encode()
    assert len(read(data, "Gemfile.lock", memory_tree({})).components) == 5


def test_other_text_is_refused(memory_tree):
    with pytest.raises(InputError, match="none of the sections"):
        read(b"hello\n  world\n", "Gemfile.lock", memory_tree({}))
