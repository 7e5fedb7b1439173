"""Rebuilding wheels of pure Python."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pratique.provenance.rebuild.backend import Tools, build_wheel
from pratique.provenance.rebuild.comparing import compare, members
from pratique.provenance.rebuild.errors import RebuildError
from pratique.provenance.rebuild.models import File, Grade, Rebuilt
from pratique.provenance.rebuild.unpacking import unpack
from pratique.sources.packages.pypi import files_of

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

ACCEPT = "application/vnd.pypi.simple.v1+json"
"""Simple repository API, JSON-based (PEP 691)."""

MAX_FILE_BYTES = 256 << 20
"""Largest wheel or source distribution that is fetched."""

PURE = "-none-any.whl"


class Published:
    """One file that an index lists.

    Args:
        row: As the index has it.
        base: Address that relative ones are relative to.
    """

    def __init__(self, row: dict[str, Any], base: str) -> None:
        self.name = str(row.get("filename", ""))
        self.url = urljoin(base, str(row.get("url", ""))).partition("#")[0]
        hashes = row.get("hashes")
        self.sha256 = str(hashes.get("sha256", "")).lower() if isinstance(hashes, dict) else ""
        self.uploaded = str(row.get("upload-time") or "")

    def fetch(self, client: RegistryClient) -> bytes:
        """Its bytes, which must be what the index says.

        Raises:
            RebuildError: They are not, or the index does not say.
            UpstreamError: They cannot be had.
        """
        data = client.get(self.url, limit=MAX_FILE_BYTES).body
        if not self.sha256 or hashlib.sha256(data).hexdigest() != self.sha256:
            raise RebuildError(f"{self.name} is not what the index says it is")
        return data


def rebuild_wheel(
    package: Package,
    client: RegistryClient,
    index: str,
    *,
    checkout: Path | None = None,
    keep: Path | None = None,
) -> Rebuilt:
    """Build the pure wheel of a version again, and compare it.

    Args:
        package: With a version.
        client: Fetches.
        index: Address of the index.
        checkout: Build this folder instead of the source distribution.
        keep: Folder to put the rebuilt file into.

    Raises:
        RebuildError: It cannot be rebuilt.
        InputError: A file of it cannot be read.
        UpstreamError: The index does not answer.
    """
    wheel, source = _choose(package, client, index, checkout)
    published = wheel.fetch(client)
    parts = members(published, wheel.name)
    with TemporaryDirectory(prefix="pratique-rebuild-") as place:
        work = Path(place).resolve() / "work"
        work.mkdir()
        if checkout is not None:
            tree = work / "source"
            shutil.copytree(checkout, tree, symlinks=True)
            stated = str(checkout)
        else:
            assert source is not None
            (work / "source").mkdir()
            tree = unpack(source.fetch(client), work / "source", source.name)
            stated = f"{source.name} sha256:{source.sha256}"
        tools = Tools(Path(place).resolve() / "tools", wheel.uploaded, index)
        built = build_wheel(tree, work, tools, _epoch(parts), _generator(parts))
        data = built.read_bytes()
        name = built.name
        used = tools.installed()
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / name).write_bytes(data)
    grade, differences = compare(published, data, wheel.name)
    return Rebuilt(
        package=str(package),
        grade=grade,
        reason=_reason(grade, differences),
        published=File(name=wheel.name, sha256=wheel.sha256, size=len(published)),
        rebuilt=File(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)),
        source=stated,
        tools=used,
        differences=differences,
    )


def _reason(grade: Grade, differences: Any) -> str:
    if grade is Grade.BIT_IDENTICAL:
        return "the same bytes"
    return ", ".join(dict.fromkeys(each.aspect.value for each in differences))


def _choose(
    package: Package, client: RegistryClient, index: str, checkout: Path | None
) -> tuple[Published, Published | None]:
    """The pure wheel and the source distribution of a version."""
    from packaging.utils import canonicalize_name

    url = f"{index.rstrip('/')}/{canonicalize_name(package.name)}/"
    value, _ = client.json(url, accept=ACCEPT)
    rows = files_of(value if isinstance(value, dict) else {}, package)
    files = [Published(row, url) for row in rows]
    wheel = next((one for one in files if one.name.endswith(PURE)), None)
    source = next((one for one in files if one.name.endswith(".tar.gz")), None)
    if wheel is None:
        some = any(one.name.endswith(".whl") for one in files)
        raise RebuildError("it has no wheel of pure Python" if some else "it has no wheel")
    if source is None and checkout is None:
        raise RebuildError("it has no source distribution")
    return wheel, source


def _generator(parts: dict[str, Any]) -> str:
    for path, member in parts.items():
        if path.endswith(".dist-info/WHEEL"):
            for line in member.data.decode("utf-8", "replace").splitlines():
                if line.lower().startswith("generator:"):
                    return str(line.partition(":")[2].strip())
    return ""


def _epoch(parts: dict[str, Any]) -> int | None:
    """The one time of all members, as seconds since 1970; ``None`` where they have several."""
    times = {member.time for member in parts.values()}
    if len(times) != 1:
        return None
    try:
        made = datetime.strptime(times.pop(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(made.timestamp())
