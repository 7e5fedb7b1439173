"""Git addresses as the package managers write them."""

from __future__ import annotations

import pytest

from pratique.formats.lockfiles.javascript.addresses import git_source, hosted_source
from pratique.formats.lockfiles.javascript.naming import digests, pinned, split_descriptor
from pratique.model.errors import InputError
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = "https://github.com/owner/name.git"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"github:owner/name#{COMMIT}", Source(HUB, commit=COMMIT)),
        ("github:owner/name", Source(HUB)),
        ("gitlab:group/sub/name#main", Source("https://gitlab.com/group/sub/name.git", "", "main")),
        (f"https://codeload.github.com/owner/name/tar.gz/{COMMIT}", Source(HUB, commit=COMMIT)),
        (f"git+https://token@code.example.test/a.git#{COMMIT}",
         Source("https://code.example.test/a.git", commit=COMMIT)),
        (f"git+ssh://git@code.example.test/a.git#{COMMIT}",
         Source("ssh://git@code.example.test/a.git", commit=COMMIT)),
        (f"git@code.example.test:owner/a.git#{COMMIT}",
         Source("ssh://git@code.example.test/owner/a.git", commit=COMMIT)),
        (f"https://code.example.test/a.git#commit={COMMIT}",
         Source("https://code.example.test/a.git", commit=COMMIT)),
        (f"https://code.example.test/a.git#commit:{COMMIT}",
         Source("https://code.example.test/a.git", commit=COMMIT)),
        ("git://code.example.test/a.git#v1.0.0", Source("git://code.example.test/a.git", "", "v1.0.0")),
        (f"https://github.com/owner/name#{COMMIT}",
         Source("https://github.com/owner/name", commit=COMMIT)),
        (f"https://gitlab.com/g/n/repository/archive.tar.gz?ref={COMMIT}",
         Source("https://gitlab.com/g/n.git", commit=COMMIT)),
        (f"https://bitbucket.org/g/n/get/{COMMIT}.tar.gz",
         Source("https://bitbucket.org/g/n.git", commit=COMMIT)),
        ("https://registry.example.test/a/-/a-1.0.0.tgz", None),
        ("https://example.test/a.tgz#0123456789abcdef0123456789abcdef01234567", None),
        ("^1.0.0", None),
        ("file:../a", None),
        ("", None),
    ],
)  # fmt: skip
def test_git_source(text, expected):
    assert git_source(text) == expected


def test_a_manifest_also_has_the_shortest_form():
    assert hosted_source("owner/name#main") == Source(HUB, reference="main")
    assert git_source("owner/name#main") is None
    assert hosted_source("@scope/name") is None
    assert hosted_source("1.0.0 || 2.x") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpha@^1", ("alpha", "^1")),
        ("@scope/alpha@npm:^1", ("@scope/alpha", "npm:^1")),
        ("alpha@git@host:a.git", ("alpha", "git@host:a.git")),
        ("alpha", ("alpha", "")),
        ("@scope/alpha", ("@scope/alpha", "")),
        ("", ("", "")),
    ],
)
def test_split_descriptor(text, expected):
    assert split_descriptor(text) == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.2.3", "1.2.3"), ("=1.2.3", "1.2.3"), ("v1.2.3-a.1+b", "1.2.3-a.1+b"), ("^1.2.3", ""),
     ("1.2", ""), ("1.2.x", ""), ("latest", ""), ("1.2.3 || 2.0.0", ""), ("", "")],
)  # fmt: skip
def test_pinned(text, version):
    assert pinned(text) == version


def test_digests_of_subresource_integrity():
    """W3C Subresource Integrity, section 3.1: several, each with options."""
    text = "sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=?x  md5-XUFAKrxLKna5cZ2REBfFkg=="
    assert [str(artifact) for artifact in digests(text)] == [
        "sha1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        "md5:5d41402abc4b2a76b9719d911017c592",
    ]
    assert digests("") == ()


@pytest.mark.parametrize("text", ["sha512-YQ==", "sha999-YQ==", "sha1", "-", "sha1-a b", "sha1-é"])
def test_what_is_no_digest_is_refused(text):
    with pytest.raises(InputError):
        digests(text)
