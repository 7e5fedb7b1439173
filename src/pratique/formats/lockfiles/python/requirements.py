"""``requirements.txt`` and its kin: what pip is told to install.

Other files are followed (``-r``) or pin what is asked for here (``-c``); they
are looked up in the tree only, never fetched.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.needs import MAX_SAME_NAME, scope_of_group
from pratique.formats.lockfiles.origins import fragment_of, is_vcs, source_of
from pratique.formats.lockfiles.python.archive import is_archive, named
from pratique.formats.lockfiles.python.requirement import Requirement, normal, parse
from pratique.formats.lockfiles.python.requirement_lines import Line, lines
from pratique.formats.text import decode
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Location, Problem, Relation, Scope, Trouble
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

MAX_FILES = 200
"""Files that one requirements file may lead to; large projects have some thirty."""

MAX_BAD_LINES = 50
"""Lines of a file that are named as unreadable; a file with more is no requirements
file, and naming every line of it would hide all else."""

_ADDRESS = re.compile(r"(?:https?|ftp|file)://|file:", re.IGNORECASE)
_LOCAL = re.compile(r"\.{0,2}[/\\]|\.{1,2}\Z|[A-Za-z]:\\|~/")
_FRAGMENT_HASH = re.compile(r"(sha256|sha384|sha512|sha1|md5)=([0-9A-Fa-f]+)")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_WORDS = {
    "dev": "dev", "develop": "dev", "development": "dev", "docs": "dev", "doc": "dev",
    "lint": "dev", "typing": "dev", "ci": "dev", "tox": "dev",
    "test": "test", "tests": "test", "testing": "test", "build": "build",
}  # fmt: skip
"""Words of a file's name that tell what its requirements are for."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a requirements or constraints file, with those it names.

    Raises:
        InputError: It is not text.
    """
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    files = _Files(gathering, tree)
    files.file(_text(data, gathering, path), path, ())
    return files.reading()


def _text(data: bytes, gathering: Gathering, path: str) -> str:
    """Text in UTF-8, or in Latin-1 as editors of old wrote comments."""
    try:
        return decode(data)
    except LimitError:
        raise
    except InputError:
        text = data.decode("latin-1")
        if _CONTROL.search(text):
            raise
        problem = Problem(Location(path), Trouble.NOTICE, "is not UTF-8; read as Latin-1")
        gathering.notes.extend([problem])
        return text.replace("\r\n", "\n").replace("\r", "\n")


class _Entry:
    """One requirement with its place."""

    __slots__ = ("hashes", "line", "path", "ref", "registry", "source", "via", "wanted")

    def __init__(self, wanted: Requirement, line: Line, path: str) -> None:
        self.wanted, self.line, self.path = wanted, line.number, path
        self.via = line.via
        self.hashes: list[Artifact] = []
        self.registry = self.ref = ""
        self.source: Any = None


class _Files:
    """A requirements file and those it leads to, while they are read."""

    def __init__(self, gathering: Gathering, tree: Tree) -> None:
        self.gathering, self.tree = gathering, tree
        self.entries: list[_Entry] = []
        self.constraints: dict[str, str] = {}
        self.indexes: dict[str, bool] = {}
        self.seen: set[tuple[str, bool]] = set()
        self.annotated = False

    def problem(self, trouble: Trouble, message: str, path: str, line: int) -> None:
        self.gathering.notes.extend([Problem(Location(path, line), trouble, message)])

    def file(
        self, text: str, path: str, above: tuple[str, ...], *, constraints: bool = False
    ) -> None:
        """Take the lines of a file.

        Args:
            text: Of the file.
            path: Of the file.
            above: Files that led here, outermost first.
            constraints: Whether it pins what is asked for elsewhere.
        """
        self.seen.add((path, constraints))
        bad = 0
        for line in lines(text):
            try:
                self._line(line, path, (*above, path), constraints=constraints)
            except InputError as error:
                bad += 1
                if bad <= MAX_BAD_LINES:
                    self.problem(Trouble.UNREADABLE, error.message, path, line.number)
        if bad > MAX_BAD_LINES:
            more = f"{bad - MAX_BAD_LINES:,} further lines are no requirements"
            self.problem(Trouble.UNREADABLE, more, path, 0)

    def _line(self, line: Line, path: str, above: tuple[str, ...], *, constraints: bool) -> None:
        match line.option:
            case "":
                self._take(_entry(line, path), line, path, constraints=constraints)
            case "?":
                raise InputError(f"{shown(line.value)} is no option of a requirements file")
            case "--requirement":
                self._follow(line, path, above, constraints=constraints)
            case "--constraint":
                self._follow(line, path, above, constraints=True)
            case "--editable":
                self._take(_entry(line, path), line, path, constraints=constraints)
            case "--index-url" | "--pypi-url":
                self.indexes[without_credentials(line.value)] = True
            case "--extra-index-url":
                self.indexes[without_credentials(line.value)] = False
            case _:
                pass  # how pip works, not what it installs

    def _follow(self, line: Line, path: str, above: tuple[str, ...], *, constraints: bool) -> None:
        """Read another file in the place of the line that names it."""
        if _ADDRESS.match(line.value):
            address = shown(without_credentials(line.value))
            message = f"{address} is elsewhere and not fetched"
            self.problem(Trouble.UNKNOWN, message, path, line.number)
            return
        other = posixpath.normpath(posixpath.join(posixpath.dirname(path), line.value))
        if other in above:
            message = f"includes {other}, which includes {path}: a cycle, followed once"
            self.problem(Trouble.NOTICE, message, path, line.number)
        elif (other, constraints) in self.seen:
            pass  # several ways to one file
        elif len(self.seen) >= MAX_FILES or len(above) > MAX_DEPTH:
            raise LimitError(
                f"leads to more than {MAX_FILES} files, or over {MAX_DEPTH} deep; "
                f"{other} is not read"
            )
        else:
            try:
                text = _text(self.tree.read(other), self.gathering, other)
            except InputError as error:
                raise InputError(f"{other} cannot be read: {error.message}") from None
            self.file(text, other, above, constraints=constraints)

    def _take(self, entry: _Entry | None, line: Line, path: str, *, constraints: bool) -> None:
        if entry is None:
            message = f"{shown(line.value)} is the project itself and not listed"
            self.problem(Trouble.NOTICE, message, path, line.number)
            return
        for algorithm, digest in line.hashes:
            try:
                entry.hashes.append(Artifact.of(algorithm, digest))
            except InputError as error:
                self.problem(Trouble.UNKNOWN, error.message, path, line.number)
        if constraints:
            if version := entry.wanted.version:
                self.constraints.setdefault(normal(entry.wanted.name), version)
            return
        self.annotated = self.annotated or bool(entry.via)
        self.entries.append(entry)

    def reading(self) -> Reading:
        """Everything taken."""
        only = [index for index, main in self.indexes.items() if main]
        registry = only[0] if len(self.indexes) == 1 and only else ""
        # An exported file pins and hashes everything, whoever asked for it.
        exported = bool(self.entries) and all(entry.hashes for entry in self.entries)
        constraining = "constraint" in self.gathering.path.rpartition("/")[2]
        roots: list[str] = []
        refs: dict[str, dict[str, None]] = {}
        seen: set[tuple[str, str, str]] = set()
        for entry in self.entries:
            key = (entry.path, normal(entry.wanted.name), entry.wanted.text)
            if key in seen:
                message = f"{entry.wanted.name} is listed twice"
                self.problem(Trouble.NOTICE, message, entry.path, entry.line)
            seen.add(key)
            relation = Relation.UNKNOWN
            if self.annotated:
                relation = _relation(entry)
            elif not exported and not constraining:
                relation = Relation.DIRECT
            ref = entry.ref = self._add(entry, relation, registry)
            if ref:
                same = refs.setdefault(normal(entry.wanted.name), {})
                if len(same) < MAX_SAME_NAME:
                    same[ref] = None
                if relation is Relation.DIRECT:
                    roots.append(ref)
        self._link(refs)
        return self.gathering.reading("requirements.txt", roots=roots)

    def _add(self, entry: _Entry, relation: Relation, registry: str) -> str:
        name, wanted = normal(entry.wanted.name), entry.wanted
        version = wanted.version
        if not version and wanted.url:
            stated, version = named(wanted.url)
            version = version if normal(stated) == name else ""
        elif not version:
            version = self.constraints.get(name, "")
        package = self.gathering.package(name, version, line=entry.line)
        if package is None:
            return ""
        requirement = wanted.text
        if wanted.url:
            requirement = requirement.replace(wanted.url, without_credentials(wanted.url))
        return self.gathering.add(
            package,
            line=entry.line,
            path=entry.path,
            relation=relation,
            scope=_scope(entry.path),
            requirement=requirement,
            registry=entry.registry or ("" if entry.source else registry),
            source=entry.source,
            hashes=tuple(dict.fromkeys(entry.hashes)),
        )

    def _link(self, refs: dict[str, dict[str, None]]) -> None:
        """Note the edges that annotations state."""
        for entry in self.entries:
            for asking in entry.via:
                for source in refs.get(normal(asking), ()) if _is_name(asking) else ():
                    self.gathering.edge(source, entry.ref)


def _entry(line: Line, path: str) -> _Entry | None:
    """Requirement of a line; nothing where it is the project itself.

    Raises:
        InputError: It is none, or its name cannot be told.
    """
    text = line.value
    if is_vcs(text) or _ADDRESS.match(text):
        address, _, marker = text.partition(" ")
        return _located(address, marker.strip().lstrip("; "), line, path)
    if _LOCAL.match(text) or (is_archive(text) and " @ " not in text) or line.option:
        if not is_archive(text):
            if posixpath.normpath(text.partition("[")[0].strip()) == ".":
                return None
            raise InputError(f"local project {shown(text)} does not say its name")
        address, _, marker = text.partition(";")
        return _located(address.strip(), marker.strip(), line, path)
    wanted = parse(text)
    entry = _Entry(wanted, line, path)
    if is_vcs(wanted.url):
        entry.source = source_of(wanted.url)
    elif wanted.url:
        entry.registry = without_credentials(wanted.url)
        line.hashes = [*line.hashes, *_FRAGMENT_HASH.findall(wanted.url.partition("#")[2])]
    return entry


def _located(address: str, marker: str, line: Line, path: str) -> _Entry:
    """Requirement that is an address or a path and must say its name itself."""
    egg = fragment_of(address, "egg")
    name, version = named(address)
    if egg:
        wanted = parse(egg)
        name, extras = wanted.name, wanted.extras
    elif name:
        extras = ()
    else:
        raise InputError(f"{shown(without_credentials(address))} does not say its name")
    pin = f"=={version}" if version and not is_vcs(address) else ""
    entry = _Entry(Requirement(name, extras, pin, "", marker), line, path)
    if is_vcs(address):
        entry.source = source_of(address)
    else:
        entry.registry = without_credentials(address)
        line.hashes = [*line.hashes, *_FRAGMENT_HASH.findall(address.partition("#")[2])]
    return entry


def _is_name(asking: str) -> bool:
    return not asking.startswith("-") and "(" not in asking


def _relation(entry: _Entry) -> Relation:
    """Relation by annotation: files and projects ask directly, packages do not."""
    if not entry.via:
        return Relation.UNKNOWN
    asking = [one for one in entry.via if not one.startswith(("-c ", "--constraint"))]
    return Relation.DIRECT if any(not _is_name(one) for one in asking) else Relation.TRANSITIVE


def _scope(path: str) -> Scope:
    """Scope by the words of a file's name (``requirements-dev.txt``)."""
    base = path.rpartition("/")[2].removesuffix(".txt")
    for word in re.split(r"[-_.]", base.lower()):
        if word in _WORDS:
            return scope_of_group(_WORDS[word])
    return Scope.RUNTIME
