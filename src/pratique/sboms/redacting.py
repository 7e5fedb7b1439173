"""Makes of a document one that may leave, and says what was taken out of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.validation import validate
from pratique.inventory.sbom_input import CREATOR
from pratique.model.errors import InputError, UnsupportedError
from pratique.sboms import (
    redact_cyclonedx,
    redact_cyclonedx_graph,
    redact_spdx,
    redact_spdx_graph,
)
from pratique.sboms.redactor import Redactor, Removal

if TYPE_CHECKING:
    from pratique.sboms.document import Document
    from pratique.sboms.pseudonyms import Pseudonyms
    from pratique.sboms.redaction_rules import Rules

_NAMESPACE = UUID("0f2a1d1e-6f0c-5b58-9e0b-6a2f4c9d7b31")

_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For documents that state no time of their own."""

MAX_RESIDUE = 1000
"""Places of what is left that are named; one is enough not to hand the document out."""


_WORD = re.compile(r"[\w-]+")


class Residue(msgspec.Struct, frozen=True):
    """A text that was to go and is still there: whoever hands the document out must look."""

    path: str
    """In the result."""

    rule: str
    text: str


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken out of a document.  It holds what must not leave."""

    document: str
    form: str
    removed_components: int
    pseudonymised_components: int
    removals: tuple[Removal, ...]
    residue: tuple[Residue, ...] = ()
    cut: tuple[str, ...] = ()
    """What only removed components needed, where edges were not rewired."""

    dangling: tuple[str, ...] = ()
    """References that lead nowhere now and did not before."""

    faults: tuple[str, ...] = ()
    """What the specification does not allow now and was not there before."""

    notes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the result may leave without a look at it."""
        return not (self.residue or self.dangling or self.faults)


def redact(
    document: Document, rules: Rules, pseudonyms: Pseudonyms, *, name: str
) -> tuple[bytes, Redaction]:
    """Redact a document, which is changed.

    The same document, rules and key give the same bytes.

    Args:
        document: To be redacted.
        rules: What must not leave.
        pseudonyms: For what stays under another name.
        name: Of the document, for the report.

    Returns:
        The document in its own form, and what was taken out.

    Raises:
        UnsupportedError: Lines of it are not understood, so that they cannot be vouched for.
    """
    if document.is_spdx3:
        return _by_way_of_spdx2(document, rules, pseudonyms, name)
    if document.bill.left and document.form == document.bill.form:
        line, text, _ = document.bill.left[0]
        raise UnsupportedError(
            f"line {line} is not understood ({text[:60]!r}), and could hold anything.",
            remedy="Correct or remove it first.",
        )
    graph = redact_cyclonedx_graph if document.is_cyclonedx else redact_spdx_graph
    before = graph.references(document.value)
    faults_before = _faults(document.written())
    redactor = Redactor(document.value, rules, pseudonyms)
    if document.is_cyclonedx:
        redact_cyclonedx.redact(redactor)
        redact_cyclonedx.state(redactor, _said(redactor), document.version)
    else:
        redact_spdx.redact(redactor)
        redact_spdx.state(redactor, _said(redactor), CREATOR, _created(document.value))
    _rename_document(document, redactor)
    data = document.written()
    return data, Redaction(
        document=name,
        form=document.form,
        removed_components=redactor.components["removed"],
        pseudonymised_components=redactor.components["pseudonymised"],
        removals=redactor.removals,
        residue=tuple(_residue(redactor)),
        cut=tuple(dict.fromkeys(redactor.cut)),
        dangling=tuple(
            sorted(
                graph.references(document.value)
                - {redactor.renamed.get(one, one) for one in before}
            )
        ),
        faults=tuple(sorted(_faults(data) - faults_before)),
        notes=tuple(dict.fromkeys((*document.notes, *redactor.notes))),
    )


def _by_way_of_spdx2(
    document: Document, rules: Rules, pseudonyms: Pseudonyms, name: str
) -> tuple[bytes, Redaction]:
    """Redact a graph of SPDX 3: only what SPDX 2.3 has a field for stays in it."""
    from pratique.formats.sbom.convert.through_spdx3 import aligned
    from pratique.formats.sbom.spdx3.values import to_spdx2
    from pratique.formats.sbom.spdx3.write import to_graph
    from pratique.sboms.document import Document

    plain = to_spdx2(copied(document.value), _UNKNOWN_TIME)
    faults_before = _faults(msgspec.json.encode(document.value))
    data, done = redact(Document(msgspec.json.encode(plain)), rules, pseudonyms, name=name)
    value = msgspec.json.decode(data)
    # Under its old name, so that what is gone is told from what only has another one.
    kept = to_graph(value | {"documentNamespace": plain["documentNamespace"]}, _UNKNOWN_TIME)
    rule_of = {str(one.value): one.rule for one in done.removals}
    removals = tuple(
        Removal(path=path, rule=rule_of.get(str(leaf), "carried"), action="removed", value=leaf)
        for path, leaf in missing(document.value, aligned(kept, document.value)).items()
    )
    left = [one for one in removals if one.rule == "carried"]
    graph = to_graph(value, _UNKNOWN_TIME)
    data = indented_json(graph)
    note = (
        f"SPDX 3 is redacted by way of SPDX 2.3: {len(left):,} leaves that it has no field for "
        "are left out"
    )
    return data, msgspec.structs.replace(
        done,
        form=document.form,
        removals=removals,
        faults=tuple(sorted(_faults(data) - faults_before)),
        notes=(note, *done.notes),
    )


def _faults(data: bytes) -> set[str]:
    """What a document's specification does not allow, without places, which move."""
    try:
        return {
            re.sub(r"\[\d+\]", "[]", f"{one.path}: {one.message}") for one in validate(data).faults
        }
    except UnsupportedError:  # a version without a schema
        return set()
    except InputError as error:
        return {error.message}


def _said(redactor: Redactor) -> str:
    """What the document may say of its redaction: counts by rule, and nothing of the content."""
    counts = {
        "components removed": redactor.components["removed"],
        "components pseudonymised": redactor.components["pseudonymised"],
    }
    for rule in ("paths", "authors", "properties", "annotations", "urls"):
        counts[rule] = len([one for one in redactor.removals if one.rule == rule])
    return "; ".join(f"{name}: {number}" for name, number in counts.items() if number) or "nothing"


def _created(document: dict[str, Any]) -> str:
    info = document.get("creationInfo")
    created = info.get("created") if isinstance(info, dict) else None
    return created if isinstance(created, str) else "1970-01-01T00:00:00Z"


def _rename_document(document: Document, redactor: Redactor) -> None:
    """Give the result an identity of its own: it is another document than the original."""
    value = document.value
    content = msgspec.json.encode(value, order="deterministic")
    key = "serialNumber" if document.is_cyclonedx else "documentNamespace"
    stated = value.get(key)
    value.pop(key, None)
    new = f"urn:uuid:{uuid5(_NAMESPACE, content.decode('utf-8', 'replace'))}"
    if isinstance(stated, str):
        redactor.note(key, stated, "identity", new)
        redactor.forbid(stated, "identity")
        value[key] = new
    elif not document.is_cyclonedx or document.version >= (1, 1):
        value[key] = new
    if document.is_cyclonedx:
        redactor.put(value, "version", 1, "identity")


def _residue(redactor: Redactor) -> list[Residue]:
    """Where texts that were to go are still found, as whole words."""
    by_word: dict[str, list[str]] = {}
    for token in redactor.tokens:
        words = _WORD.findall(token)
        by_word.setdefault(max(words, key=len, default=""), []).append(token)
    found = []
    for path, leaf in leaves(redactor.value).items() if by_word else ():
        if not isinstance(leaf, str):
            continue
        # every word of a token that is there is a word of the text
        near = [one for word in {"", *_WORD.findall(leaf)} for one in by_word.get(word, ())]
        hits = [one for one in near if _is_within(one, leaf)]
        if hits:
            longest = max(hits, key=len)
            found.append(Residue(path, redactor.tokens[longest], longest))
            if len(found) == MAX_RESIDUE:
                break
    return found


def _is_within(token: str, text: str) -> bool:
    at = text.find(token)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(token) :][:1]
        if not _WORD.match(before) and not _WORD.match(after):
            return True
        at = text.find(token, at + 1)
    return False


def table(done: Redaction, limit: int) -> str:
    """The report as people read it, without what must not leave."""
    from pratique.report.text import count, printable

    by_rule: dict[str, int] = {}
    for one in done.removals:
        by_rule[one.rule] = by_rule.get(one.rule, 0) + 1
    lines = [
        f"{count(done.removed_components, 'component')} removed, "
        f"{done.pseudonymised_components:,} pseudonymised"
    ]
    lines += [f"  {rule:<12} {count(number, 'leaf', 'leaves')}" for rule, number in by_rule.items()]
    lines += [f"note: {one}" for one in done.notes]
    lines += [f"cut: nothing that is left needs {one}" for one in done.cut[:limit]]
    lines += [f"! still there ({one.rule}): {one.path}" for one in done.residue[:limit]]
    lines += [f"! leads nowhere: {one}" for one in done.dangling[:limit]]
    lines += [f"! not valid: {one}" for one in done.faults[:limit]]
    if not done.clean:
        lines.append("look at the lines with ! before this document leaves")
    return "\n".join(printable(line) for line in lines) + "\n"
