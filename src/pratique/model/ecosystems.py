"""The ecosystems of the OSV schema, and how their packages are named.

Source: OSV schema 1.7, ``affected[].package`` ("Defined ecosystems"), and the
package-url type definitions.  An ecosystem's *base* is its name in the schema;
its *suffix* narrows it to a release: ``Debian`` and ``12`` of ``Debian:12``.
"""

from __future__ import annotations

import re

from pratique.model.ecosystem_tables import (
    BINARY_NAMES,
    CASELESS,
    DISTRIBUTIONS,
    ECOSYSTEMS,
    LANGUAGES,
    NAMESPACES,
    TYPES,
    WITHOUT_NAMESPACE,
)
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.model.releases import release_of

__all__ = [
    "ECOSYSTEMS",
    "GIT",
    "advisory_name",
    "advisory_version",
    "base",
    "ecosystem_of",
    "known",
    "normalise_name",
    "package_of",
    "purl_type",
    "suffix",
]

GIT = "GIT"
"""Ecosystem of repositories: OSV.dev's name, which the schema does not list.  Its
packages are addresses without their scheme, its versions tags and commits."""

_PEP503 = re.compile(r"[-_.]+")
_GIT_SCHEME = re.compile(r"\A(?:git\+)?(?:https?|git|ssh)://(?:[^@/]*@)?")
_GIT_ADDRESS = re.compile(
    r"\A(?:(?:[a-z+]+:)?//)?(?:[^@/]*@)?([^/:]+)(?::(?!\d+(?:/|\Z))|/?)", re.IGNORECASE
)
_CASELESS_HOSTS = frozenset({"bitbucket.org", "codeberg.org", "github.com", "gitlab.com"})
_PARTED = {"Maven": ":", "VSCode": "."}
"""What parts namespace and name in an ecosystem's names, where that is not ``/``."""


def base(ecosystem: str) -> str:
    """The ecosystem without its suffix: ``Debian`` of ``Debian:12``."""
    return ecosystem.partition(":")[0]


def suffix(ecosystem: str) -> str:
    """What follows the first ``:``, or empty: ``22.04:LTS`` of ``Ubuntu:22.04:LTS``."""
    return ecosystem.partition(":")[2]


def known(ecosystem: str) -> bool:
    """Whether the OSV schema defines the ecosystem, with any suffix or none."""
    return base(ecosystem) in ECOSYSTEMS


def purl_type(ecosystem: str) -> str:
    """Package URL type of an ecosystem's packages, or empty where none is agreed on."""
    name = base(ecosystem)
    return LANGUAGES.get(name) or DISTRIBUTIONS.get(name, ("", ""))[0]


def ecosystem_of(package: Package) -> str:
    """The OSV ecosystem that records of a package are under.

    A distribution's release is taken from the ``distro`` qualifier.  Where that
    does not tell the release as the schema writes it (Red Hat and SUSE name
    products, not releases) the base alone is given.

    Returns:
        ``PyPI``, ``Debian:12``, ``Alpine:v3.18`` …; empty where none fits.
    """
    if package.type == "git":
        return GIT
    found = TYPES.get(package.type)
    if found is not None:
        return "" if package.namespace and package.type in WITHOUT_NAMESPACE else found
    distribution = NAMESPACES.get((package.type, package.namespace))
    if distribution is None:
        return ""
    release = release_of(distribution, _qualifier(package, "distro"))
    return f"{distribution}:{release}" if release else distribution


def advisory_name(package: Package) -> str:
    """The name that OSV records use for a package.

    For a distribution whose records name source packages that is the source
    package, where the ``upstream`` qualifier tells it.
    """
    distribution = NAMESPACES.get((package.type, package.namespace))
    if distribution is not None:
        if distribution in BINARY_NAMES:
            return package.name
        return _upstream(package)[0] or package.name
    if package.type == "conan":
        return package.name
    return package.full_name


def advisory_version(package: Package) -> str:
    """The version to compare with those in OSV records.

    For a distribution's package that is the source package's version where the
    ``upstream`` qualifier has one; an rpm's ``epoch`` qualifier goes in front.
    """
    distribution = NAMESPACES.get((package.type, package.namespace))
    version = package.version
    if distribution is not None and distribution not in BINARY_NAMES:
        version = (_upstream(package)[1] if version else "") or version
    if package.type == "rpm" and version and ":" not in version:
        epoch = _qualifier(package, "epoch")
        if epoch and epoch != "0":
            return f"{epoch}:{version}"
    return version


def normalise_name(ecosystem: str, name: str) -> str:
    """Bring names that are one package to the ecosystem to one spelling.

    Both the index and what is asked of it go through this.  Only rules of the
    ecosystem itself are applied: npm, Go, Maven, RubyGems and the
    distributions do tell case apart.
    """
    name = name.strip()
    match base(ecosystem):
        case "PyPI":
            return _PEP503.sub("-", name).lower()
        case "crates.io":
            # The index refuses a crate that differs from another only in this.
            return name.lower().replace("_", "-")
        case "SwiftURL":
            return _GIT_SCHEME.sub("", name).rstrip("/").removesuffix(".git").lower()
        case "GIT":
            return _repository(name)
        case other if other in CASELESS:
            return name.lower()
        case _:
            return name


def package_of(ecosystem: str, name: str, version: str = "") -> Package | None:
    """The package that an OSV record names.

    Returns:
        ``None`` where no package URL can be made: the ecosystem has no type
        (``Linux``), its type needs more than the name (``Julia`` a UUID), or
        the name is not one of the ecosystem's.
    """
    where = base(ecosystem)
    try:
        if where in LANGUAGES:
            namespace, name = _part(where, name)
            return Package.of(LANGUAGES[where], name, version, namespace=namespace)
        if where not in DISTRIBUTIONS:
            return None
        type, namespace = DISTRIBUTIONS[where]
        release = suffix(ecosystem).removeprefix("v")
        # Red Hat's suffix is the name of a product (a CPE), which no qualifier carries.
        tells = release and where != "Red Hat"
        distro = f"{namespace}-{release.replace(' ', '-').lower()}" if tells else ""
        return Package.of(type, name, version, namespace=namespace, qualifiers={"distro": distro})
    except InputError:
        return None


def _repository(address: str) -> str:
    """A repository's address as OSV.dev names it: ``github.com/curl/curl``.

    Without scheme, account, ``.git`` and final slashes.  Beyond that, the host is in
    lower case, and so is the path on hosts that do not tell case apart.
    """
    parts = _GIT_ADDRESS.match(address)
    if parts is None:
        return address
    host, path = parts[1].lower(), address[parts.end() :].split("?", 1)[0].split("#", 1)[0]
    path = path.strip("/").removesuffix(".git").rstrip("/")
    if path.startswith(":"):  # a port
        return f"{host}{path}"
    if host in _CASELESS_HOSTS:
        path = path.lower()
    return f"{host}/{path}" if path else host


def _part(ecosystem: str, name: str) -> tuple[str, str]:
    """Part a name of a language's ecosystem into namespace and name."""
    if ecosystem == "SwiftURL":
        name = _GIT_SCHEME.sub("", name).rstrip("/").removesuffix(".git")
    if ecosystem in _PARTED:
        namespace, _, rest = name.partition(_PARTED[ecosystem])
        return (namespace, rest) if rest else ("", name)
    namespace, _, rest = name.rpartition("/")
    return namespace, rest


def _qualifier(package: Package, wanted: str) -> str:
    return next((value for key, value in package.qualifiers if key == wanted), "")


def _upstream(package: Package) -> tuple[str, str]:
    """Name and version of the source package, as far as the qualifier tells them.

    Written ``name``, ``name@version``, or for an rpm ``name-version-release.src.rpm``.
    """
    text = _qualifier(package, "upstream")
    if package.type == "rpm" and text.endswith(".src.rpm"):
        pieces = text.removesuffix(".src.rpm").rsplit("-", 2)
        if len(pieces) != 3:
            return "", ""
        return pieces[0], f"{pieces[1]}-{pieces[2]}"
    name, _, version = text.partition("@")
    return name, version
