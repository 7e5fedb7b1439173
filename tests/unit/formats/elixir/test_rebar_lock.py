"""rebar.lock of Erlang's rebar3."""

from __future__ import annotations

import hashlib

import pytest

from pratique.formats.lockfiles.elixir.rebar_lock import read, sniff
from pratique.model.errors import InputError
from pratique.model.inventory import Relation
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = hashlib.sha256(b"alpha").hexdigest()

LOCK = f"""{{"1.2.0",
[{{<<"alpha">>,{{pkg,<<"alpha_core">>,<<"1.2.3">>}},0}},
 {{<<"beta">>,{{pkg,<<"beta">>,<<"0.1.0">>}},1}},
 {{<<"forked">>,
  {{git,"https://code.example.test/forked.git",
       {{ref,"{COMMIT}"}}}},
  0}}]}}.
[
{{pkg_hash,[
 {{<<"alpha">>, <<"00">>}}]}},
{{pkg_hash_ext,[
 {{<<"alpha">>, <<"{SHA256.upper()}">>}}]}}
].
"""


def test_reading(memory_tree):
    reading = read(LOCK.encode(), "rebar.lock", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "rebar.lock v1.2.0"
    assert reading.problems == ()
    assert reading.roots == ("alpha_core@1.2.3", "forked@")
    alpha = parts["alpha_core@1.2.3"]
    assert (str(alpha.package), alpha.alias) == ("pkg:hex/alpha_core@1.2.3", "alpha")
    assert [str(artifact) for artifact in alpha.hashes] == [f"sha256:{SHA256}"]
    assert parts["beta@0.1.0"].relation is Relation.TRANSITIVE
    assert parts["forked@"].source == Source("https://code.example.test/forked.git", commit=COMMIT)
    assert [part.locations[0].line for part in reading.components] == [2, 3, 4]


def test_the_first_form_is_the_list_alone(memory_tree):
    text = f'[{{<<"a">>,{{git,"https://code.example.test/a",{{ref,"{COMMIT}"}}}},0}}].\n'
    reading = read(text.encode(), "rebar.lock", memory_tree({}))
    assert reading.format == "rebar.lock"
    assert [part.ref for part in reading.components] == ["a@"]


def test_bad_entries_are_told_and_the_rest_is_kept(memory_tree):
    text = """{"9.0.0",[{<<"a">>,{pkg,<<"a">>},0},7,{<<"b">>,oops,0},{<<"c">>,{[],x},0},
 {<<"good">>,{pkg,<<"good">>,<<"1.0.0">>},0}]}.
[{pkg_hash_ext,[{<<"good">>,<<"xyz">>}]}].
{ unfinished"""
    reading = read(text.encode(), "rebar.lock", memory_tree({}))
    assert [part.ref for part in reading.components] == ["good@1.0.0"]
    told = [problem.message for problem in reading.problems]
    for expected in (
        "'9.0.0' is not known",
        "'a'",
        "'7'",
        "'b'",
        "'c'",
        "hexadecimal",
        "the term here",
    ):
        assert any(expected in message for message in told), expected


@pytest.mark.parametrize("data", [b"", b"%{}", b"{a, b}.", b"f().", b"\x00", b"[["])
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "rebar.lock", memory_tree({}))


def test_sniff():
    assert sniff(LOCK.encode())
    assert not sniff(b"%{}")
