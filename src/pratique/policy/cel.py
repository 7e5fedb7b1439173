"""The one module that speaks to the CEL library.

Expressions are type-checked against :data:`~pratique.policy.variables.VARIABLES`
when a policy is loaded.  A fact that is not known is left out of what an
expression is evaluated on; CEL's ``&&``, ``||``, ``exists`` and ``all`` then
absorb its absence exactly where the result does not depend on it (CEL
language definition, "Logical operators" and "Macros"), and everything else
answers with an error, which is *unknown* here.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.policy.licenses import permitted
from pratique.policy.variables import KNOWN, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_EXPRESSION = 2_000
"""Characters of one expression.  The longest of the packs has 120; a list of a
hundred licences fits.  The library itself stops at 32 levels of recursion and
10,000 iterations, and its regular expressions (RE2) take linear time."""

_ERROR = re.compile(r"^(?:[A-Z_]+: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_LITERALS = re.compile(
    r"'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*",
    re.DOTALL,
)
_REFUSED = re.compile(r"(?<![\w.])(dyn|google|type)(?=\s*[(.])")
_ROOTED = re.compile(r"(?:^|[^\w)\]}\s])\s*(\.)\s*[A-Za-z_]")
_QUADRATIC = re.compile(r"\.\s*(map|filter)(?=\s*\()")
_COMPARED = re.compile(
    r"\b(\w+)\s*(?:==|!=)\s*(['\"])(.*?)\2|\b(\w+)\s+in\s+\[((?:\s*(['\"]).*?\6\s*,?)*)\s*\]"
)
_QUOTED = re.compile(r"(['\"])(.*?)\1")


class CelError(Exception):
    """An expression is refused; row and column are counted from 1 within it."""

    def __init__(self, message: str, row: int = 1, column: int = 1, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.row = max(1, row)
        self.column = max(1, column)
        self.remedy = remedy


class Compiled(NamedTuple):
    """An expression that was checked, and what it looks at."""

    text: str
    program: Any
    facts: frozenset[str]
    """Names of the variables it depends on."""

    asks: frozenset[str]
    """Names of the variables of which it asks whether they are known."""


@lru_cache(maxsize=1024)
def check(text: str) -> Compiled:
    """Check an expression and compile it.

    Raises:
        CelError: It is too long, not CEL, names what there is not, mixes
            types, or does not say yes or no.
    """
    if len(text) > MAX_EXPRESSION:
        raise CelError(
            f"the expression has {len(text):,} characters, over the limit of {MAX_EXPRESSION:,}",
            remedy="Split it into several rules.",
        )
    for row, line in enumerate(text.split("\n"), 1):
        for column, sign in enumerate(line, 1):
            if not sign.isprintable() and sign != "\t":
                raise CelError("the expression has a control character", row, column)
    bare = without_literals(text)
    quadratic = _QUADRATIC.search(bare)
    if quadratic:
        row, column = _place(text, quadratic.start(1))
        raise CelError(
            f"{quadratic.group(1)!r} is not available: its time grows with the square of a list",
            row,
            column,
            "Ask with exists, exists_one or all.",
        )
    refused = _REFUSED.search(bare)
    if refused:
        row, column = _place(text, refused.start())
        raise CelError(
            f"{refused.group(1)!r} is not available: it takes values out of the type check",
            row,
            column,
            "Compare the facts themselves.",
        )
    rooted = _ROOTED.search(_LITERALS.sub(_filled, text))
    if rooted:
        row, column = _place(text, rooted.start(1))
        raise CelError(
            "a name cannot begin with a dot: it would not be seen what the rule depends on",
            row,
            column,
            "Leave the dot out.",
        )
    program = _compile(text)
    if program.return_type().name() != "BOOL":
        kind = program.return_type().name().lower()
        raise CelError(
            f"the expression gives {kind}, not yes or no",
            remedy="Compare it with something: ==, <, in, size(…) > 0.",
        )
    _check_values(text)
    names = _references(text)
    return Compiled(
        text,
        program,
        frozenset(names & VARIABLES.keys()),
        frozenset(name.removeprefix(KNOWN) for name in names if name.startswith(KNOWN)),
    )


def _filled(literal: re.Match[str]) -> str:
    """Something of the same length: a comment is nothing, a text is a value."""
    return (" " if literal[0].startswith("//") else "x") * len(literal[0])


def without_literals(text: str) -> str:
    """An expression whose strings and comments are blanks, all else in its place."""
    return _LITERALS.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def together(texts: Iterable[str]) -> Any:
    """One program that evaluates several checked expressions, to a list of answers.

    Returns:
        ``None`` where the library does not take them at once: they are too many.
    """
    try:
        # The line end closes a comment that an expression may end with.
        return _environment().compile("[" + ",".join(f"({text}\n)" for text in texts) + "]")
    except RuntimeError:
        return None


def ask(program: Any, data: dict[str, object]) -> bool | str:
    """Evaluate one expression: yes, no, or why there is no answer."""
    try:
        answer = program.eval(data=data).value()
    except (RuntimeError, TypeError, ValueError) as error:
        answer = str(error)
    if answer is True or answer is False:
        return answer
    return str(answer).partition(": ")[2].split(" [")[0][:300] or str(answer)[:300]


def ask_all(program: Any, data: dict[str, object]) -> list[bool] | None:
    """Evaluate what :func:`together` made; ``None`` where any has no answer."""
    try:
        answer = program.eval(data=data).plain_value()
    except (RuntimeError, TypeError, ValueError):
        return None
    return answer if type(answer) is list else None


def _compile(text: str) -> Any:
    try:
        return _environment().compile(text)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _explained(str(error)) from None


def _explained(message: str) -> CelError:
    """What the library says, as people who write policies say it."""
    found = _ERROR.search(message)
    if not found:
        deep = "recursion" in message
        return CelError(
            "the expression is nested too deeply" if deep else "the expression is not CEL",
            remedy="Split it into several rules." if deep else "",
        )
    row, column, problem = int(found.group(1)), int(found.group(2)), found.group(3)
    problem = re.sub(r" \[[A-Z_]+\]$", "", problem)
    if "recursion" in problem:
        return CelError(
            "the expression is nested too deeply", remedy="Split it into several rules."
        )
    undeclared = _UNDECLARED.match(problem)
    if undeclared:
        return _no_such(undeclared.group(1), row, column)
    remedy = ""
    if "no matching overload" in problem:
        problem = problem.removeprefix("found ").replace("_", "").replace("applied to", "for")
        if "(double, int)" in problem or "(int, double)" in problem:
            remedy = "Facts that are numbers have decimals: write 3.0, not 3."
        else:
            remedy = "Compare like with like; 'pratique policy explain' lists the facts' types."
    if "reserved identifier" in problem:
        remedy = "'pratique policy explain' lists the names that can be used."
    if problem.startswith("Syntax error: mismatched input '<EOF>'"):
        problem = "the expression ends too early"
    return CelError(problem.split(" expecting {")[0][:300], row, column, remedy)


def _no_such(name: str, row: int, column: int) -> CelError:
    bare = name.removeprefix("facts.").removeprefix(KNOWN)
    close = get_close_matches(bare, VARIABLES, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return CelError(
        f"there is no fact {name!r}",
        row,
        column,
        f"{hint}'pratique policy explain' lists the facts.",
    )


def _check_values(text: str) -> None:
    """Refuse to compare a fact of few values with none of them: it would never be so."""
    for found in _COMPARED.finditer(text):
        name = found.group(1) or found.group(4)
        values = VARIABLES[name].values if name in VARIABLES else ()
        if not values:
            continue
        given = (
            [found.group(3)]
            if found.group(1)
            else [quoted for _, quoted in _QUOTED.findall(found.group(5))]
        )
        for value in given:
            if value not in values:
                row, column = _place(text, found.start())
                close = get_close_matches(value.lower(), values, n=1)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                raise CelError(
                    f"{name} is never {value!r}",
                    row,
                    column,
                    f"{hint}It is one of {', '.join(values)}.",
                )


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _references(text: str) -> set[str]:
    """Names that an expression depends on, without those its macros bind.

    The library does not tell; but where nothing is declared, it complains of
    each.  It stops after twenty complaints: what was found is then declared,
    so that it can complain of the rest.
    """
    declared: dict[str, Any] = {}
    environment = _nothing_declared()
    for _ in range(len(_types()) + 1):
        try:
            environment.compile(text)
        except RuntimeError as error:
            message = str(error)
        else:
            break
        problems = (found[2] for found in _ERROR.findall(message))
        names = {name for problem in problems for name in _UNDECLARED.findall(problem)}
        declared |= {name: _types()[name] for name in names if name in _types()}
        if "number of ERROR issues exceeded" not in message:
            break
        environment = _library().NewEnv(variables=declared, functions=_functions())
    return set(declared)


@cache
def _library() -> Any:
    from cel_expr_python import cel  # type: ignore[import-untyped]

    return cel


@cache
def _types() -> dict[str, Any]:
    """Type of every name that an expression may use."""
    kinds = _library().Type
    types = {
        "truth": kinds.BOOL,
        "number": kinds.DOUBLE,
        "text": kinds.STRING,
        "texts": kinds.List(kinds.STRING),
    }
    return {one.name: types[one.kind] for one in VARIABLES.values()} | {
        f"{KNOWN}{name}": kinds.BOOL for name in VARIABLES
    }


def _functions() -> list[Any]:
    cel = _library()
    texts = cel.Type.List(cel.Type.STRING)
    overload = cel.Overload(
        "licenses_permitted",
        return_type=cel.Type.BOOL,
        parameters=[texts, texts],
        is_member=True,
        impl=permitted,
    )
    return [cel.FunctionDecl("permitted", [overload])]


@cache
def _environment() -> Any:
    return _library().NewEnv(variables=_types(), functions=_functions())


@cache
def _nothing_declared() -> Any:
    return _library().NewEnv(variables={}, functions=_functions())
