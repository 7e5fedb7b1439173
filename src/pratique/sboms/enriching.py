"""Fills what a document does not state from what the registries say.

What the document states stays as it is, unless overwriting is asked for; where
the registry contradicts it, that is told.  What could not be asked is unknown,
by name and reason.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from pratique.licenses.service import judge
from pratique.model.errors import InputError, PratiqueError, UnsupportedError
from pratique.model.inventory import LicenseClaim
from pratique.model.purl import Package
from pratique.sboms import filling_cyclonedx, filling_spdx, filling_spdx3
from pratique.sboms.filling import FIELDS, Entry, Report
from pratique.sboms.redaction_rules import matches
from pratique.sources.packages.service import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pratique.sboms.document import Document
    from pratique.sources.packages.client import RegistryClient
    from pratique.sources.packages.models import Described
    from pratique.sources.registries import Upstream

MAX_JOBS = 32
"""Most requests at one time: registries throttle whoever asks more."""

MAX_PACKAGES = 50_000
"""Packages of one document that are asked about; images of whole systems have some thousands."""


def enrich(
    document: Document,
    client: RegistryClient,
    registries: Mapping[str, Upstream],
    *,
    name: str,
    now: str,
    fields: Iterable[str] = FIELDS,
    overwrite: bool = False,
    jobs: int = 8,
    skip: Sequence[str] = (),
    progress: Callable[[int, int | None, str], None] | None = None,
) -> tuple[bytes, Report]:
    """Fill a document, which is changed.

    Args:
        document: To be filled.
        client: Asks the registries.
        registries: By word.
        name: Of the document, for the report.
        now: Time for annotations, as SPDX writes it.
        fields: Which to fill, of :data:`FIELDS`.
        overwrite: Whether what the document states may be replaced.
        jobs: Requests at one time, at most :data:`MAX_JOBS`.
        skip: Patterns of package URLs that no registry is told.
        progress: Told how many packages are done, of how many, and which was the last.

    Returns:
        The document in its own form, and what came of it.

    Raises:
        InputError: It has over :data:`MAX_PACKAGES` packages.
    """
    entries = list(entries_of(document, overwrite=overwrite))
    graph = filling_spdx3.Graph(document.value) if document.is_spdx3 else None
    purls = list(dict.fromkeys(one.purl for one in entries))
    if len(purls) > MAX_PACKAGES:
        raise InputError(f"has over {MAX_PACKAGES:,} packages")

    def ask(purl: str) -> Described | PratiqueError:
        if matches(skip, purl):
            return UnsupportedError("is not to be asked about (--skip)")
        try:
            return describe(client, registries, Package.parse(purl))
        except PratiqueError as error:
            return error

    with ThreadPoolExecutor(max(1, min(jobs, MAX_JOBS))) as pool:
        answers = {}
        for purl, told in zip(purls, pool.map(ask, purls), strict=True):
            answers[purl] = told
            if progress:
                progress(len(answers), len(purls), purl)
    wanted = frozenset(fields)
    for entry in entries:
        answer = answers[entry.purl]
        if isinstance(answer, PratiqueError):
            entry.unsure("", answer.message)
        else:
            _fill(document, graph, entry, answer, wanted, now)
    data = document.written()
    replaced = [one.path for entry in entries for one in entry.filled if one.before is not None]
    lost = [path for path in document.lost(data) if not _is_wanted(path, replaced, entries)]
    return data, Report(
        document=name,
        form=document.form,
        components=len(entries),
        registries={word: f"{one.url} ({one.origin})" for word, one in registries.items()},
        filled=tuple(one for entry in entries for one in entry.filled),
        conflicts=tuple(one for entry in entries for one in entry.conflicts),
        unknown=tuple(one for entry in entries for one in entry.unknown),
        lost=tuple(lost),
        notes=document.notes,
    )


def entries_of(document: Document, *, overwrite: bool) -> Iterator[Entry]:
    """The components or packages of a document that have a package URL."""
    if document.is_spdx3:
        return filling_spdx3.entries(document.value, overwrite=overwrite)
    if document.is_cyclonedx:
        return filling_cyclonedx.entries(document.value, overwrite=overwrite)
    return filling_spdx.entries(document.value, overwrite=overwrite)


def _fill(
    document: Document,
    graph: filling_spdx3.Graph | None,
    entry: Entry,
    found: Described,
    wanted: frozenset[str],
    now: str,
) -> None:
    expression = ""
    if "license" in wanted and found.licenses:
        claims = [LicenseClaim(one.value, one.source) for one in found.licenses]
        judged = judge(claims)
        expression = judged.expression
        if not expression:
            entry.unsure("license", judged.reason)
    for field, reason in found.unknown:
        if field in wanted:
            entry.unsure(field, reason)
    if document.is_cyclonedx:
        filling_cyclonedx.fill(entry, found, expression, wanted, document.version)
    elif graph is not None:
        filling_spdx3.fill(entry, found, expression, wanted, graph)
    else:
        filling_spdx.fill(entry, found, expression, wanted, now)
    missing = [
        field
        for field, one in (("license", found.licenses), ("supplier", found.supplier))
        if field in wanted and not one and field not in dict(found.unknown)
    ]
    for field in missing:
        entry.unsure(field, "the registry does not say")


def _is_wanted(path: str, replaced: list[str], entries: list[Entry]) -> bool:
    """Whether a leaf of the original is one that was to be changed."""
    if any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in replaced):
        return True
    filled = {one.path for entry in entries for one in entry.filled}
    # an empty array, ``NOASSERTION`` and null are leaves that were filled
    return path in filled or any(one.startswith(f"{path}[") for one in filled)


def table(report: Report, limit: int) -> str:
    """The report as people read it.

    Args:
        report: To be drawn.
        limit: Rows of each kind that are shown.
    """
    from pratique.report.text import count, printable

    lines = [
        f"{count(report.components, 'component')}: {count(len(report.filled), 'field')} filled, "
        f"{len(report.conflicts):,} in conflict, {len(report.unknown):,} unknown"
    ]
    lines += [
        f"+ {one.component}: {one.field} = {_short(one.value)}" for one in report.filled[:limit]
    ]
    lines += [
        f"! {one.component}: {one.field} is {one.stated}; the registry says {one.registry}"
        for one in report.conflicts[:limit]
    ]
    lines += [
        f"? {one.component}: {one.field or 'everything'}: {one.reason}"
        for one in report.unknown[:limit]
    ]
    lines += [f"lost {path}" for path in report.lost[:limit]]
    lines += [f"note: {one}" for one in report.notes]
    shown = sum(min(limit, len(x)) for x in (report.filled, report.conflicts, report.unknown))
    more = len(report.filled) + len(report.conflicts) + len(report.unknown) - shown
    if more:
        lines.append(f"and {more:,} more; --report FILE writes them all")
    return "\n".join(printable(line) for line in lines) + "\n"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 100 else f"{text[:99]}…"
