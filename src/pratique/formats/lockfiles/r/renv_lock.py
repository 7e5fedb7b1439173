"""renv's ``renv.lock``.

Format: renv, *Lockfiles*.  ``Hash`` is of the package's DESCRIPTION, not of
what is downloaded, and is no digest of the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_WITH_R = frozenset(
    {
        *("R", "base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods"),
        *("parallel", "splines", "stats", "stats4", "tcltk", "tools", "utils"),
    }
)
"""What comes with R itself and is never locked."""

_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read an renv lockfile.

    Raises:
        InputError: It is not JSON, or not an object.
    """
    text = decode(data)
    document = parse_json(text)
    if not isinstance(document, dict):
        raise InputError("is not a JSON object")
    lines = JsonLines(text, 2)
    gathering = Gathering(path, type="cran", ecosystem="CRAN")
    gathering.repeated(lines)
    packages = document.get("Packages")
    if not isinstance(packages, dict):
        gathering.notes.unknown("has no object of Packages", lines[("Packages",)])
        packages = {}
    repositories = _repositories(document)
    refs: dict[str, str] = {}
    for key, entry in packages.items():
        ref = _take(key, entry, lines["Packages", key], repositories, gathering)
        if ref:
            refs[key] = ref
    for key, ref in refs.items():
        needs = packages[key].get("Requirements")
        if isinstance(needs, list):
            gathering.states_edges(ref)
            for name in needs:
                target = refs.get(name) if isinstance(name, str) else None
                if target:
                    gathering.edge(ref, target)
                elif not isinstance(name, str) or name not in _WITH_R:
                    gathering.notes.notice(
                        f"{shown(name)} is needed but not locked", lines["Packages", key]
                    )
    return gathering.reading("renv.lock")


def _repositories(document: dict[str, Any]) -> dict[str, str]:
    r = document.get("R")
    listed = r.get("Repositories") if isinstance(r, dict) else None
    return {
        each["Name"]: without_credentials(each["URL"])
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
        and isinstance(each.get("Name"), str)
        and isinstance(each.get("URL"), str)
    }


def _take(
    key: str, entry: Any, line: int, repositories: dict[str, str], gathering: Gathering
) -> str:
    if not isinstance(entry, dict):
        gathering.notes.unreadable(f"package {shown(key)} is not an object", line)
        return ""
    name, version = _text(entry, "Package") or key, _text(entry, "Version")
    if not version:
        gathering.notes.unknown(f"package {named(name)} has no version", line)
    repository = _text(entry, "Repository")
    bioconductor = _text(entry, "Source") == "Bioconductor" or repository.startswith("Bioc")
    package = gathering.package(
        name, version, line=line, type="bioconductor" if bioconductor else "cran"
    )
    if package is None:
        return ""
    if package in gathering:
        gathering.notes.notice(f"package {named(name)} is locked twice", line)
    return gathering.add(
        package,
        line=line,
        ecosystem="Bioconductor" if bioconductor else "CRAN",
        registry=repositories.get(repository, ""),
        source=_source(entry),
    )


def _source(entry: dict[str, Any]) -> Source | None:
    """Repository of a package that is not from a registry (fields ``Remote…``)."""
    commit = _text(entry, "RemoteSha")
    host = _HOSTS.get(_text(entry, "RemoteType").lower())
    user, repository = _text(entry, "RemoteUsername"), _text(entry, "RemoteRepo")
    url = f"https://{host}/{user}/{repository}" if host and user and repository else ""
    url = url or without_credentials(_text(entry, "RemoteUrl"))
    if not url:
        return None
    return Source(url=url, commit=commit, reference=_text(entry, "RemoteRef"))


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""
