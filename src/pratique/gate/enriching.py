"""What an index tells only of single versions: their licence, and who their attestation names.

It is asked for of the newest versions, only where a rule looks at it, and once
for each file: an answer that came is kept for ever.
"""

from __future__ import annotations

import asyncio
from email.parser import HeaderParser
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.sigstore.pep740 import read_index_provenance
from pratique.gate import pypi
from pratique.gate.errors import GateError
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.gate.models import File, Project, Release
    from pratique.gate.service import Gate

MAX_LICENSED = 30
"""Newest versions of a project whose metadata is read for the licence."""

MAX_ATTESTED = 10
"""Newest versions of a project whose attestations are compared."""

LICENSES = ("licenses", "license_ids", "license_changed")
ORIGINS = ("provenance_lost", "publisher_changed")


async def enrich(gate: Gate, project: Project) -> None:
    """Add to a project of PyPI what its policy looks at; what cannot be had stays unknown."""
    if project.ecosystem != pypi.ECOSYSTEM:
        return
    newest = sorted(project.releases, key=_age, reverse=True)
    found = {one.key: one for one in project.releases}
    if gate.judge.uses(*LICENSES):
        asked = newest[:MAX_LICENSED]
        told = await asyncio.gather(*(_license(gate, project, one) for one in asked))
        for one, text in zip(asked, told, strict=True):
            found[one.key] = msgspec.structs.replace(found[one.key], license=text)
    if gate.judge.uses(*ORIGINS):
        asked = [one for one in newest if one.attested][:MAX_ATTESTED]
        named = await asyncio.gather(*(_origin(gate, project, one) for one in asked))
        for one, (publisher, repository) in zip(asked, named, strict=True):
            found[one.key] = msgspec.structs.replace(
                found[one.key], publisher=publisher, repository=repository
            )
    project.releases = tuple(found[one.key] for one in project.releases)


def _age(release: Release) -> tuple[bool, datetime | int]:
    return (True, release.published) if release.published is not None else (False, 0)


async def _license(gate: Gate, project: Project, release: Release) -> str:
    files = (pypi.metadata_file(one) for one in release.files)
    body = await _body(gate, project, next((one for one in files if one is not None), None))
    return license_of(body) if body is not None else ""


async def _origin(gate: Gate, project: Project, release: Release) -> tuple[str, str]:
    files = (pypi.provenance_file(one) for one in release.files)
    body = await _body(gate, project, next((one for one in files if one is not None), None))
    return origin_of(body) if body is not None else ("", "")


async def _body(gate: Gate, project: Project, file: File | None) -> bytes | None:
    if file is None:
        return None
    key = f"{project.ecosystem}/{project.name}/{file.name}"
    try:
        return (await gate.metadata.get(key, file.url, "*/*", fixed=True)).page.body
    except GateError:
        return None


def license_of(metadata: bytes) -> str:
    """The licence expression of core metadata (2.4), or its one licence in words."""
    head = HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    expression = str(head.get("License-Expression", "")).strip()
    words = str(head.get("License", "")).strip()
    listed = [
        str(one).rpartition("::")[2].strip()
        for one in head.get_all("Classifier", [])
        if str(one).startswith("License ::")
    ]
    words = words if "\n" not in words and len(words) < 100 else ""
    return (expression or words or (listed[0] if len(listed) == 1 else ""))[:500]


def origin_of(provenance: bytes) -> tuple[str, str]:
    """Publisher and repository that an index names for a file (PEP 740); empty where none.

    What the index says of the publisher is a hint: whether the attestation
    holds is for :mod:`pratique.provenance` to say.
    """
    try:
        document = read_index_provenance(provenance)
    except PratiqueError:
        return "", ""
    names = sorted(
        {
            "/".join(filter(None, (each.kind, each.repository, each.workflow, each.email)))
            for one in document.attestation_bundles
            for each in (one.publisher,)
        }
    )
    sources = {one.publisher.repository for one in document.attestation_bundles}
    return ", ".join(names)[:500], sources.pop()[:300] if len(sources) == 1 else ""
