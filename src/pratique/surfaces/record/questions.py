"""The questions of the command line, over HTTP.

Each is the command of that name: its parser reads the parameters, and its answer is
what ``--format json`` prints.  Only parameters that are listed here reach it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import msgspec

from pratique.model.errors import EvidenceError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pratique.model.command import Command
    from pratique.store.engine import Store

Json = dict[str, Any]

PAGE = 1_000
"""Items of a page where none is asked for."""

MAX_PAGE = 100_000
"""Most items of a page."""

MAX_TEXT = 8_192
"""Characters of a parameter: those of the longest package URL."""


class Parameter(NamedTuple):
    """A parameter of a question."""

    name: str
    help: str
    kind: str = "string"
    """``string``, ``integer`` or ``boolean``."""

    required: bool = False
    positional: bool = False


class Question(NamedTuple):
    """A question."""

    command: str
    """Import string of its command."""

    summary: str
    items: str
    """Member of the answer that is given in pages."""

    parameters: tuple[Parameter, ...]
    always: tuple[str, ...] = ()
    """Options that it always has."""


def _purl(help: str = "a package URL, or one with a range of versions") -> Parameter:
    return Parameter("purl", help, required=True, positional=True)


_AS_OF = Parameter("as-of", "answer from what had come in by then: a date, or a time of RFC 3339")
_DEPTH = Parameter("depth", "most steps", "integer")

QUESTIONS: dict[str, Question] = {
    "affected": Question(
        "pratique.health.exposure:affected",
        "Exposure: which products contain a package, or what a vulnerability affects.",
        "hits",
        (
            Parameter("subject", "a vulnerability, a package URL, or one with a range",
                      required=True, positional=True),
            Parameter("current", "only products whose newest bill contains it", "boolean"),
            Parameter("no-paths", "do not look for the paths", "boolean"),
            _AS_OF,
        ),
    ),
    "why": Question(
        "pratique.graph.cli:why",
        "Explanation: the paths to a package inside the products that contain it.",
        "explanations",
        (
            _purl(),
            Parameter("product", "only inside this product"),
            Parameter("version", "only inside this version of it"),
            Parameter("paths", "list so many paths, at most 1,000", "integer"),
            _AS_OF,
        ),
    ),
    "known": Question(
        "pratique.graph.cli:known",
        "Everything that the record knows of a package, artifact, source or vulnerability.",
        "evidence",
        (
            Parameter("noun", "a package URL, a digest, a source or the id of a vulnerability",
                      required=True, positional=True),
            _AS_OF,
        ),
    ),
    "bad": Question(
        "pratique.graph.cli:bad", "What people certified to be bad.", "evidence", (_AS_OF,)
    ),
    "patch": Question(
        "pratique.graph.cli:patch", "Who must upgrade in which order.", "waves", (_purl(), _AS_OF)
    ),
    "dependents": Question(
        "pratique.graph.reach_cli:dependents",
        "Ecosystem reach: what depends on a package in the union of all bills.",
        "dependents",
        (_purl(), _DEPTH, _AS_OF),
    ),
    "dependencies": Question(
        "pratique.graph.reach_cli:dependencies",
        "Ecosystem reach: what a package depends on in the union of all bills.",
        "dependencies",
        (_purl(), _DEPTH, _AS_OF),
    ),
    "diff": Question(
        "pratique.graph.cli:diff",
        "What changed between two versions of a product.",
        "changes",
        (
            Parameter("product", "name of the product", required=True, positional=True),
            Parameter("before", "its earlier version", required=True, positional=True),
            Parameter("after", "its later version", required=True, positional=True),
            _AS_OF,
        ),
    ),
    "history": Question(
        "pratique.graph.cli:history",
        "Since when, and until when, products shipped a package.",
        "history",
        (_purl(), _AS_OF),
    ),
    "top": Question(
        "pratique.graph.cli:top",
        "The packages in most bills.",
        "packages",
        (Parameter("limit", "how many", "integer"), _AS_OF),
    ),
    "products": Question(
        "pratique.graph.cli:products",
        "Products with their bills.",
        "products",
        (
            Parameter("product", "only this one", positional=True),
            Parameter("environment", "only what runs there"),
            _AS_OF,
        ),
    ),
    "latest": Question(
        "pratique.graph.cli:products",
        "The newest bill of a product in each environment.",
        "products",
        (
            Parameter("product", "name of the product", required=True, positional=True),
            Parameter("environment", "only what runs there"),
            _AS_OF,
        ),
        always=("--latest",),
    ),
}  # fmt: skip


class _Parser(ArgumentParser):
    """Raises what argparse would print."""

    def error(self, message: str) -> NoReturn:
        """Refuse.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message}.")


def ask(
    store: Store, tenant: str, name: str, given: Mapping[str, str], advisories: Path | None = None
) -> Json:
    """The answer to a question: what its command prints as JSON, or a page of it.

    Args:
        store: The record.
        tenant: Whose.
        name: Of the question.
        given: Parameters, and ``page-size`` and ``cursor``.
        advisories: Index of the advisories; the user's own where it is ``None``.

    Raises:
        UsageError: A parameter is unknown, missing or unfit.
        InputError: A package URL cannot be read.
        EvidenceError: The record cannot be read.
    """
    question = QUESTIONS[name]
    size, start, moment = _page(given, name)
    values = {key: text for key, text in given.items() if key not in {"page-size", "cursor"}}
    if moment:
        values["as-of"] = moment
    elif size and "as-of" not in values:
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    answers: list[Json] = []
    options = _options(question, values)
    options.served, options.answer_to = store, answers.append
    options.tenant, options.format = tenant, "json"
    if advisories is not None:
        options.advisories = advisories
    _load(question).run(options)
    answer: Json = msgspec.to_builtins(answers[0])
    items = answer[question.items]
    if not size and len(items) > PAGE:
        size = PAGE
        moment = moment or values.get("as-of", "") or _now()
    if size:
        shown = items[start : start + size]
        answer[question.items] = shown
        if start + size < len(items):
            answer["next"] = _cursor(name, start + size, size, moment or values["as-of"])
    return answer


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _load(question: Question) -> Command:
    module, _, attribute = question.command.partition(":")
    found: Command = getattr(import_module(module), attribute)
    return found


def _options(question: Question, given: Mapping[str, str]) -> Any:
    """The options of a command, from the parameters that a question has."""
    known = {one.name: one for one in question.parameters}
    if unknown := sorted(set(given) - set(known)):
        raise UsageError(f"there is no parameter {unknown[0][:80]!r}.")
    words, positional = list(question.always), []
    for one in question.parameters:
        text = given.get(one.name)
        if text is None:
            if one.required:
                raise UsageError(f"the parameter {one.name} is missing.")
            continue
        if len(text) > MAX_TEXT:
            raise UsageError(f"the parameter {one.name} has over {MAX_TEXT:,} characters.")
        if one.positional:
            positional.append(text)
        elif one.kind == "boolean":
            words += [f"--{one.name}"] if _boolean(one.name, text) else []
        else:
            words.append(f"--{one.name}={text}")
    command = _load(question)
    parser = _Parser(add_help=False, allow_abbrev=False)
    command.configure(parser)
    return parser.parse_args([*words, "--", *positional] if positional else words)


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise UsageError(f"the parameter {name} is true or false, not {text[:40]!r}.")
    return text.lower() == "true"


class _Place(msgspec.Struct, array_like=True):
    """Where a page begins: the question, the item, the size, and the moment it is about."""

    question: str
    start: int
    size: int
    moment: str


def _cursor(name: str, start: int, size: int, moment: str) -> str:
    return urlsafe_b64encode(msgspec.json.encode(_Place(name, start, size, moment))).decode()


def _page(given: Mapping[str, str], name: str) -> tuple[int, int, str]:
    """Size and start of a page, and the moment that its first page was about."""
    size = given.get("page-size", "")
    if size and not (size.isascii() and size.isdecimal() and 0 < int(size[:9]) <= MAX_PAGE):
        raise UsageError(f"page-size is a number from 1 to {MAX_PAGE:,}.")
    cursor = given.get("cursor", "")
    if not cursor:
        return int(size or 0), 0, ""
    try:
        place = msgspec.json.decode(urlsafe_b64decode(cursor[:MAX_TEXT]), type=_Place)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise UsageError("the cursor is none that was given here.") from None
    if place.question != name or place.start < 0 or not 0 < place.size <= MAX_PAGE:
        raise UsageError("the cursor is none of this question.")
    return int(size or place.size), place.start, place.moment


__all__ = ["QUESTIONS", "EvidenceError", "InputError", "ask"]
