"""People, paths and addresses in the fields that CycloneDX has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.pseudonyms import PREFIX
from pratique.sboms.redactor import HIDDEN_URL

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

_PATH_NAMES = ("path", "location", "srcfile", "directory", "filename")


def authors(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take people out of an object, or put pseudonyms in their place."""
    hide = redactor.rules.authors == "pseudonymise"
    for key in ("authors", "contact", "individuals", "signatories"):
        people = owner.get(key)
        for one in people if isinstance(people, list) else ():
            _person(redactor, one, hide=hide)
        if isinstance(people, list) and not hide:
            redactor.drop(owner, key, "authors")
    for key in ("author", "committer", "individual", "publisher"):
        one = owner.get(key)
        if isinstance(one, dict):
            _person(redactor, one, hide=hide)
            if not hide and key == "individual":  # an annotator is required
                for inner in [x for x in one if x != "name"]:
                    redactor.drop(one, inner, "authors")
                redactor.put(one, "name", "redacted", "authors")
            elif not hide:
                redactor.drop(owner, key, "authors")
        elif isinstance(one, str) and one and not one.startswith(PREFIX):
            redactor.forbid(one, "authors")
            if hide:
                redactor.put(owner, key, redactor.pseudonyms.of("person", one), "authors")
            else:
                redactor.drop(owner, key, "authors")


def _person(redactor: Redactor, one: Any, *, hide: bool) -> None:
    if not isinstance(one, dict):
        return
    for key in ("name", "email", "phone"):
        redactor.forbid(one.get(key), "authors")
    if hide:
        name = str(one.get("name") or one.get("email") or "")
        for key in ("email", "phone", "bom-ref"):
            redactor.drop(one, key, "authors")
        redactor.put(one, "name", redactor.pseudonyms.of("person", name), "authors")


def paths(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take places in a file system out of an object."""
    evidence = owner.get("evidence")
    if isinstance(evidence, dict):
        for key in ("occurrences", "callstack"):
            redactor.drop(evidence, key, "paths")
        if not evidence:
            del owner["evidence"]
    redactor.sift(owner, "properties", _is_path, "paths")
    name = owner.get("name")
    if owner.get("type") == "file" and isinstance(name, str) and ("/" in name or "\\" in name):
        base = name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "redacted"
        redactor.put(owner, "name", base, "paths")


def _is_path(one: Any) -> bool:
    if not isinstance(one, dict):
        return False
    name, value = str(one.get("name") or ""), one.get("value")
    last = name.rpartition(":")[2].lower()
    return isinstance(value, str) and ("/" in value or "\\" in value) and last.endswith(_PATH_NAMES)


def addresses(redactor: Redactor, owner: dict[str, Any]) -> None:
    """Take addresses of hosts that must not leave out of an object."""
    redactor.sift(
        owner,
        "externalReferences",
        lambda one: isinstance(one, dict) and redactor.is_hidden(one.get("url")),
        "urls",
    )
    url = owner.get("url")
    if isinstance(url, list):
        redactor.sift(owner, "url", redactor.is_hidden, "urls")
    elif redactor.is_hidden(url) and "type" not in owner:
        redactor.put(owner, "url", HIDDEN_URL, "urls")
    purl = owner.get("purl")
    if isinstance(purl, str) and "?" in purl:
        plain = without_hidden(redactor, purl)
        if plain != purl:
            redactor.put(owner, "purl", plain, "urls")


def without_hidden(redactor: Redactor, purl: str) -> str:
    """A package URL without qualifiers that lead to hidden hosts."""
    try:
        package = Package.parse(purl)
    except InputError:
        return purl
    kept = {k: v for k, v in package.qualifiers if not redactor.is_hidden(v.removeprefix("git+"))}
    if len(kept) == len(package.qualifiers):
        return purl
    return str(
        Package.of(
            package.type,
            package.name,
            package.version,
            namespace=package.namespace,
            qualifiers=kept,
            subpath=package.subpath,
        )
    )
