"""People, paths and addresses in the fields that SPDX 2 has for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.parties import party
from pratique.sboms.redact_cyclonedx_fields import without_hidden

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

_MAIL = re.compile(r"\s*\([^()]*@[^()]*\)\s*\Z")
_LOCATIONS = {"homepage": None, "downloadLocation": "NOASSERTION"}


def authors(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take people out of an element, or put pseudonyms in their place."""
    hide = redactor.rules.authors == "pseudonymise"
    for key, without in (
        ("supplier", "NOASSERTION"),
        ("originator", "NOASSERTION"),
        ("annotator", "Person: redacted"),
        ("reviewer", "Person: redacted"),
    ):
        if isinstance(text := owner.get(key), str):
            redactor.put(owner, key, _party(redactor, text, without, hide=hide), "authors")
    for key in ("creators", "fileContributors"):
        items = owner.get(key)
        if not isinstance(items, list):
            continue
        for number, text in enumerate(items):
            if isinstance(text, str) and hide:
                person = text if key == "creators" else f"Person: {text}"
                new = _party(redactor, person, "", hide=True)
                new = new if key == "creators" else new.removeprefix("Person: ")
                if new != text:
                    redactor.note(redactor.path(items, number), text, "authors", new)
                    items[number] = new
        if not hide:
            for one in items:
                redactor.forbid(party(one)[1] if key == "creators" else one, "authors")
            redactor.sift(
                owner,
                key,
                (lambda _: True) if key == "fileContributors" else _is_person,
                "authors",
            )


def _is_person(text: Any) -> bool:
    return party(text)[0] == "Person"


def _party(redactor: Redactor, text: str, without: str, *, hide: bool) -> str:
    """A party without its person, or without its address where it is none."""
    kind, name, mail = party(text)
    if mail:
        redactor.forbid(mail, "authors")
    if kind != "Person":
        return _MAIL.sub("", text)
    redactor.forbid(name, "authors")
    return f"Person: {redactor.pseudonyms.of('person', name)}" if hide else without


def paths(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take places in a file system out of an element."""
    redactor.drop(owner, "sourceInfo", "paths")
    for key in ("fileName", "packageFileName"):
        name = owner.get(key)
        plain = name.replace("\\", "/").rstrip("/") if isinstance(name, str) else ""
        if isinstance(name, str) and "/" in plain.removeprefix("./"):
            base = plain.rpartition("/")[2] or "redacted"
            redactor.put(owner, key, f"./{base}" if key == "fileName" else base, "paths")


def addresses(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take addresses of hosts that must not leave out of an element."""
    for key, without in _LOCATIONS.items():
        value = owner.get(key)
        plain = value.removeprefix("git+").removeprefix("svn+") if isinstance(value, str) else ""
        if redactor.is_hidden(plain):
            if without is None:
                redactor.drop(owner, key, "urls")
            else:
                redactor.put(owner, key, without, "urls")
    redactor.sift(
        owner,
        "externalRefs",
        lambda one: isinstance(one, dict) and redactor.is_hidden(one.get("referenceLocator")),
        "urls",
    )
    redactor.sift(owner, "seeAlsos", redactor.is_hidden, "urls")
    if owner.get("referenceType") == "purl" and isinstance(
        purl := owner.get("referenceLocator"), str
    ):
        redactor.put(owner, "referenceLocator", without_hidden(redactor, purl), "urls")
