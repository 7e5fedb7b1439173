"""Facts from JSON, and from the tests in a policy.

A fact is written as its bare value (``"age_days": 2.5``) or, where it is not
known, as its reason (``"age_days": {"unknown": "the index has no dates"}``).
What is left out is unknown.  The form that Pratique writes itself, with
``is``, is read as well.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.text import parse_json
from pratique.model.errors import InputError
from pratique.model.facts import NOT_LOOKED_UP, Facts, Known, Unknown, VulnerabilityFact
from pratique.model.inventory import Relation, Scope
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.policy.errors import Defect, PolicyError
from pratique.policy.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FACTS_LINE = 1024 * 1024
"""Characters of one component's facts: 10,000 vulnerabilities with their aliases."""

MAX_VULNERABILITIES = 9_000
"""Vulnerabilities of one component; CEL stops at 10,000 iterations."""

MAX_REASON = 500
"""Characters of the reason why a fact is not known; the rest is cut off."""

FIELDS: dict[str, str] = {
    name: VARIABLES[name].kind for name in Facts.__struct_fields__ if name in VARIABLES
} | {"vulnerabilities": "vulnerabilities"}
"""Kind of every field of the facts but the subject."""

_WORDS: dict[str, Any] = {"relation": Relation, "scope": Scope}
VULNERABILITY_FIELDS = {
    "severity": "severity",
    "cvss": "number",
    "kev": "truth",
    "epss": "number",
    "fixed": "truth",
}
"""Kind of every field of a vulnerability but its ids."""

_LIMITS = {"cvss": 10.0, "epss": 1.0, "scorecard": 10.0}


class Trouble(NamedTuple):
    """What is wrong with one fact."""

    fact: str
    message: str
    remedy: str = ""


class _RefusedError(Exception):
    pass


def facts_from(value: object) -> tuple[Facts | None, list[Trouble]]:
    """Facts of one component out of a decoded JSON object.

    Returns:
        The facts where there was no trouble, and every trouble.
    """
    if not isinstance(value, dict):
        return None, [Trouble("", "facts are not an object", 'Write {"subject": "pkg:…"}.')]
    troubles: list[Trouble] = []
    fields: dict[str, Any] = {}
    for key, given in value.items():
        if key == "subject":
            continue
        if key not in FIELDS:
            troubles.append(_no_such(str(key)))
            continue
        try:
            fields[key] = _fact(key, FIELDS[key], given)
        except _RefusedError as error:
            troubles.append(Trouble(key, f"{key} {error}"))
    subject = _subject(value.get("subject"), troubles)
    if troubles:
        return None, troubles
    return Facts(subject=subject, **fields), []


def _subject(given: object, troubles: list[Trouble]) -> str:
    """The package URL in its canonical form."""
    message = "the facts have no subject"
    if isinstance(given, str):
        try:
            return str(Package.parse(given))
        except InputError as error:
            message = error.message
    troubles.append(Trouble("subject", message, "Give the package URL: pkg:type/name@version."))
    return ""


def read_facts(text: str, path: str) -> Iterator[tuple[int, Facts | None, PolicyError | None]]:
    """Facts of one JSON object, an array of them, or one object a line.

    Args:
        text: The document.
        path: For the messages.

    Yields:
        Line, and either facts or why they were refused; a bad one loses no
        other.
    """
    try:
        whole = parse_json(text)
    except InputError as error:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        if not any(_is_json(line) for _, line in lines):
            yield 1, None, PolicyError([Defect(path, 1, 1, error.message)])
            return
        for number, line in lines:
            yield number, *_line(line, path, number)
        return
    for item in whole if isinstance(whole, list) else [whole]:
        yield 1, *_judged(item, path, 1)


def _is_json(line: str) -> bool:
    try:
        parse_json(line)
    except InputError:
        return False
    return True


def _line(line: str, path: str, number: int) -> tuple[Facts | None, PolicyError | None]:
    if len(line) > MAX_FACTS_LINE:
        message = f"has {len(line):,} characters, over the limit of {MAX_FACTS_LINE:,}"
        return None, PolicyError([Defect(path, number, 1, message)])
    try:
        value = parse_json(line)
    except InputError as error:
        message = error.message.removeprefix("line 1: ")
        return None, PolicyError([Defect(path, number, 1, message)])
    return _judged(value, path, number)


def _judged(value: object, path: str, line: int) -> tuple[Facts | None, PolicyError | None]:
    facts, troubles = facts_from(value)
    if facts is not None:
        return facts, None
    return None, PolicyError(
        [Defect(path, line, 1, trouble.message, trouble.remedy) for trouble in troubles]
    )


def _no_such(name: str) -> Trouble:
    close = get_close_matches(name, FIELDS, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "'pratique policy explain' lists the facts."
    if name in VARIABLES:
        hint = "It follows from the subject, the licences or the vulnerabilities: give those."
    return Trouble(name, f"there is no fact {name[:80]!r}", hint)


def _fact(name: str, kind: str, given: object) -> object:
    """Known or Unknown out of the ways to write a fact."""
    if isinstance(given, dict):
        form = given.get("is")
        if set(given) == {"unknown"} or (form == "unknown" and set(given) == {"is", "reason"}):
            reason = given.get("unknown", given.get("reason"))
            if not isinstance(reason, str) or not reason.strip():
                raise _RefusedError("is unknown without a reason")
            return Unknown(reason[:MAX_REASON])
        if form == "known" and set(given) == {"is", "value"}:
            return _fact(name, kind, given["value"])
        raise _RefusedError("is an object, but not {unknown: reason}")
    if given is None:
        raise _RefusedError("is null: leave it out, or give {unknown: reason}")
    return Known(_KINDS[kind](name, given))


def _truth(_name: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    raise _RefusedError("is not true or false")


def _number(name: str, given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _RefusedError("is not a number")
    try:
        number = float(given)
    except OverflowError:
        raise _RefusedError("is too large a number") from None
    limit = _LIMITS.get(name)
    if number != number or (limit is not None and not 0.0 <= number <= limit):  # noqa: PLR0124
        raise _RefusedError(f"is not between 0 and {limit:g}" if limit else "is not a number")
    return number


def _text(name: str, given: object) -> str:
    if not isinstance(given, str):
        raise _RefusedError("is not a text")
    values = VARIABLES[name].values if name in VARIABLES else ()
    if name in _WORDS:
        values = tuple(_WORDS[name])
    if values and given not in values:
        raise _RefusedError(f"is {given[:80]!r}, not one of {', '.join(values)}")
    return _WORDS[name](given) if name in _WORDS else given


def _severity(_name: str, given: object) -> Severity:
    try:
        return Severity(given)  # type: ignore[arg-type]
    except ValueError:
        raise _RefusedError(f"is not one of {', '.join(Severity)}") from None


def _texts(_name: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise _RefusedError("is not a list of texts")
    return tuple(given)


def _vulnerabilities(_name: str, given: object) -> tuple[VulnerabilityFact, ...]:
    if not isinstance(given, list):
        raise _RefusedError("are not a list")
    if len(given) > MAX_VULNERABILITIES:
        raise _RefusedError(f"are over {MAX_VULNERABILITIES:,}")
    return tuple(map(_vulnerability, given))


def _vulnerability(given: object) -> VulnerabilityFact:
    if isinstance(given, str):
        given = {"id": given}
    if not isinstance(given, dict) or not isinstance(given.get("id"), str) or not given["id"]:
        raise _RefusedError("hold one without an id")
    odd = set(given) - {"id", "aliases"} - set(VULNERABILITY_FIELDS)
    if odd:
        raise _RefusedError(
            f"hold {given['id'][:80]} with the unknown field {min(map(str, odd))!r}"
        )
    fields: dict[str, Any] = {}
    for name, kind in VULNERABILITY_FIELDS.items():
        try:
            fields[name] = _fact(name, kind, given[name]) if name in given else NOT_LOOKED_UP
        except _RefusedError as error:
            raise _RefusedError(f"hold {given['id'][:80]}, whose {name} {error}") from None
    aliases = _texts("aliases", given.get("aliases", []))
    return VulnerabilityFact(id=given["id"], aliases=aliases, **fields)


_KINDS: dict[str, Callable[[str, object], object]] = {
    "truth": _truth,
    "number": _number,
    "text": _text,
    "texts": _texts,
    "severity": _severity,
    "vulnerabilities": _vulnerabilities,
}
