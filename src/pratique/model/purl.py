"""Package URLs: the canonical text of a package.

Source: the package-url specification (ECMA-427) and its type definitions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import msgspec

from pratique.model.errors import InputError, LimitError
from pratique.model.purl_rules import RULED, apply

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PURL = 8192
"""Characters of a package URL that are read.

The longest in use carry one or two addresses as qualifiers, each of at most
about 2,000 characters; whatever is longer is not the name of a package.
"""

CACHE = 16384
"""Parsed package URLs that are remembered.

The documents of one project repeat each other's packages; an entry takes about
half a kilobyte, so that a full cache stays below ten megabytes.
"""

_TYPE = re.compile(r"[a-z][a-z0-9.-]*\Z")
_KEY = re.compile(r"[a-z][a-z0-9._-]*\Z")
_PLAIN = re.compile(r"[A-Za-z0-9._~:-]*\Z").match
"""Text that percent-encoding would not change (unreserved characters and ``:``)."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search
"""Control characters and lone surrogates: no ecosystem has them in a name."""

_SIMPLE = re.compile(
    r"pkg:([a-z]+)/"
    r"(?:((?:%40)?[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*)/)?"
    r"([A-Za-z0-9._~-]+)"
    r"(?:@([A-Za-z0-9._~:-]+))?\Z"
).match
"""A canonical package URL without qualifiers, subpath or escapes but a scope's ``%40``.

Nine in ten are such.  A first character other than an unreserved one, an empty
segment or anything to be decoded falls through to the whole grammar.
"""

_BARE_NAMES = frozenset({"alpm", "apk", "cpan", "deb", "opkg", "rpm", "yocto"})
"""Types whose namespace is a vendor or an author, not a part of the name."""

_JOINTS = {"maven": ":", "vscode-extension": "."}
"""What stands between namespace and name where that is not ``/``."""


class Package(msgspec.Struct, frozen=True, order=True):
    """A package, at every level of its name.

    Build one with :meth:`of` or :meth:`parse`, which normalise by the rules of
    the type; the fields then hold decoded, normalised text.
    """

    type: str
    """Package URL type, lower case: ``pypi``, ``npm``, ``golang``, ``deb`` …"""

    name: str
    version: str = ""
    namespace: str = ""
    """Segments joined by ``/``: ``@babel``, ``org.apache.commons``, ``debian``."""

    qualifiers: tuple[tuple[str, str], ...] = ()
    """Sorted by key, keys lower case."""

    subpath: str = ""

    @classmethod
    def of(
        cls,
        type: str,
        name: str,
        version: str = "",
        *,
        namespace: str = "",
        qualifiers: dict[str, str] | None = None,
        subpath: str = "",
    ) -> Package:
        """Build a package from its decoded parts, normalised by the rules of its type.

        A ``/`` in the name parts a namespace off (``@babel/core``); qualifiers
        without a value and empty, ``.`` and ``..`` segments are dropped.

        Raises:
            InputError: A part is missing or is not allowed by the type.
            LimitError: The package URL would be longer than ``MAX_PURL``.
        """
        kind = type.strip().lower()
        if not _TYPE.match(kind):
            raise InputError(f"package URL type {type[:80]!r} is not letters, digits, '.' and '-'")
        space, name = _split(namespace, name)
        if not name:
            raise InputError(f"package URL of type {kind} has no name")
        version = version.strip()
        pairs = _qualifiers(qualifiers) if qualifiers else {}
        path = "/".join(s for s in _segments(subpath) if s not in {".", ".."}) if subpath else ""
        space, name, version = apply(kind, space, name, version, pairs)
        package = cls(kind, name, version, space, tuple(sorted(pairs.items())), path)
        _check(package)
        return package

    @classmethod
    def parse(cls, text: str) -> Package:
        """Read a package URL (package-url specification, "How to parse a purl").

        Raises:
            InputError: The text is not a package URL, or not one of its type's.
            LimitError: The text is longer than ``MAX_PURL``.
        """
        return _parse(text)

    def __str__(self) -> str:
        """The canonical package URL ("How to build a purl")."""
        text = f"pkg:{self.type}/"
        if self.namespace:
            text += f"{_encode_path(self.namespace)}/"
        name = self.name
        # The path on a git host is written as it is; elsewhere a name has no slash.
        text += name if _PLAIN(name) else _encode_path(name)
        if self.version:
            text += f"@{_encode(self.version)}"
        if self.qualifiers:
            text += "?" + "&".join(f"{key}={_encode(value)}" for key, value in self.qualifiers)
        if self.subpath:
            text += f"#{_encode_path(self.subpath)}"
        return text

    @property
    def full_name(self) -> str:
        """The name as the ecosystem's users write it.

        ``@babel/core``, ``org.apache.commons:commons-text``,
        ``github.com/gorilla/mux``; for a Linux distribution the bare name.
        """
        if not self.namespace or self.type in _BARE_NAMES:
            return self.name
        return f"{self.namespace}{_JOINTS.get(self.type, '/')}{self.name}"

    def without_version(self) -> Package:
        """The same package at no version, without qualifiers and subpath."""
        return Package(self.type, self.name, "", self.namespace)


@lru_cache(maxsize=CACHE)
def _parse(text: str) -> Package:
    """Read a package URL: the common form at once, any other by the whole grammar."""
    if len(text) > MAX_PURL:
        raise LimitError(f"package URL of {len(text)} characters exceeds {MAX_PURL}")
    simple = _SIMPLE(text)
    if simple is None:
        return _parse_any(text)
    type, namespace, name, version = simple.groups("")
    if namespace.startswith("%40"):
        namespace = "@" + namespace[3:]
    if type in RULED:
        namespace, name, version = apply(type, namespace, name, version, {})
    return Package(type, name, version, namespace)


def _parse_any(text: str) -> Package:
    """The whole grammar, from the right as the specification has it."""
    scheme, colon, rest = text.strip().partition(":")
    if not colon or scheme.lower() != "pkg":
        raise InputError(f"{text[:80]!r} is not a package URL: it does not start with 'pkg:'")
    rest, _, subpath = rest.partition("#")
    rest, _, query = rest.partition("?")
    type, slash, path = rest.strip("/").partition("/")
    if not slash:
        raise InputError(f"package URL {text[:80]!r} has no name")
    path, version = _split_version(path)
    head, _, name = path.rpartition("/")
    try:
        return Package.of(
            type,
            _decode(name),
            _decode(version),
            namespace=_decode(head),
            qualifiers=_split_query(query, text) if query else None,
            subpath="/".join(_decode(segment) for segment in subpath.split("/")),
        )
    except UnicodeDecodeError as error:
        raise InputError(f"package URL {text[:80]!r} has escapes that are not UTF-8") from error


def _split_version(path: str) -> tuple[str, str]:
    """Part ``namespace/name@version`` into path and version.

    The last ``@`` is the separator, unless it opens a segment that others
    follow: then it is an npm scope that was written without its escape.
    """
    at = path.rfind("@")
    if at < 0 or ((at == 0 or path[at - 1] == "/") and "/" in path[at:]):
        return path, ""
    return path[:at], path[at + 1 :]


def _split_query(query: str, text: str) -> dict[str, str]:
    """Part ``key=value&key=value`` into decoded qualifiers."""
    pairs: dict[str, str] = {}
    for item in query.split("&"):
        key, equals, value = item.partition("=")
        if not equals and item:
            raise InputError(f"package URL {text[:80]!r}: qualifier {item[:80]!r} has no value")
        if value := _decode(value):
            key = key.lower()
            if pairs.setdefault(key, value) != value:
                raise InputError(f"package URL {text[:80]!r} has two values for {key[:80]!r}")
    return pairs


def _qualifiers(given: Mapping[str, str]) -> dict[str, str]:
    """Qualifiers with lower-case keys, those without a value dropped."""
    pairs: dict[str, str] = {}
    for key, value in given.items():
        if not value or not value.strip():
            continue
        key = key.strip().lower()  # noqa: PLW2901 - the key as given is not needed again
        if not _KEY.match(key):
            raise InputError(f"package URL qualifier {key[:80]!r} is not letters, digits, '._-'")
        pairs[key] = value
    return pairs


def _segments(text: str) -> list[str]:
    """The segments of a path, stripped, without empty ones."""
    return [stripped for segment in text.split("/") if (stripped := segment.strip())]


def _split(namespace: str, name: str) -> tuple[str, str]:
    """Namespace and name, where all but the last segment belong to the namespace."""
    space = _segments(namespace) if namespace else []
    if "/" in name:
        *more, name = _segments(name) or [""]
        space += more
    return "/".join(space), name.strip()


def _check(package: Package) -> None:
    """Refuse characters and lengths that no package has."""
    parts = (package.name, package.version, package.namespace, package.subpath)
    values = [value for _, value in package.qualifiers]
    for part in (*parts, *values):
        if _UNPRINTABLE(part):
            raise InputError(f"package URL part {part[:80]!r} has control characters")
    # A character takes twelve when it is encoded, so that most need no closer look.
    if (sum(map(len, parts)) + sum(map(len, values))) * 12 > MAX_PURL // 2:
        length = len(str(package))
        if length > MAX_PURL:
            raise LimitError(f"package URL of {length} characters exceeds {MAX_PURL}")


def _decode(text: str) -> str:
    """Percent-decode, strictly as UTF-8."""
    return unquote(text, errors="strict") if "%" in text else text


def _encode(text: str) -> str:
    """Percent-encode all but unreserved characters and ``:``."""
    return text if _PLAIN(text) else quote(text, safe=":")


def _encode_path(text: str) -> str:
    """Percent-encode the segments of a path."""
    return text if _PLAIN(text) else quote(text, safe=":/")
