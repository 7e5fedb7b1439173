"""The simple repository API of PyPI: the page of what is admitted, as JSON and as HTML.

Sources: those of :mod:`pratique.gate.pypi`.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.gate.models import File, Pin, Ruling


def write_json(ruling: Ruling, pins: Mapping[str, Pin], base: str = "") -> bytes:
    """The page of what is admitted, as JSON (PEP 691, 700, 708, 740, 792).

    Args:
        ruling: On every version.
        pins: Of files that are kept: their digest is what counts.
        base: Address of the gate; that of an attestation must be a whole one.
    """
    files: list[dict[str, Any]] = []
    versions: list[str] = []
    for release in ruling.project.releases:
        if release.key not in ruling.admitted:
            continue
        if release.version not in versions[-1:]:
            versions.append(release.version)
        for file in release.files:
            record = {
                "filename": file.name,
                "url": _address(ruling, file),
                "hashes": _sure(file, pins),
                **file.record,
            }
            if "provenance" in record:
                record["provenance"] = _evidence(ruling, file, base)
            if "core-metadata" in record:
                record["dist-info-metadata"] = record["core-metadata"]
            files.append(record)
    # From 1.1 on a size is mandatory (PEP 700); HTML tells none.
    sized = all("size" in file for file in files)
    meta = ruling.project.meta
    given: dict[str, Any] = {
        key: meta[key] for key in ("alternate-locations", "project-status") if key in meta
    }
    document: dict[str, Any] = {
        "meta": {"api-version": _version(ruling) if sized else "1.0"}
        | ({"tracks": meta["tracks"]} if "tracks" in meta else {}),
        **given,
        "name": ruling.project.name,
        "versions": versions,
        "files": files,
    }
    return msgspec.json.encode(document)


def _version(ruling: Ruling) -> str:
    """The oldest version of the interface that has all that a page says."""
    meta = ruling.project.meta
    if "project-status" in meta:
        return "1.4"  # PEP 792
    if ruling.project.attested:
        return "1.3"  # PEP 740
    return "1.2" if meta else "1.1"  # PEP 708, 700


def write_html(ruling: Ruling, pins: Mapping[str, Pin], base: str = "") -> bytes:
    """The page of what is admitted, as HTML (PEP 503, 592, 714); see :func:`write_json`."""
    name = html.escape(ruling.project.name)
    lines = [
        "<!DOCTYPE html>",
        f'<html><head><meta name="pypi:repository-version" content="{_version(ruling)}">',
        *_heads(ruling.project.meta),
        f"<title>Links for {name}</title></head><body><h1>Links for {name}</h1>",
    ]
    for release in ruling.project.releases:
        if release.key not in ruling.admitted:
            continue
        for file in release.files:
            digests = _sure(file, pins)
            method = next((one for one in ("sha256", *digests) if one in digests), "")
            address = _address(ruling, file) + (f"#{method}={digests[method]}" if method else "")
            href, shown = html.escape(address), html.escape(file.name)
            lines.append(f'<a href="{href}"{_attributes(ruling, file, base)}>{shown}</a><br>')
    lines.append("</body></html>\n")
    return "\n".join(lines).encode()


def _heads(meta: dict[str, Any]) -> list[str]:
    """What is said of the whole project (PEP 708, 792)."""
    told = [(key, url) for key in ("tracks", "alternate-locations") for url in meta.get(key, ())]
    status = meta.get("project-status", {})
    told += [("project-status", status[key]) for key in ("status",) if key in status]
    told += [("project-status-reason", status[key]) for key in ("reason",) if key in status]
    return [f'<meta name="pypi:{key}" content="{html.escape(text)}">' for key, text in told]


def _attributes(ruling: Ruling, file: File, base: str) -> str:
    text = ""
    if "provenance" in file.record:
        text += f' data-provenance="{html.escape(_evidence(ruling, file, base))}"'
    if "requires-python" in file.record:
        text += f' data-requires-python="{html.escape(file.record["requires-python"])}"'
    yanked = file.record.get("yanked")
    if yanked:
        reason = yanked if isinstance(yanked, str) else ""
        text += f' data-yanked="{html.escape(reason)}"'
    offered = file.record.get("core-metadata")
    if offered:
        told = (
            next((f"{k}={v}" for k, v in offered.items()), "") if isinstance(offered, dict) else ""
        )
        told = html.escape(told or "true")
        text += f' data-core-metadata="{told}" data-dist-info-metadata="{told}"'
    return text


def _address(ruling: Ruling, file: File) -> str:
    """Relative to ``/pypi/simple/NAME/``, so that the gate may be behind any other name."""
    return f"../../files/{ruling.project.name}/{quote(file.name)}"


def _evidence(ruling: Ruling, file: File, base: str) -> str:
    """Absolute, as PEP 740 wants it."""
    return f"{base}/pypi/files/{ruling.project.name}/{quote(file.name)}.provenance"


def _sure(file: File, pins: Mapping[str, Pin]) -> dict[str, str]:
    pin = pins.get(file.name)
    return {"sha256": pin.sha256} if pin is not None else file.digests
