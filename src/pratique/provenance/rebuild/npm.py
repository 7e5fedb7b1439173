"""Rebuilding npm packages that need no build: packed again from a checkout.

npm has no source distributions, so the source is version control: the
repository and commit that the published version names, or a checkout that is
given.  ``npm pack`` runs in the sandbox and without scripts.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.provenance.rebuild import sandbox
from pratique.provenance.rebuild.comparing import compare
from pratique.provenance.rebuild.errors import RebuildError
from pratique.provenance.rebuild.models import File, Grade, Rebuilt

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

MAX_FILE_BYTES = 256 << 20
"""Largest tarball that is fetched."""

GIT_SECONDS = 300
"""Longest that fetching a commit may take."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_BUILDING = ("prepack", "prepare", "prepublish", "prepublishOnly", "postpack")
"""Scripts that make what is packed; they are not run."""


def rebuild_package(
    package: Package,
    client: RegistryClient,
    index: str,
    *,
    checkout: Path | None = None,
    keep: Path | None = None,
) -> Rebuilt:
    """Pack a version again from its source, and compare it.

    Args:
        package: With a version.
        client: Fetches.
        index: Address of the registry.
        checkout: Pack this folder instead of the commit that the version names.
        keep: Folder to put the rebuilt file into.

    Raises:
        RebuildError: It cannot be rebuilt.
        InputError: A file of it cannot be read.
        UpstreamError: The registry does not answer.
    """
    manifest = _manifest(package, client, index)
    published = _tarball(manifest, client)
    name = f"{package.full_name.lstrip('@').replace('/', '-')}-{package.version}.tgz"
    with TemporaryDirectory(prefix="pratique-rebuild-") as place:
        work = Path(place).resolve()
        tree = work / "source"
        if checkout is not None:
            shutil.copytree(checkout, tree, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            stated = str(checkout)
        else:
            stated = _fetched(manifest, tree)
            tree = _folder(manifest, tree)
        _npm("pack", "--ignore-scripts", "--pack-destination", str(work), work=work, tree=tree)
        built = sorted(work.glob("*.tgz"))
        if len(built) != 1:
            raise RebuildError("npm packed nothing")
        data = built[0].read_bytes()
        version = _npm("--version", work=work, tree=tree).strip().splitlines()[-1]
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / name).write_bytes(data)
    grade, differences = compare(published, data, name)
    reason = (
        "the same bytes"
        if grade is Grade.BIT_IDENTICAL
        else ", ".join(dict.fromkeys(each.aspect.value for each in differences))
    )
    scripts = _scripts(manifest)
    if grade is Grade.DIFFERENT and scripts:
        reason += f"; its scripts {', '.join(scripts)} were not run"
    return Rebuilt(
        package=str(package),
        grade=grade,
        reason=reason,
        published=File(
            name=name, sha256=hashlib.sha256(published).hexdigest(), size=len(published)
        ),
        rebuilt=File(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)),
        source=stated,
        tools=(f"npm=={version}",),
        differences=differences,
    )


def _manifest(package: Package, client: RegistryClient, index: str) -> dict[str, Any]:
    value, _ = client.json(f"{index.rstrip('/')}/{quote(package.full_name, safe='@')}")
    versions = value.get("versions") if isinstance(value, dict) else None
    manifest = versions.get(package.version) if isinstance(versions, dict) else None
    if not isinstance(manifest, dict):
        raise RebuildError("the registry has no such version")
    return manifest


def _tarball(manifest: dict[str, Any], client: RegistryClient) -> bytes:
    """The published file, which must have the digest that the registry states."""
    dist = manifest.get("dist")
    dist = dist if isinstance(dist, dict) else {}
    integrity = str(dist.get("integrity", ""))
    digests = dict(
        part.partition("-")[::2] for part in integrity.split() if part.startswith("sha512-")
    )
    data = client.get(str(dist.get("tarball", "")), limit=MAX_FILE_BYTES).body
    found = base64.b64encode(hashlib.sha512(data).digest()).decode()
    if digests.get("sha512", "").partition("?")[0] != found:
        raise RebuildError("the tarball is not what the registry says it is")
    return data


def _fetched(manifest: dict[str, Any], tree: Path) -> str:
    """Check the commit out that a version names."""
    repository = manifest.get("repository")
    url = repository.get("url") if isinstance(repository, dict) else repository
    commit = str(manifest.get("gitHead", ""))
    if not isinstance(url, str) or not url or not _COMMIT.match(commit):
        raise RebuildError("the version names no repository and commit")
    url = url.removeprefix("git+")
    if not url.startswith("https://"):
        raise RebuildError(f"its repository {url[:80]!r} has no https address")
    tree.mkdir()
    git("init", "--quiet", tree=tree)
    git("fetch", "--quiet", "--depth=1", url, commit, tree=tree)
    git("checkout", "--quiet", "--detach", commit, tree=tree)
    return f"git+{url}@{commit}"


def git(*words: str, tree: Path, protocols: str = "https") -> None:
    """Run git so that neither settings nor hooks of anybody run anything.

    Raises:
        RebuildError: It fails, or is not there.
    """
    program = shutil.which("git")
    if program is None:
        raise RebuildError("git is not installed")
    safe = [
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.symlinks=false",
    ]
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            [program, *safe, *words],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
            timeout=GIT_SECONDS,
            stdin=subprocess.DEVNULL,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tree),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_ALLOW_PROTOCOL": protocols,
                "GIT_LFS_SKIP_SMUDGE": "1",
            },
        )
    except subprocess.TimeoutExpired:
        raise RebuildError(f"git took more than {GIT_SECONDS} s") from None
    if done.returncode:
        said = done.stderr.strip()
        last = said.splitlines()[-1][:200] if said else "it said nothing"
        raise RebuildError(f"the commit cannot be fetched: {last}", said)


def _folder(manifest: dict[str, Any], tree: Path) -> Path:
    """The package's folder in its repository."""
    repository = manifest.get("repository")
    below = repository.get("directory") if isinstance(repository, dict) else ""
    folder = (tree / str(below or "")).resolve()
    if not folder.is_relative_to(tree.resolve()) or not (folder / "package.json").is_file():
        raise RebuildError("its repository has no package.json where the version says")
    return folder


def _scripts(manifest: dict[str, Any]) -> list[str]:
    scripts = manifest.get("scripts")
    return [name for name in _BUILDING if isinstance(scripts, dict) and scripts.get(name)]


def _npm(*words: str, work: Path, tree: Path) -> str:
    program = shutil.which("npm")
    if program is None:
        raise RebuildError("npm is not installed")
    home = Path(program).resolve()
    # npm and node may lie outside of the system's folders, as in a version manager's.
    needed = {
        one for one in (home.parents[3], _node().parents[1]) if not one.is_relative_to("/usr")
    }
    return sandbox.run(
        [str(_node()), str(home), *words],
        work,
        readable=sorted(needed),
        variables={"npm_config_update_notifier": "false", "npm_config_offline": "true"},
        folder=tree,
    )


def _node() -> Path:
    program = shutil.which("node")
    if program is None:
        raise RebuildError("node is not installed")
    return Path(program).resolve()
