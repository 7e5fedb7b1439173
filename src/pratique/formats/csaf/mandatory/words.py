"""Tests of languages, licences and sharing: 6.1.12, 15, 28, 38 to 41, 54, 55, 60.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, rows
from pratique.formats.csaf.mandatory.languages import fault
from pratique.formats.csaf.mandatory.license_grammar import identifiers
from pratique.formats.shapes import objects_in, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

MAX_UUID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
NIL_UUID = "00000000-0000-0000-0000-000000000000"
PUBLIC = "Public"
NO_SHARING = "No sharing allowed"


@mandatory("6.1.12", "Language")
def language(advisory: Advisory) -> Iterator[Finding]:
    """A language exists."""
    for key in ("lang", "source_lang"):
        tag = advisory.document.get(key)
        if isinstance(tag, str) and (said := fault(tag)):
            yield f"/document/{key}", f"{tag[:80]!r} {said}"


@mandatory("6.1.15", "Translator")
def translator(advisory: Advisory) -> Iterator[Finding]:
    """A translation says from which language."""
    category = value_at(advisory.document, "publisher", "category")
    if category == "translator" and not advisory.document.get("source_lang"):
        yield "/document/source_lang", "is absent, but the publisher is a translator"


@mandatory("6.1.28", "Translation")
def translation(advisory: Advisory) -> Iterator[Finding]:
    """A translation is in another language."""
    lang, source = advisory.document.get("lang"), advisory.document.get("source_lang")
    if isinstance(lang, str) and isinstance(source, str) and lang.lower() == source.lower():
        yield "/document/source_lang", f"is {source[:80]!r}, as the document's own language"


def _group(advisory: Advisory) -> dict[str, Any] | None:
    found = value_at(advisory.document, "distribution", "sharing_group")
    return found if isinstance(found, dict) else None


@mandatory("6.1.38", "Non-public sharing group with Max UUID", NEW)
def public_group(advisory: Advisory) -> Iterator[Finding]:
    """Shared with all is clear."""
    group = _group(advisory)
    if group and group.get("id") == MAX_UUID and advisory.label != "CLEAR":
        yield "/document/distribution/tlp/label", f"is {advisory.label!r}, but the group is public"


@mandatory("6.1.39", "Public sharing group with no Max UUID", NEW)
def clear_group(advisory: Advisory) -> Iterator[Finding]:
    """What is clear is shared with all."""
    group = _group(advisory)
    if not group or advisory.label != "CLEAR" or group.get("id") == MAX_UUID:
        return
    if group.get("id") == NIL_UUID and advisory.status == "draft":
        return
    yield "/document/distribution/sharing_group/id", "is not that of everybody"


@mandatory("6.1.40", "Invalid sharing group name", NEW)
def group_name(advisory: Advisory) -> Iterator[Finding]:
    """Reserved names are for the reserved groups."""
    group = _group(advisory) or {}
    name, id = group.get("name"), group.get("id")
    if (name == PUBLIC and id != MAX_UUID) or (name == NO_SHARING and id != NIL_UUID):
        yield "/document/distribution/sharing_group/name", f"{name!r} is reserved"


@mandatory("6.1.41", "Missing sharing group name", NEW)
def reserved_group(advisory: Advisory) -> Iterator[Finding]:
    """Reserved groups have the reserved names."""
    group = _group(advisory) or {}
    wanted = {MAX_UUID: PUBLIC, NIL_UUID: NO_SHARING}.get(str(group.get("id")))
    if wanted and group.get("name") != wanted:
        yield "/document/distribution/sharing_group/name", f"is not {wanted!r}"


@mandatory("6.1.54", "License expression", NEW)
def license_expression(advisory: Advisory) -> Iterator[Finding]:
    """The licence is an SPDX expression."""
    text = advisory.document.get("license_expression")
    if isinstance(text, str) and identifiers(text) is None:
        yield "/document/license_expression", f"{text[:80]!r} is no SPDX expression"


@mandatory("6.1.55", "License text", NEW)
def license_text(advisory: Advisory) -> Iterator[Finding]:
    """A licence that is on no list is in the notes."""
    text = advisory.document.get("license_expression")
    found = identifiers(text) if isinstance(text, str) else None
    if not found or not advisory.english or all(_listed(one) for one in found):
        return
    notes = [
        one for one in objects_in(advisory.document.get("notes")) if one.get("title") == "License"
    ]
    if len(notes) != 1:
        yield "/document/notes", f"has {len(notes)} notes with the title 'License', not one"
    elif notes[0].get("category") != "legal_disclaimer":
        yield "/document/notes", "the note 'License' is not of the category legal_disclaimer"


def _listed(identifier: str) -> bool:
    """Whether a licence is on a list: all but references.

    A plain identifier may be on a newer list than any that could be shipped.
    """
    return not identifier.startswith(("LicenseRef-", "AdditionRef-"))


_CATEGORIES = frozenset({"essential", "significant", "supplementary"})
_EXTENSION = ("$schema", "category", "content", "critical")


def _extensions(advisory: Advisory) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from rows(advisory.value.get("x_extensions"), "/x_extensions")
    yield from rows(advisory.document.get("x_extensions"), "/document/x_extensions")
    for path, name in advisory.names:
        yield from rows(name.get("x_extensions"), f"{path}/x_extensions")
    for path, one in advisory.vulnerabilities():
        yield from rows(one.get("x_extensions"), f"{path}/x_extensions")
        for at, row in rows(one.get("metrics"), f"{path}/metrics"):
            yield from rows(value_at(row, "content", "x_extensions"), f"{at}/content/x_extensions")


@mandatory("6.1.60.1", "Extension content schema", NEW)
def extension_content(advisory: Advisory) -> Iterator[Finding]:
    """An extension has what every extension must have."""
    for path, one in _extensions(advisory):
        missing = [key for key in _EXTENSION if key not in one]
        if missing:
            yield path, f"lacks {', '.join(missing)}"
        if extra := sorted(one.keys() - set(_EXTENSION)):
            yield path, f"has {extra[0][:40]!r}, which no extension has"
        if str(one.get("category", "essential")) not in _CATEGORIES:
            yield path, f"has the category {str(one.get('category'))[:40]!r}"
        if not isinstance(one.get("critical", False), bool):
            yield path, "its critical is neither true nor false"
        if not isinstance(one.get("content", {"": 0}), dict) or not one.get("content", {"": 0}):
            yield path, "has no content"
        if not str(one.get("$schema", "https://")).startswith("https://"):
            yield path, "its $schema is no https address"


def unsupported(advisory: Advisory) -> Iterator[str]:
    """The extensions in a document, none of which is supported here.

    The class is told apart, critical ones first of all, and the value of
    ``$schema`` is given (CSAF 2.1, section 6.1.60.2).
    """
    for _, one in _extensions(advisory):
        critical = "critical " if one.get("critical") is True else ""
        category = str(one.get("category"))[:20]
        yield f"the {critical}{category} extension {str(one.get('$schema'))[:200]} is not supported"


TESTS = (
    language,
    translator,
    translation,
    public_group,
    clear_group,
    group_name,
    reserved_group,
    license_expression,
    license_text,
    extension_content,
)
