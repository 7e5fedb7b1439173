"""Every package, version and requirement that exists, as far as a plan is concerned.

A universe is described in YAML: ``system`` (npm, pypi, Maven) and ``schema``, a
text of three levels by indentation::

    name
      1.0.0
        other@^1.0.0
        Dev|tool@*
        Scope provided MavenExclusions a:b,c:d|group:artifact@1.0
"""

from __future__ import annotations

from typing import Any

from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.remediation.dialects import Dialect, dialect
from pratique.remediation.errors import UniverseError
from pratique.remediation.models import Need

MAX_LINES = 1_000_000
"""Most lines of a schema; the largest shared one has 6,000."""

_SYSTEMS = {"npm": "npm", "pypi": "PyPI", "maven": "Maven"}
_VALUED = {
    "Scope": "scope",
    "MavenClassifier": "classifier",
    "MavenArtifactType": "type",
    "MavenExclusions": "exclusions",
    "MavenDependencyOrigin": "origin",
    "KnownAs": "alias",
}
_FLAGS = {"Dev": "development", "Test": "development", "Opt": "optional"}


class Universe:
    """Packages with their versions, and the needs of each version.

    Args:
        ecosystem: OSV ecosystem.
        packages: Name → version → needs.

    Raises:
        UniverseError: Requirements of the ecosystem are not understood here.
    """

    def __init__(self, ecosystem: str, packages: dict[str, dict[str, tuple[Need, ...]]]) -> None:
        found = dialect(ecosystem)
        if found is None:
            raise UniverseError(f"requirements of {ecosystem or 'no ecosystem'} are not understood")
        self.ecosystem = ecosystem
        self.dialect: Dialect = found
        self._packages = {
            normalise_name(ecosystem, name): versions for name, versions in packages.items()
        }
        self._sorted: dict[str, tuple[str, ...]] = {}

    def versions(self, name: str) -> tuple[str, ...]:
        """Versions of a package, lowest first."""
        name = normalise_name(self.ecosystem, name)
        if name not in self._sorted:
            versions = self._packages.get(name, {})
            order = sorted(versions, key=lambda one: self.dialect.key(one, name))
            self._sorted[name] = tuple(order)
        return self._sorted[name]

    def has(self, name: str, version: str) -> bool:
        """Whether a version exists."""
        return version in self._packages.get(normalise_name(self.ecosystem, name), {})

    def needs(self, name: str, version: str) -> tuple[Need, ...]:
        """What a version needs; nothing where it does not exist."""
        return self._packages.get(normalise_name(self.ecosystem, name), {}).get(version, ())

    def matching(self, name: str, requirement: str) -> list[str]:
        """Versions that satisfy a requirement, lowest first.

        Prereleases are left out where a release satisfies it.
        """
        found = [one for one in self.versions(name) if self.dialect.matches(requirement, one)]
        released = [one for one in found if not self.dialect.prerelease(one)]
        return released or found


def read_universe(data: bytes) -> Universe:
    """Read the description of a universe.

    Raises:
        UniverseError: It is not one, or a line of it cannot be read.
    """
    try:
        value: Any = parse_yaml_texts(decode(data))
    except InputError as error:
        raise UniverseError(error.message) from None
    if not isinstance(value, dict):
        raise UniverseError("is not a mapping with system and schema")
    system, schema = value.get("system"), value.get("schema")
    if not isinstance(system, str) or not isinstance(schema, str):
        raise UniverseError("lacks system or schema")
    ecosystem = _SYSTEMS.get(system.lower())
    if ecosystem is None:
        raise UniverseError(
            f"system {system[:40]!r} is not known", remedy="Give npm, pypi or Maven."
        )
    return Universe(ecosystem, _packages(schema))


def _packages(schema: str) -> dict[str, dict[str, tuple[Need, ...]]]:
    lines = schema.splitlines()
    if len(lines) > MAX_LINES:
        raise UniverseError(f"has more than {MAX_LINES:,} lines")
    packages: dict[str, dict[str, list[Need]]] = {}
    name = version = ""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match _depth(line):
            case 0:
                name, version = text, ""
                packages.setdefault(name, {})
            case 1 if name:
                version = text
                packages[name].setdefault(version, [])
            case 2 if version:
                packages[name][version].append(_need(text, number))
            case _:
                raise UniverseError(f"line {number} of the schema is indented too far")
    return {
        name: {version: tuple(needs) for version, needs in versions.items()}
        for name, versions in packages.items()
    }


def _depth(line: str) -> int:
    indent = line[: len(line) - len(line.lstrip())]
    return indent.count("\t") or len(indent) // 2


def _need(text: str, line: int) -> Need:
    """One requirement: ``attributes|name@constraint``; the constraint may be empty."""
    bar = text.partition("@")[0].rfind("|")
    attributes, rest = text[: max(bar, 0)], text[bar + 1 :]
    name, _, requirement = rest[1:].partition("@")
    values: dict[str, Any] = {}
    words = attributes.split()
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            values[_FLAGS[word]] = True
        elif word in _VALUED and words:
            values[_VALUED[word]] = words.pop(0)
        elif word != "Selector":
            raise UniverseError(f"line {line} of the schema: attribute {word[:40]!r} is not known")
    if values.pop("origin", "") == "management":
        values["managed"] = True
    if values.get("scope") == "test":
        values["development"] = True
    values["exclusions"] = frozenset(filter(None, values.get("exclusions", "").split(",")))
    return Need(name=rest[:1] + name, requirement=requirement.strip(), **values)
