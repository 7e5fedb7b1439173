"""What each package URL type asks of its parts.

Source: the type definitions of the package-url specification (ECMA-427,
clause "purl types").  Only what changes a part, or what the specification's
own tests refuse, is a rule here: a document found in the wild must stay
readable even where a vendor left a namespace out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOWER_NAMESPACE = frozenset(
    {
        *("alpm", "apk", "bitbucket", "brew", "composer", "deb", "github", "gitlab", "hex"),
        *("luarocks", "pypi", "qpkg", "rpm", "vscode-extension", "yocto"),
    }
)
"""Types whose namespace is not case sensitive and is written in lower case."""

LOWER_NAME = frozenset(
    {
        *("alpm", "apk", "bitbucket", "bitnami", "brew", "chrome-extension", "composer", "deb"),
        *("github", "gitlab", "hex", "luarocks", "oci", "otp", "pub", "pypi"),
        "vscode-extension",
    }
)
"""Types whose name is not case sensitive and is written in lower case.

npm and golang are not among them: their definitions call the name case
sensitive, and packages that differ only in case exist.
"""

LOWER_VERSION = frozenset({"huggingface", "oci", "vscode-extension"})
"""Types whose version is not case sensitive and is written in lower case."""

NAMESPACE_REQUIRED = frozenset({"swift", "vscode-extension"})
"""Types that the specification's tests refuse without a namespace."""

NAMESPACE_PROHIBITED = frozenset({"otp", "vcpkg"})
"""Types that the specification's tests refuse with a namespace."""

CASELESS_HOSTS = frozenset({"bitbucket.org", "github", "github.com", "gitlab.com"})
"""Hosts whose repository paths are not case sensitive (type ``git``)."""

RULED = (
    LOWER_NAMESPACE
    | LOWER_NAME
    | LOWER_VERSION
    | NAMESPACE_REQUIRED
    | NAMESPACE_PROHIBITED
    | {"chrome-extension", "cpan", "git", "hackage", "julia", "mlflow"}
)
"""Types that have any rule at all; the parts of all others stay as they are."""

_NOT_PUB = re.compile(r"[^a-z0-9]")
_CHROME_NAME = re.compile(r"[a-p]{32}\Z")
_CHROME_VERSION = re.compile(r"\d+(\.\d+){0,3}\Z", re.ASCII)


def apply(
    type: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str]
) -> tuple[str, str, str]:
    """Normalise decoded parts by the rules of a type.

    Args:
        type: Lower case.
        namespace: Segments joined by ``/``, or empty.
        name: Not empty.
        version: May be empty.
        qualifiers: With lower-case keys.

    Returns:
        Namespace, name and version as the type's canonical form has them.

    Raises:
        InputError: The specification's tests refuse such a package URL.
    """
    if type not in RULED:
        return namespace, name, version
    if type in LOWER_NAMESPACE:
        namespace = namespace.lower()
    if type in LOWER_NAME:
        name = name.lower()
    if type in LOWER_VERSION:
        version = version.lower()
    namespace, name = _particular(type, namespace, name, qualifiers)
    _refuse(type, namespace, name, version, qualifiers)
    return namespace, name, version


def _particular(
    type: str, namespace: str, name: str, qualifiers: Mapping[str, str]
) -> tuple[str, str]:
    """The changes that only one type asks for."""
    match type:
        case "pypi" | "hackage":
            name = name.replace("_", "-")
        case "pub":
            name = _NOT_PUB.sub("_", name)
        case "cpan":
            namespace = namespace.upper()
        case "mlflow":
            # Databricks does not tell case apart, Azure does; the definition says so of both.
            if "databricks" in qualifiers.get("repository_url", "").lower():
                name = name.lower()
        case "git":
            # The namespace is the host alone, the name the whole path on it.
            host, slash, rest = namespace.partition("/")
            namespace, name = host, f"{rest}/{name}" if slash else name
            if host.lower() in CASELESS_HOSTS:
                namespace, name = host.lower(), name.lower()
        case _:
            pass
    return namespace, name


def _refuse(
    type: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str]
) -> None:
    """Raise what the specification's tests expect to be refused."""
    if type in NAMESPACE_REQUIRED and not namespace:
        raise InputError(f"package URL of type {type} has no namespace")
    if type in NAMESPACE_PROHIBITED and namespace:
        raise InputError(f"package URL of type {type} has a namespace, which the type forbids")
    if type == "cpan" and "::" in name:
        raise InputError(f"cpan name {name[:80]!r} is a module's, not a distribution's")
    if type == "julia" and "uuid" not in qualifiers:
        raise InputError("package URL of type julia has no uuid qualifier")
    if type == "chrome-extension":
        if not _CHROME_NAME.match(name):
            raise InputError(f"chrome-extension name {name[:80]!r} is not 32 letters from a to p")
        if version and not _CHROME_VERSION.match(version):
            raise InputError(f"chrome-extension version {version[:80]!r} is not 1 to 4 numbers")
