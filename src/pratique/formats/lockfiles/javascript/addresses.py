"""Addresses that stand where a version is expected: git, tarballs, folders."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from pratique.formats.lockfiles.gathering import without_credentials
from pratique.model.nouns import Source

_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
"""Git hosts that npm, yarn, pnpm and bun have a short form for (``github:owner/name``)."""

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_SHORTHAND = re.compile(r"(github|gitlab|bitbucket):([\w.-]+/[\w./-]+?)(?:\.git)?(?:#(.*))?\Z")
_BARE = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+?)(?:\.git)?(?:#(.*))?\Z")
_TARBALLS = (
    re.compile(r"https://codeload\.(?P<host>github\.com)/(?P<path>[^/]+/[^/]+)/tar\.gz/(?P<at>.+)"),
    re.compile(
        r"https://(?P<host>gitlab\.com)/(?P<path>[^?]+?)/repository/archive\.tar\.gz\?ref=(?P<at>.+)"
    ),
    re.compile(
        r"https://(?P<host>gitlab\.com)/(?P<path>.+?)/-/archive/(?P<at>[^/]+)/[^/]+\.tar\.gz"
    ),
    re.compile(
        r"https://(?P<host>bitbucket\.org)/(?P<path>[^/]+/[^/]+)/get/(?P<at>[^/]+)\.tar\.gz"
    ),
)
"""Archives that git hosts make of a commit."""

_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+\.[\w-]+):(?!\d+/|//)([^#]+)(?:#(.*))?\Z")
_GIT = re.compile(r"(?:git\+|git:|ssh:|git@|https?://[^#]+\.git(?:#|\Z|\?))")
_ON_HOST = re.compile(r"https?://(?:[^/@]*@)?(?:github\.com|gitlab\.com|bitbucket\.org)/[^#?]+#")


def git_source(text: str) -> Source | None:
    """Git repository and commit of an address; nothing where it is no such address.

    A fragment that is not a whole commit hash is kept as the reference.
    """
    text = text.strip()
    if match := _SHORTHAND.match(text):
        return _source(f"https://{_HOSTS[match[1]]}/{match[2]}.git", match[3] or "")
    for pattern in _TARBALLS:
        if match := pattern.match(text):
            return _source(f"https://{match['host']}/{match['path']}.git", match["at"])
    if not (_GIT.match(text) or _ON_HOST.match(text)):
        return None
    bare = text.removeprefix("git+")
    bare, _, fragment = bare.partition("#")
    if "://" not in bare and (match := _SCP.match(bare)):
        bare = f"ssh://git@{match[1]}/{match[2]}"
    return _source(_clean(bare), fragment)


def hosted_source(text: str) -> Source | None:
    """Like :func:`git_source`, and ``owner/name#ref`` is one on GitHub, as in a manifest."""
    if match := _BARE.match(text.strip()):
        return _source(f"https://github.com/{match[1]}.git", match[2] or "")
    return git_source(text)


def is_local(text: str) -> bool:
    """Whether a version leads to the project's own code: a link or a member of its workspace."""
    return text.startswith(("link:", "portal:", "workspace:"))


def _clean(url: str) -> str:
    """Without credentials; the account name ``git`` of an SSH address is none."""
    bare = without_credentials(url)
    scheme, _, rest = bare.partition("://")
    return f"{scheme}://git@{rest}" if scheme == "ssh" else bare


def _source(url: str, fragment: str) -> Source:
    at = unquote(fragment)
    if at.startswith("commit:"):
        at = at.removeprefix("commit:")
    elif "=" in at:
        named = parse_qs(at, keep_blank_values=False)
        first = named.get("commit") or named.get("tag") or named.get("branch") or named.get("head")
        at = first[0] if first else ""
    if _COMMIT.match(at):
        return Source(url, commit=at)
    return Source(url, reference=at)
