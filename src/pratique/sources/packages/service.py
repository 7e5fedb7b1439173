"""One package URL to what its registry says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.errors import UnsupportedError
from pratique.sources.packages import crates, golang, maven, npm, pypi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient
    from pratique.sources.packages.models import Described
    from pratique.sources.registries import Upstream

WORDS = {"pypi": "pypi", "npm": "npm", "cargo": "crates", "golang": "go", "maven": "maven"}
"""Type of package URL to the word for its registry in options."""

_DESCRIBE: dict[str, Callable[[RegistryClient, str, Package], Described]] = {
    "pypi": pypi.describe,
    "npm": npm.describe,
    "crates": crates.describe,
    "go": golang.describe,
    "maven": maven.describe,
}


def describe(
    client: RegistryClient, registries: Mapping[str, Upstream], package: Package
) -> Described:
    """What the registry of a package says of its version.

    Args:
        client: Fetches and remembers.
        registries: By the words of :data:`WORDS`.
        package: With a version.

    Raises:
        UnsupportedError: No registry is asked for packages of its type, none is
            configured, it has no version, or comes from a registry of its own.
        AbsentError: The registry has no such version.
        UpstreamError: The registry does not answer.
        LimitError: It answers too much.
    """
    word = WORDS.get(package.type)
    if word is None:
        raise UnsupportedError(f"no registry is asked for packages of the type {package.type}")
    if not package.version:
        raise UnsupportedError("the package has no version")
    if elsewhere := {"repository_url", "vcs_url", "download_url"} & dict(package.qualifiers).keys():
        # the name may mean another package in the configured registry
        raise UnsupportedError(f"the package is from elsewhere ({', '.join(sorted(elsewhere))})")
    upstream = registries.get(word)
    if upstream is None:
        raise UnsupportedError(f"no configuration names a registry for {word}")
    return _DESCRIBE[word](client, upstream.url, package)
