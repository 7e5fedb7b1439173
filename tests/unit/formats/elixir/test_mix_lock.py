"""mix.lock, and the terms it is made of."""

from __future__ import annotations

import hashlib

import pytest

from pratique.formats.lockfiles.elixir.mix_lock import read, sniff
from pratique.formats.lockfiles.elixir.terms import MAX_TERM_DEPTH, TermError, term
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INNER = hashlib.sha256(b"inner").hexdigest()
OUTER = hashlib.sha256(b"outer").hexdigest()

LOCK = f"""%{{
  "alpha": {{:hex, :alpha, "1.2.3", "{INNER}", [:mix], [{{:beta, "~> 1.0", [hex: :beta_core, repo: "hexpm", optional: false]}}, {{:absent, ">= 0.0.0", [hex: :absent, repo: "hexpm", optional: true]}}], "hexpm", "{OUTER}"}},
  "beta": {{:hex, :beta_core, "1.0.0", "{INNER}", [:rebar3], [], "hexpm:acme", "{OUTER}"}},
  "forked": {{:git, "https://token@code.example.test/forked.git", "{COMMIT}", [branch: "main"]}},
  "old" => {{:hex, :old, "0.1.0"}},
  "private": {{:hex, :private, "2.0.0", "{INNER}", [:mix], [], "acme_repo", "{OUTER}"}},
}}
"""


def test_reading(memory_tree):
    reading = read(LOCK.encode(), "mix.lock", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.problems == ()
    assert set(parts) == {
        "alpha@1.2.3", "acme/beta_core@1.0.0", "forked@", "old@0.1.0", "private@2.0.0",
    }  # fmt: skip
    alpha = parts["alpha@1.2.3"]
    assert str(alpha.package) == "pkg:hex/alpha@1.2.3"
    assert alpha.ecosystem == "Hex"
    assert [str(artifact) for artifact in alpha.hashes] == [f"sha256:{OUTER}"]
    assert alpha.locations[0].line == 2
    assert alpha.relation is Relation.UNKNOWN  # mix.exs is a program, and is not run
    assert reading.edges["alpha@1.2.3"] == ("acme/beta_core@1.0.0",)
    assert reading.edges["private@2.0.0"] == ()
    assert "forked@" not in reading.edges
    assert parts["acme/beta_core@1.0.0"].alias == "beta"
    assert parts["private@2.0.0"].registry == "acme_repo"
    assert parts["forked@"].source == Source("https://code.example.test/forked.git", commit=COMMIT)


BAD = f"""%{{
  "short": {{:hex, }},
  "unclosed": {{:hex, :unclosed, "1.0.0", [,
  "number": {{:hex, 7, 8}},
  "called": {{:hex, System.cmd("rm", ["-rf"]), "1.0.0"}},
  "strange": {{:svn, "x", "y"}},
  "digest": {{:hex, :digest, "1.0.0", "x", [:mix], [{{:lost, "1", []}}], "hexpm", "xyz"}},
  rubbish here
  "good": {{:hex, :good, "1.0.0", "{INNER}", [:mix], [], "hexpm", "{OUTER}"}},
  "good": {{:hex, :good, "1.0.0", "{INNER}", [:mix], [], "hexpm", "{OUTER}"}},
"""


def test_bad_entries_are_told_with_their_line_and_the_rest_is_kept(memory_tree):
    reading = read(BAD.encode(), "mix.lock", memory_tree({}))
    refs = {part.ref for part in reading.components}
    assert {"digest@1.0.0", "good@1.0.0"} <= refs
    assert "called@1.0.0" not in refs
    told = {(problem.location.line, problem.trouble) for problem in reading.problems}
    unreadable = {line for line, trouble in told if trouble is Trouble.UNREADABLE}
    assert {2, 5, 6, 8, 10} <= unreadable
    assert (7, Trouble.UNKNOWN) in told
    messages = " ".join(problem.message for problem in reading.problems)
    assert "'lost'" in messages
    assert "cut off" in messages
    assert "stated twice" in messages


def test_a_merge_conflict_is_told(memory_tree):
    text = LOCK.replace('  "beta"', '<<<<<<< ours\n  "beta"')
    reading = read(text.encode(), "mix.lock", memory_tree({}))
    assert any("merge conflict" in problem.message for problem in reading.problems)
    assert len(reading.components) == 5


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"%", b"\x00%{}", b"\xff\xfe\xfd", b'IO.puts("x")', b"caf\xe9 %{}"]
)
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "mix.lock", memory_tree({}))


def test_empty_maps(memory_tree):
    for text in ("%{}", "%{\n}\n", "# a comment\n%{\n}\n"):
        reading = read(text.encode(), "mix.lock", memory_tree({}))
        assert (reading.components, reading.problems) == ((), ())


def test_sniff():
    assert sniff(LOCK.encode())
    assert sniff(b"%{}")
    assert not sniff(b"{}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{:a, "b", 1}', ("a", "b", "1")),
        ("[a: 1, b: [:c]]", [("a", "1"), ("b", ["c"])]),
        ('%{"a" => true, b: nil}', ("pairs", [("a", "true"), ("b", "nil")])),
        ('{<<"a">>,{pkg,<<"b">>,<<"1.0">>},0}', ("a", ("pkg", "b", "1.0"), "0")),
        ('"a \\"quoted\\" \\n text"', 'a "quoted" \n text'),
        ("[:\"odd atom\", 'other']", ["odd atom", "other"]),
        ('["k k": :v]', [("k k", "v")]),
        ("[ # comment\n 1 ]", ["1"]),
    ],
)
def test_terms(text, value):
    found, end = term(text, 0)
    if value[0] == "pairs":
        value = value[1]
    assert (list(found) if isinstance(value, list) else found) == value
    assert end == len(text)


@pytest.mark.parametrize("text", ["", "{", "{]", "[}", "}", ",", "(x)", '"open', "=>", "[" * 1000])
def test_what_is_no_term_is_refused(text):
    with pytest.raises(TermError):
        term(f"{text}", 0)


def test_terms_are_limited_in_depth():
    assert term("[" * MAX_TERM_DEPTH + "]" * MAX_TERM_DEPTH, 0)[1] == 2 * MAX_TERM_DEPTH
    with pytest.raises(TermError, match="deeply"):
        term("[" * (MAX_TERM_DEPTH + 1) + "]" * (MAX_TERM_DEPTH + 1), 0)
