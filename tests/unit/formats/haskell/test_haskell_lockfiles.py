from __future__ import annotations

import pytest

from pratique.formats.lockfiles.haskell import cabal_freeze, stack_lock
from pratique.model.errors import InputError
from pratique.model.nouns import Source

STACK = f"""packages:
- completed:
    hackage: alpha-two-1.0.2@sha256:{"a" * 64},1618
  original:
    hackage: alpha-two-1.0.2
- completed:
    name: beta
    version: 2.0.1
    git: https://user:pw@code.example.test/beta.git
    commit: 00ff00ff
- completed:
    name: gamma
    version: '3.0'
    url: https://files.example.test/gamma.tar.gz
    sha256: {"b" * 64}
- completed:
    hackage: nonsense
- original: {{}}
- completed:
    name: delta
snapshots:
- original: lts-22.1
""".encode()


def test_stack_lock(memory_tree):
    reading = stack_lock.read(STACK, "stack.yaml.lock", memory_tree({}))
    alpha, beta, gamma, _delta = reading.components
    assert [c.ref for c in reading.components] == [
        "alpha-two@1.0.2",
        "beta@2.0.1",
        "gamma@3.0",
        "delta@",
    ]
    assert alpha.hashes == ()
    assert alpha.locations[0].line == 3
    assert beta.source == Source(url="https://code.example.test/beta.git", commit="00ff00ff")
    assert [str(h) for h in gamma.hashes] == ["sha256:" + "b" * 64]
    assert gamma.registry == "https://files.example.test/gamma.tar.gz"
    assert [(p.location.line, p.trouble.value) for p in reading.problems] == [
        (17, "unreadable"),
        (0, "unreadable"),
        (20, "unknown"),
        (21, "unknown"),
    ]
    assert "lts-22.1" in reading.problems[-1].message


@pytest.mark.parametrize("data", [b"", b"[]", b"x: 1\n"])
def test_other_yaml_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        stack_lock.read(data, "stack.yaml.lock", memory_tree({}))


FREEZE = b"""active-repositories: example:merge
constraints: any.alpha ==1.0,
             alpha +fast -slow,
             -- a comment
             setup.beta ==2.0,
             gamma == 3.0.1, delta >=1,
             any.alpha ==1.0
index-state: example 2024-01-01T00:00:00Z
stray
"""


def test_cabal_freeze(memory_tree):
    reading = cabal_freeze.read(FREEZE, "cabal.project.freeze", memory_tree({}))
    assert [(c.ref, c.groups, c.locations[0].line) for c in reading.components] == [
        ("alpha@1.0", (), 2),
        ("beta@2.0", ("setup",), 5),
        ("gamma@3.0.1", (), 6),
    ]
    assert [(p.location.line, p.trouble.value) for p in reading.problems] == [
        (6, "unknown"),
        (7, "notice"),
        (9, "unreadable"),
    ]


def test_text_without_fields_is_refused(memory_tree):
    with pytest.raises(InputError):
        cabal_freeze.read(b"hello world\n", "cabal.project.freeze", memory_tree({}))
