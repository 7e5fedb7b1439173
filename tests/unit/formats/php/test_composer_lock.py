from __future__ import annotations

import json

import pytest

from pratique.formats.lockfiles.php.composer_lock import read
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim, Location, Relation, Scope, Trouble
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"

LOCK = {
    "content-hash": "0" * 32,
    "packages": [
        {
            "name": "alpha/app",
            "version": "v1.2.0",
            "source": {
                "type": "git",
                "url": "https://user:pw@code.example.test/alpha.git",
                "reference": COMMIT,
            },
            "dist": {
                "type": "zip",
                "url": "https://dist.example.test/alpha.zip?token=secret",
                "reference": COMMIT,
                "shasum": "a" * 40,
            },
            "require": {"php": "^8", "ext-json": "*", "beta/log": "^1", "virtual/log-impl": "*"},
            "license": ["MIT", "GPL-2.0-only with classpath"],
        },
        {"name": "beta/log", "version": "dev-main", "provide": {"virtual/log-impl": "1"}},
    ],
    "packages-dev": [
        {
            "name": "Gamma/Test",
            "version": "3.0.0",
            "license": "BSD-3-Clause",
            "require": {"a/b": "1"},
        }
    ],
}


def lock(document: object) -> bytes:
    return json.dumps(document, indent=4).encode()


@pytest.fixture
def reading(memory_tree):
    manifest = {
        "name": "test/site",
        "require": {"alpha/app": "^1.2"},
        "require-dev": {"gamma/test": "*"},
    }
    return read(lock(LOCK), "web/composer.lock", memory_tree({"web/composer.json": lock(manifest)}))


def test_components(reading):
    alpha, beta, gamma = reading.components
    assert (alpha.package.full_name, alpha.package.version) == ("alpha/app", "v1.2.0")
    assert alpha.registry == "https://dist.example.test/alpha.zip"
    assert alpha.source == Source(url="https://code.example.test/alpha.git", commit=COMMIT)
    assert [str(h) for h in alpha.hashes] == ["sha1:" + "a" * 40]
    assert alpha.licenses == (LicenseClaim("MIT OR (GPL-2.0-only with classpath)", "lockfile"),)
    assert alpha.scope is Scope.RUNTIME
    assert beta.source is None
    assert (gamma.scope, gamma.groups) == (Scope.DEVELOPMENT, ("dev",))
    assert gamma.licenses == (LicenseClaim("BSD-3-Clause", "lockfile"),)
    assert alpha.locations == (Location("web/composer.lock", 5),)


def test_edges_follow_provided_names_and_leave_the_platform_out(reading):
    alpha, beta, gamma = (c.ref for c in reading.components)
    assert reading.edges == {alpha: (beta,), beta: (), gamma: ()}
    (problem,) = reading.problems
    assert (problem.trouble, "a/b" in problem.message) == (Trouble.NOTICE, True)


def test_composer_json_beside_says_what_is_direct(reading):
    alpha, beta, gamma = reading.components
    assert (alpha.relation, alpha.requirement) == (Relation.DIRECT, "^1.2")
    assert beta.relation is Relation.TRANSITIVE
    assert gamma.relation is Relation.DIRECT
    assert reading.roots == (alpha.ref, gamma.ref)
    assert str(reading.subject) == "pkg:composer/test/site"


def test_names_that_the_project_replaces_are_not_missed(memory_tree):
    tree = memory_tree({"composer.json": lock({"replace": {"a/b": "*"}})})
    assert read(lock(LOCK), "composer.lock", tree).problems == ()


def test_without_composer_json_relations_are_unknown(memory_tree):
    reading = read(lock(LOCK), "composer.lock", memory_tree({}))
    assert {c.relation for c in reading.components} == {Relation.UNKNOWN}
    assert reading.roots == ()


def test_broken_composer_json_is_noticed(memory_tree):
    reading = read(lock(LOCK), "composer.lock", memory_tree({"composer.json": b"{"}))
    assert any("composer.json" in p.message for p in reading.problems)
    assert len(reading.components) == 3


def test_bad_entries_are_problems_and_the_rest_is_kept(memory_tree):
    document = {
        "packages": [
            None,
            {"version": "1"},
            {"name": "a/versionless", "version": 3, "license": {"x": 1}, "dist": [], "require": []},
            {"name": "a/twice", "version": "1"},
            {"name": "a/twice", "version": "1", "dist": {"shasum": "xx"}},
        ],
        "packages-dev": "none",
    }
    reading = read(lock(document), "composer.lock", memory_tree({}))
    assert [c.ref for c in reading.components] == ["a/versionless@", "a/twice@1"]
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (3, "unreadable"),
        (4, "unreadable"),
        (8, "unknown"),
        (21, "notice"),
        (21, "unknown"),
        (28, "unreadable"),
    ]


def test_repeated_members_are_said(memory_tree):
    text = b'{"packages": [{"name": "a/a",\n"name": "a/b", "version": "1"}]}'
    reading = read(text, "composer.lock", memory_tree({}))
    assert [c.ref for c in reading.components] == ["a/b@1"]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [(2, Trouble.UNKNOWN)]


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}", b'{"require": {}}'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "composer.lock", memory_tree({}))
