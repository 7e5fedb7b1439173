"""Git checkouts and their submodules as components.

A checkout is a component of the ecosystem ``GIT``: its package is the
repository, its version the commit that is checked out.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from pratique.formats.git import GitError, History, Repository, Submodule
from pratique.formats.lockfiles.gathering import without_credentials
from pratique.inventory.git_files import GIT, module_repository, open_repository
from pratique.model.ecosystems import GIT as ECOSYSTEM
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.model.inventory import (
    Component,
    Document,
    Location,
    Problem,
    Relation,
    Scope,
    Trouble,
)
from pratique.model.nouns import Source
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_CHECKOUTS = 10_000
"""Most checkouts and submodules of one folder."""

OWN = "(checkout)"
"""Reference of the checkout that is itself looked at."""

NO_ADDRESS = "(no-remote)"
"""Host of a repository whose address is not known."""

_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)\Z")


class Checkouts(msgspec.Struct):
    """What was found."""

    components: list[Component] = []
    documents: list[Document] = []
    problems: list[Problem] = []


class State(msgspec.Struct):
    """What is known of the repository of a component."""

    history: History | None = None
    tags: tuple[str, ...] = ()
    """Tags of the commit itself."""

    title: str = ""
    """The nearest tag before the commit: ``v1.2`` where it is its own, or ``v1.2 and 3 more``."""

    why: str = ""
    """Why there is no history, or not all of it."""


def address(text: str, base: str = "") -> str:
    """Address of a repository without credentials, in one form.

    ``git@host:path`` becomes ``ssh://host/path``; what begins with ``./`` or
    ``../`` is resolved against the base (gitmodules(5), ``submodule.<name>.url``).

    Returns:
        Empty where it is a path of this machine, or nothing to resolve it against.
    """
    text = text.strip()
    if text.startswith(("./", "../")):
        parts = urlsplit(base)
        if not parts.netloc:
            return ""
        path = posixpath.normpath(posixpath.join(parts.path, text))
        return f"{parts.scheme}://{parts.netloc}{path}"
    if "://" not in text:
        match = _SCP.match(text)
        if not match or len(match[1]) < 2:
            return ""
        text = f"ssh://{match[1]}/{match[2].lstrip('/')}"
    if text.startswith("file:"):
        return ""
    scheme, _, rest = without_credentials(text).partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def find(root: Path, folders: Iterable[str], *, bare: bool = False) -> Checkouts:
    """The checkouts in a folder, with their submodules.

    Args:
        root: The folder that is checked.
        folders: Relative paths that have a ``.git``; empty text for the folder itself.
        bare: Whether the folder is itself a repository.
    """
    found = Checkouts()
    taken: set[str] = set()
    for folder in sorted(set(folders) | ({""} if bare else set())):
        if len(found.components) >= MAX_CHECKOUTS:
            note = f"there are more than {MAX_CHECKOUTS:,} checkouts; the rest is left out"
            found.problems.append(Problem(Location("."), Trouble.UNREADABLE, note))
            break
        _add(found, root, folder, taken, bare=bare)
    return found


def _place(folder: str, bare: bool) -> str:
    if bare and not folder:
        return "HEAD"
    return f"{folder}/{GIT}" if folder else GIT


def _add(found: Checkouts, root: Path, folder: str, taken: set[str], *, bare: bool) -> None:
    place = Location(_place(folder, bare))
    try:
        repository = open_repository(root / folder, root)
        commit, branch = repository.refs.head()
    except GitError as error:
        trouble = Trouble.NOTICE if "no commit yet" in error.message else Trouble.UNREADABLE
        found.problems.append(Problem(place, trouble, f"git checkout: {error.message}"))
        return
    except OSError as error:
        why = f"git checkout cannot be read: {error.strerror}"
        found.problems.append(Problem(place, Trouble.UNREADABLE, why))
        return
    url = address(repository.remote)
    linked = next((one for one in found.components if one.ref == _ref(folder)), None)
    if linked is not None:
        # A submodule: its superproject says where it is from, its own HEAD what is here.
        _settle(found, linked, commit, url)
    else:
        relation = Relation.UNKNOWN if folder else Relation.DIRECT
        part = _component(folder, url, commit, branch, (place,), relation)
        found.components.append(part)
    _submodules(found, root, folder, repository, commit, url, taken, bare=bare)


def _ref(folder: str) -> str:
    return f"{folder}/{OWN}" if folder else OWN


def _settle(found: Checkouts, part: Component, commit: str, url: str) -> None:
    wanted = part.source.commit if part.source else ""
    if wanted and wanted != commit:
        note = f"submodule is at commit {commit}, its superproject asks for {wanted}"
        found.problems.append(Problem(part.locations[0], Trouble.NOTICE, note))
    stated = part.source.url if part.source else ""
    folder = part.ref.removesuffix(f"/{OWN}")
    made = _component(folder, stated or url, commit, "", part.locations, part.relation)
    found.components[found.components.index(part)] = made


def _submodules(
    found: Checkouts,
    root: Path,
    folder: str,
    repository: Repository,
    commit: str,
    url: str,
    taken: set[str],
    *,
    bare: bool,
) -> None:
    file = f"{folder}/.gitmodules" if folder else ".gitmodules"
    try:
        modules = None if bare and not folder else _modules(root, file)
        listed = repository.submodules(modules, commit)
    except (GitError, OSError) as error:
        why = f"submodules cannot be read: {getattr(error, 'message', '') or error}"
        found.problems.append(Problem(Location(file), Trouble.UNREADABLE, why))
        return
    for one in listed:
        path = posixpath.normpath(f"{folder}/{one.path}" if folder else one.path)
        if path.startswith(("../", "/")) or path in {"..", "."} or path in taken:
            note = f"submodule {one.name[:80]!r} is in no folder of its own; left out"
            found.problems.append(Problem(Location(file, one.line), Trouble.UNREADABLE, note))
            continue
        taken.add(path)
        if len(found.components) >= MAX_CHECKOUTS:
            return
        place = Location(file, one.line) if one.line else Location(path)
        if not one.commit:
            note = f"submodule {one.name[:80]!r} has no commit; left out"
            found.problems.append(Problem(place, Trouble.NOTICE, note))
            continue
        at = address(one.url, url)
        found.components.append(_component(path, at, one.commit, "", (place,), Relation.DIRECT))


def _modules(root: Path, file: str) -> bytes:
    from pratique.inventory.git_files import Folder

    return Folder(root).read(file) or b""


def _component(
    folder: str,
    url: str,
    commit: str,
    branch: str,
    locations: tuple[Location, ...],
    relation: Relation,
) -> Component:
    name = normalise_name(ECOSYSTEM, url) if url else f"{NO_ADDRESS}/{folder or 'checkout'}"
    host, _, path = name.partition("/")
    try:
        package = Package.of("git", path or host, commit, namespace=host if path else "")
    except InputError:
        package = Package.of("git", folder or "checkout", commit, namespace=NO_ADDRESS)
        url = ""
    return Component(
        ref=_ref(folder),
        package=package,
        ecosystem=ECOSYSTEM,
        relation=relation,
        scope=Scope.RUNTIME,
        locations=locations,
        source=Source(url, commit, branch),
    )


def state_of(root: Path, part: Component) -> State:
    """History and tags of a component's commit, as far as they are in the folder.

    Args:
        root: The folder that is checked.
        part: One of its checkouts or submodules.
    """
    folder = part.ref.removesuffix(OWN).rstrip("/")
    commit = part.package.version
    try:
        repository = _repository(root, folder)
        if repository is None:
            return State(why="its history is not here (the submodule is not initialised)")
        history = repository.history(commit)
        tags = repository.tags()
    except GitError as error:
        return State(why=f"its history cannot be read: {error.message}")
    except OSError as error:
        return State(why=f"its history cannot be read: {error.strerror}")
    why = f"its history is not complete: {history.gap}" if history.gap else ""
    name, steps = history.nearest({one: names[-1] for one, names in tags.items()})
    title = f"{name} and {steps} more" if steps else name
    return State(history, tuple(tags.get(commit, ())), title, why)


def _repository(root: Path, folder: str) -> Repository | None:
    from pratique.inventory.git_files import Folder, is_bare

    here = root / folder
    if (here / GIT).exists() or (not folder and is_bare(here)):
        return open_repository(here, root)
    above = folder
    while above:
        above = above.rpartition("/")[0]
        if not (root / above / GIT).exists():
            continue
        parent = open_repository(root / above, root)
        modules = Folder(root / above).read(".gitmodules") or b""
        wanted = folder[len(above) + 1 :] if above else folder
        for one in parent.submodules(modules, parent.refs.head()[0]):
            if one.path == wanted:
                return _kept(root / above, one, root)
        return None
    return None


def _kept(above: Path, one: Submodule, root: Path) -> Repository | None:
    return module_repository(above, one.name, root)
