"""The simple repository API of PyPI: reading a page, and writing what is left of it.

Sources: PEP 503 and 691 (HTML and JSON), 592 (yanked), 658 and 714 (metadata
files), 700 (versions, size, upload time), 792 (status of a project).
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from pratique.formats.instants import parse_instant
from pratique.gate.errors import BrokenError
from pratique.gate.models import File, Project, Release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.gate.fetch import Page
    from pratique.gate.models import Pin, Ruling

ECOSYSTEM = "PyPI"
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON}, {HTML};q=0.2, text/html;q=0.1"

MAX_FILES = 200_000
"""Files of one project; the largest has some 20,000."""

TOGETHER = timedelta(days=1)
"""Files uploaded within it are one release: builds for many platforms take hours."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}\Z")
_DIGEST = re.compile(r"[0-9a-fA-F]{32,128}\Z")
_BUILT = frozenset({".egg", ".exe", ".msi"})
_PLATFORM = re.compile(r"\.(?:win|linux|macosx)")
_OTHERS = (".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".egg", ".exe", ".msi", ".tar")
_KEPT: dict[str, tuple[type, ...]] = {
    "requires-python": (str,),
    "size": (int,),
    "upload-time": (str,),
    "yanked": (bool, str),
    "core-metadata": (bool, dict),
}
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"})


def is_name(text: str) -> bool:
    """Whether a text is the name of a project (PEP 508)."""
    return bool(_NAME.match(text))


def is_file(text: str) -> bool:
    """Whether a text is the name of a file that may be asked for."""
    return bool(_FILE.match(text))


def read(page: Page, name: str) -> Project:
    """Read a project's page, JSON or HTML.

    Files that are another project's, or of a version that their name does not
    tell, are left out: nothing could be decided on them.

    Args:
        page: As upstream gave it.
        name: Of the project, normalised.

    Raises:
        BrokenError: It is no page of the simple API.
    """
    archived: bool | None = None
    if page.type.endswith("json"):
        document = _decoded(page.body)
        records = document.get("files")
        status = document.get("project-status")
        if isinstance(status, dict):
            archived = status.get("status") in {"archived", "deprecated", "quarantined"}
            records = [] if status.get("status") == "quarantined" else records
    elif page.type in {HTML, "text/html"}:
        records = _anchors(page.body)
    else:
        raise BrokenError(f"the index answers with {page.type[:60]!r}, which is no index page")
    if not isinstance(records, list) or len(records) > MAX_FILES:
        raise BrokenError(f"the index page of {name} has no list of files")
    versions: dict[str, list[File]] = {}
    for record in records:
        file = _file(record, page.url)
        version = version_of(file.name, name) if file is not None else ""
        if file is not None and version:
            versions.setdefault(version, []).append(file)
    releases = tuple(
        release for version, files in versions.items() for release in _releases(version, files)
    )
    return Project(ecosystem=ECOSYSTEM, name=name, releases=releases, archived=archived)


def version_of(file: str, name: str) -> str:
    """Version that a file name tells, normalised (PEP 440); empty where it tells none.

    Args:
        file: Name of a distribution, current or of the old formats.
        name: Of the project, normalised; a file of another one has no version here.
    """
    try:
        if file.endswith(".whl"):
            found, version, _, _ = parse_wheel_filename(file)
            return str(version) if found == name else ""
        if file.endswith((".tar.gz", ".zip")):
            found, version = parse_sdist_filename(file)
            if found == name:
                return str(version)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        pass
    return _old_version(file, name)


def _old_version(file: str, name: str) -> str:
    """Version in a name that is not of today's form: ``Alpha-1.0.win32-py2.7.exe``."""
    ending = next((one for one in (".tar.gz", ".zip", *_OTHERS) if file.endswith(one)), "")
    if not ending:
        return ""
    pieces = file.removesuffix(ending).split("-")
    for number in range(1, len(pieces)):
        if canonicalize_name("-".join(pieces[:number])) != name:
            continue
        told = ["-".join(pieces[number:])]
        if ending in _BUILT:  # after the version comes what it was built for
            told = [pieces[number], _PLATFORM.split(pieces[number])[0]]
        for text in told:
            try:
                return str(Version(text))
            except InvalidVersion:
                continue
    return ""


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenError("the index page is not JSON") from None
    if not isinstance(document, dict):
        raise BrokenError("the index page is no object")
    return document


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[dict[str, Any]] = []
        self.base = ""
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        if tag == "a" and given.get("href") and len(self.found) <= MAX_FILES:
            self.found.append(given)
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._text is not None:
            self.found[-1]["#text"] = "".join(self._text).strip()
            self._text = None


def _anchors(body: bytes) -> list[dict[str, Any]]:
    """Anchors as the records that JSON would have."""
    parser = _Anchors()
    parser.feed(body.decode("utf-8", "replace"))
    parser.close()
    records = []
    for given in parser.found:
        try:
            url = urljoin(parser.base, given["href"]) if parser.base else given["href"]
            address, _, fragment = url.partition("#")
            name = unquote(urlsplit(address).path.rpartition("/")[2])
        except ValueError:
            continue
        method, _, digest = fragment.partition("=")
        record: dict[str, Any] = {
            "filename": name,
            "url": address,
            "hashes": {method: digest} if digest else {},
            "yanked": (given["data-yanked"] or True) if "data-yanked" in given else False,
        }
        if "data-requires-python" in given:
            record["requires-python"] = given["data-requires-python"]
        told = given.get("data-core-metadata", given.get("data-dist-info-metadata"))
        if told is not None:
            method, _, digest = told.partition("=")
            record["core-metadata"] = {method: digest} if digest else told == "true"
        records.append(record)
    return records


def _file(record: Any, base: str) -> File | None:
    if not isinstance(record, dict):
        return None
    name, url = record.get("filename"), record.get("url")
    if not isinstance(name, str) or not isinstance(url, str) or not is_file(name):
        return None
    try:
        address = urljoin(base, url)
    except ValueError:
        return None
    kept = {
        key: record[key]
        for key, types in _KEPT.items()
        if isinstance(record.get(key), types) and record[key] != ""
    }
    before = record.get("dist-info-metadata")  # the name until PEP 714
    if "core-metadata" not in kept and isinstance(before, (bool, dict)):
        kept["core-metadata"] = before
    if "core-metadata" in kept:
        digests = _digests(kept["core-metadata"])
        kept["core-metadata"] = digests or bool(kept["core-metadata"])
    return File(
        name=name,
        url=address.partition("#")[0],
        digests=_digests(record.get("hashes")),
        record=kept,
    )


def _digests(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {
        method: digest.lower()
        for method, digest in value.items()
        if method in _HASHES and isinstance(digest, str) and _DIGEST.match(digest)
    }


def _releases(version: str, files: list[File]) -> list[Release]:
    """A version, and apart from it what was added on later days: that is as new as its day.

    Whoever takes an account over may add a file to an old version.
    """
    times = {file.name: _uploaded(file) for file in files}
    told = [moment for moment in times.values() if moment is not None]
    if len(told) < len(files):
        return [_release(version, "", files, None)]
    first = min(told)
    groups: dict[str, list[File]] = {}
    for file in files:
        moment = times[file.name]
        assert moment is not None
        late = "" if moment - first <= TOGETHER else moment.date().isoformat()
        groups.setdefault(late, []).append(file)
    return [
        _release(version, late, group, max(filter(None, (times[file.name] for file in group))))
        for late, group in groups.items()
    ]


def _uploaded(file: File) -> datetime | None:
    text = file.record.get("upload-time")
    return parse_instant(text) if isinstance(text, str) else None


def _release(version: str, late: str, files: list[File], published: datetime | None) -> Release:
    return Release(
        version=version,
        late=late,
        files=tuple(files),
        published=published,
        yanked=all(bool(file.record.get("yanked")) for file in files),
    )


def metadata_file(file: File) -> File | None:
    """The metadata beside a distribution (PEP 658); ``None`` where the index offers none."""
    offered = file.record.get("core-metadata")
    if not offered:
        return None
    parts = urlsplit(file.url)
    url = parts._replace(path=f"{parts.path}.metadata").geturl()
    digests = offered if isinstance(offered, dict) else {}
    return File(name=f"{file.name}.metadata", url=url, digests=digests)


def write_json(ruling: Ruling, pins: Mapping[str, Pin]) -> bytes:
    """The page of what is admitted, as JSON (PEP 691, 700).

    Args:
        ruling: On every version.
        pins: Of files that are kept: their digest is what counts.
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
            if "core-metadata" in record:
                record["dist-info-metadata"] = record["core-metadata"]
            files.append(record)
    # From 1.1 on a size is mandatory (PEP 700); HTML tells none.
    sized = all("size" in file for file in files)
    document = {
        "meta": {"api-version": "1.1" if sized else "1.0"},
        "name": ruling.project.name,
        "versions": versions,
        "files": files,
    }
    return msgspec.json.encode(document)


def write_html(ruling: Ruling, pins: Mapping[str, Pin]) -> bytes:
    """The page of what is admitted, as HTML (PEP 503, 592, 714); see :func:`write_json`."""
    name = html.escape(ruling.project.name)
    lines = [
        "<!DOCTYPE html>",
        '<html><head><meta name="pypi:repository-version" content="1.1">',
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
            lines.append(f'<a href="{href}"{_attributes(file)}>{shown}</a><br>')
    lines.append("</body></html>\n")
    return "\n".join(lines).encode()


def _attributes(file: File) -> str:
    text = ""
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


def _sure(file: File, pins: Mapping[str, Pin]) -> dict[str, str]:
    pin = pins.get(file.name)
    return {"sha256": pin.sha256} if pin is not None else file.digests


def wants_json(accept: str) -> bool:
    """Whether a client prefers JSON (PEP 691, "Version and format selection")."""
    best: dict[bool, float] = {True: 0.0, False: 0.0}
    for part in accept.split(",")[:50]:
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if kind in {JSON, "application/vnd.pypi.simple.latest+json"}:
            best[True] = max(best[True], quality)
        elif kind in {HTML, "text/html", "application/vnd.pypi.simple.latest+html", "*/*"}:
            best[False] = max(best[False], quality)
    return best[True] > 0 and best[True] >= best[False]
