"""Files of trained models below a folder, and findings about what loading them would call."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.formats import models as formats
from pratique.formats.models import NAMES, inspect
from pratique.formats.models.read import suspected
from pratique.inventory.find import excluded
from pratique.inventory.tree import FolderTree
from pratique.model.bill import BillOfHealth, Counts, Health
from pratique.model.errors import InputError
from pratique.model.finding import Finding, Reference, Rule
from pratique.model.inventory import Document, Inventory, Location, Problem, Suspicion, Trouble
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.formats.models import Inspection

PICKLE = Reference(
    "https://docs.python.org/3/library/pickle.html#restricting-globals",
    "Python: what a pickle may call",
)
RUNS_CODE = Rule(
    id=formats.RUNS_CODE,
    title="Model file that runs code when it is loaded",
    motivation=(
        "A pickle is a program: loading it imports the callables that it names and calls them "
        "with arguments of the file's choice. This one names a callable that runs commands or "
        "code, or reaches files or the network; a Keras Lambda layer holds code itself."
    ),
    remedy=(
        "Do not load it. Take the model as safetensors, ONNX or GGUF from who publishes it, or "
        "load it with weights_only=True, which refuses such callables, in a sandbox."
    ),
    severity=Severity.CRITICAL,
    references=(PICKLE,),
)
UNKNOWN_CODE = Rule(
    id=formats.UNKNOWN_CODE,
    title="Model file that imports what is not known to be harmless",
    motivation=(
        "Loading this file imports and may call what only its framework or its author knows, or "
        "a part of the file could not be followed. That is usual for scikit-learn models, and it "
        "is where an attack hides as well."
    ),
    remedy=(
        "Take the model in a format without code, or compare the callables with what its "
        "framework writes, and load it only where its source is trusted."
    ),
    severity=Severity.MEDIUM,
    references=(PICKLE,),
)
RULES = {rule.id: rule for rule in (RUNS_CODE, UNKNOWN_CODE)}
"""Rules of this module by their ids."""


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file and what it is."""

    path: str
    format: str
    size: int
    sha256: str
    imports: tuple[str, ...] = ()


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What was found below a folder."""

    files: tuple[ModelFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


def inspect_folder(root: Path, exclude: Sequence[str] = ()) -> Inspected:
    """Inspect the models below a folder; nothing is loaded.

    Args:
        root: The folder.
        exclude: Globs of paths to leave out.
    """
    tree = FolderTree(root)
    problems: list[Problem] = []

    def failed(path: str, why: str) -> None:
        problems.append(Problem(Location(path), Trouble.UNREADABLE, why))

    files: list[ModelFile] = []
    findings: list[Finding] = []
    skip = lambda path: excluded(path, exclude)  # noqa: E731 - one use
    for path in tree.walk(installed=True, skip=skip, failed=failed):
        if not any(fnmatchcase(path.rpartition("/")[2].lower(), glob) for glob in NAMES):
            continue
        try:
            data = tree.read(path)
            if formats.is_path_file(data, path):
                continue
            found = inspect(data, path)
        except InputError as error:
            failed(path, error.message)
            continue
        digest = sha256(data).hexdigest()
        names = tuple(map(str, found.imports))
        row = ModelFile(
            path=path, format=found.format, size=len(data), sha256=digest, imports=names
        )
        files.append(row)
        findings += _findings(row, found)
    return Inspected(files=tuple(files), findings=tuple(findings), problems=tuple(problems))


def bill_of(found: Inspected, subject: str, now: datetime) -> BillOfHealth:
    """What was found below a folder as a bill, so that the report draws it as any other.

    Args:
        found: From :func:`inspect_folder`.
        subject: The folder, as the user named it.
        now: UTC.
    """
    documents = tuple(
        Document(
            path=one.path,
            format=f"{formats.FORMAT} ({one.format})",
            sha256=one.sha256,
            size=one.size,
        )
        for one in found.files
    )
    tally = Counter(one.severity for one in found.findings)
    complete = not found.problems
    many = f"{len(found.files):,} model files, {len(found.findings):,} findings"
    return BillOfHealth(
        tool=f"pratique {__version__}",
        created=now,
        subject=subject,
        health=Health.ATTENTION
        if found.findings
        else Health.HEALTHY
        if complete
        else Health.UNKNOWN,
        headline=f"{many}." if complete else f"{many}; not everything could be read.",
        counts=Counts(
            documents=len(documents),
            findings=len(found.findings),
            severities={one.value: tally[one] for one in Severity if tally[one]},
        ),
        findings=found.findings,
        inventory=Inventory(subject=subject, documents=documents, problems=found.problems),
        unknowns=found.problems,
        complete=complete,
    )


def findings_of(suspicions: Sequence[Suspicion]) -> list[Finding]:
    """A finding for each thing that loading a model of an inventory would call.

    Args:
        suspicions: Of the inventory; those of other rules are left out.
    """
    return [
        _finding(RULES[one.rule], one.subject, one.name, one.message, one.location)
        for one in suspicions
        if one.rule in RULES
    ]


def _findings(file: ModelFile, found: Inspection) -> Iterator[Finding]:
    subject, place = f"sha256:{file.sha256}", Location(file.path)
    for rule, name, text in suspected(found):
        yield _finding(RULES[rule], subject, name, text, place)
    for problem in found.problems:
        yield _finding(UNKNOWN_CODE, subject, "not followed", problem, place)


def _finding(rule: Rule, subject: str, id: str, title: str, place: Location) -> Finding:
    text = f"{rule.id}\n{subject}\n{id}\n{title}"
    return Finding(
        rule=rule.id,
        id=id,
        fingerprint=sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        subject=subject,
        severity=rule.severity,
        title=title,
        remedy=rule.remedy,
        locations=(place,),
        references=rule.references,
    )
