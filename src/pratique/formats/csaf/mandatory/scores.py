"""Tests of scores: 6.1.7 to 6.1.10, 46, 47, 56."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory import cvss_words
from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, rows
from pratique.formats.csaf.mandatory.history import contents
from pratique.formats.shapes import objects_in, texts_in, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

KEYS = ("cvss_v2", "cvss_v3", "cvss_v4")


def _scores(advisory: Advisory) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, key and object of every CVSS object."""
    for path, one in advisory.vulnerabilities():
        for at, row in _scored(path, one):
            for key in KEYS:
                if isinstance(row.get(key), dict):
                    yield f"{at}/{key}", key, row[key]


def _scored(path: str, one: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from rows(one.get("scores"), f"{path}/scores")
    yield from contents(path, one)


@mandatory("6.1.7", "Multiple scores with same version per product")
def repeated_score(advisory: Advisory) -> Iterator[Finding]:
    """A product has one score of each CVSS version (2.1: of each source)."""
    for path, one in advisory.vulnerabilities():
        seen: set[tuple[str, str, str]] = set()
        found = [(at, row, row) for at, row in rows(one.get("scores"), f"{path}/scores")]
        for at, row in rows(one.get("metrics"), f"{path}/metrics"):
            content = row.get("content")
            found.append((at, row, content if isinstance(content, dict) else {}))
        for at, row, content in found:
            source = str(row.get("source", ""))
            for key in KEYS:
                score = content.get(key)
                if not isinstance(score, dict):
                    continue
                version = str(score.get("version", key))
                for id in texts_in(row.get("products")):
                    if (id, version, source) in seen:
                        yield f"{at}/products", f"product {id!r} has a CVSS {version} score before"
                    seen.add((id, version, source))


@mandatory("6.1.8", "Invalid CVSS")
def valid_cvss(advisory: Advisory) -> Iterator[Finding]:
    """A CVSS object keeps to the schema of its version."""
    for path, key, score in _scores(advisory):
        for fault in cvss_words.faults(key, score):
            yield path, fault


@mandatory("6.1.9", "Invalid CVSS computation")
def computed_cvss(advisory: Advisory) -> Iterator[Finding]:
    """Scores and severities are those of the vector."""
    for path, _, score in _scores(advisory):
        for key, stated, computed in cvss_words.computed(score):
            if stated != computed:
                yield f"{path}/{key}", f"is {stated!r}; the vector gives {computed!r}"


@mandatory("6.1.10", "Inconsistent CVSS")
def consistent_cvss(advisory: Advisory) -> Iterator[Finding]:
    """Properties say what the vector says."""
    for path, key, score in _scores(advisory):
        for name, stated, wanted in cvss_words.metrics(key, score):
            if stated != wanted:
                yield f"{path}/{name}", f"is {stated!r}; the vector says {wanted!r}"


_SEMVER = re.compile(r"\d+\.\d+\.\d+\Z")
_NAMESPACE = re.compile(r"[A-Za-z0-9_.#/$=-]{3,1000}\Z")


@mandatory("6.1.46", "Invalid SSVC", NEW)
def valid_ssvc(advisory: Advisory) -> Iterator[Finding]:
    """An SSVC object has what its schema requires."""
    for path, one in advisory.vulnerabilities():
        for at, content in contents(path, one):
            if "ssvc_v2" in content:
                for fault in _ssvc_faults(content["ssvc_v2"]):
                    yield f"{at}/ssvc_v2", fault


def _ssvc_faults(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "is no object"
        return
    for key in ("schemaVersion", "selections", "timestamp"):
        if key not in value:
            yield f"lacks {key}"
    if value.get("schemaVersion", "2.0.0") != "2.0.0":
        yield "is not of schema version 2.0.0"
    selections = value.get("selections", [{}])
    if not isinstance(selections, list) or not selections:
        yield "has no selections"
    for row in objects_in(selections):
        if not row:
            continue
        missing = [key for key in ("key", "namespace", "values", "version") if key not in row]
        if missing:
            yield f"has a selection without {', '.join(missing)}"
        if not _NAMESPACE.match(str(row.get("namespace", "ssvc"))):
            yield "has a selection with a bad namespace"
        if not _SEMVER.match(str(row.get("version", "1.0.0"))):
            yield "has a selection with a bad version"
        if any("key" not in one for one in objects_in(row.get("values"))):
            yield "has a value without a key"


@mandatory("6.1.47", "Inconsistent SSVC target ids", NEW)
def ssvc_targets(advisory: Advisory) -> Iterator[Finding]:
    """An SSVC decision is about the vulnerability that it is in."""
    several = len(objects_in(advisory.value.get("vulnerabilities"))) > 1
    for path, one in advisory.vulnerabilities():
        known = [one.get("cve"), *(row.get("text") for row in objects_in(one.get("ids")))]
        for at, content in contents(path, one):
            for number, id in enumerate(texts_in(value_at(content, "ssvc_v2", "target_ids"))):
                place = f"{at}/ssvc_v2/target_ids/{number}"
                if id not in known:
                    yield place, f"{id!r} is not an id of the vulnerability"
                elif several and id == advisory.tracking.get("id"):
                    yield place, f"{id!r} is the document, which has several vulnerabilities"


@mandatory("6.1.56", "Use of CVSS and qualitative severity rating", NEW)
def score_and_rating(advisory: Advisory) -> Iterator[Finding]:
    """A source gives a product a score or a word."""
    for path, one in advisory.vulnerabilities():
        kinds: dict[tuple[str, str], set[str]] = {}
        for at, row in rows(one.get("metrics"), f"{path}/metrics"):
            content = row.get("content")
            content = content if isinstance(content, dict) else {}
            found = {"score"} if any(key in content for key in KEYS) else set()
            if "qualitative_severity_rating" in content:
                found.add("word")
            for id in texts_in(row.get("products")):
                kind = kinds.setdefault((id, str(row.get("source", ""))), set())
                if len(kind) < 2 and len(kind | found) == 2:
                    yield at, f"product {id!r} has both a CVSS score and a rating in words"
                kind |= found


TESTS = (
    repeated_score,
    valid_cvss,
    computed_cvss,
    consistent_cvss,
    valid_ssvc,
    ssvc_targets,
    score_and_rating,
)
