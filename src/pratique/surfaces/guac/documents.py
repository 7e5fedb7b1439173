"""Request documents: parsed and validated once, and kept within limits beforehand."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    validate,
)

from pratique.surfaces.guac.errors import RequestError, TooMuchError
from pratique.surfaces.guac.schema import schema
from pratique.surfaces.guac.variables import Variables

if TYPE_CHECKING:
    from graphql import DocumentNode

MAX_TEXT = 200_000
"""Characters of a document.  All of GUAC's operations together have 60,000."""

MAX_TOKENS = 20_000
"""Tokens of a document; validation compares fields of one name with each other."""

MAX_DEPTH = 30
"""Selections inside one another, fragments included: GUAC's deepest has 12, the
introspection query of GraphiQL 15."""

MAX_ALIASES = 100
"""Fields with another name; GUAC's clients use none.  An answer multiplies by them."""

MAX_ROOT_FIELDS = 50
"""Fields of one operation's root, each of which is a question of its own."""

MAX_SELECTIONS = 100_000
"""Selections of one operation once its fragments are put in; GUAC's largest has 3,000."""

MAX_ERRORS = 20
"""Errors of validation that are told."""

KEPT = 256
"""Documents that are remembered; a client sends always the same few."""


class Document(NamedTuple):
    """A document that is valid."""

    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    readers: dict[str, Variables]
    """What reads the variables of those operations that were asked for."""

    def variables(self, operation: OperationDefinitionNode) -> Variables:
        """What reads the variables of one of the operations."""
        name = operation.name.value if operation.name else ""
        found = self.readers.get(name)
        if found is None:
            found = self.readers[name] = Variables(schema(), operation)
        return found


class InvalidError(RequestError):
    """The document is no valid one.

    Args:
        errors: In GraphQL's form.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


_kept: OrderedDict[str, Document] = OrderedDict()
_lock = Lock()


def read_document(text: str) -> Document:
    """The document of a text.

    Raises:
        InvalidError: It cannot be parsed, or is not valid.
        TooMuchError: It is over a limit.
    """
    with _lock:
        if text in _kept:
            _kept.move_to_end(text)
            return _kept[text]
    found = _read(text)
    with _lock:
        _kept[text] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _read(text: str) -> Document:
    if len(text) > MAX_TEXT:
        raise TooMuchError(f"the document has over {MAX_TEXT:,} characters")
    try:
        parsed = parse(text, max_tokens=MAX_TOKENS, no_location=False)
    except GraphQLError as error:
        raise InvalidError([_told(error)]) from None
    except RecursionError:
        raise TooMuchError("the document is nested too deeply") from None
    document = _parts(parsed)
    _check_limits(document)
    errors = validate(schema(), parsed, max_errors=MAX_ERRORS)
    if errors:
        raise InvalidError([_told(error) for error in errors])
    return document


def _told(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message}
    if error.locations:
        told["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    return told


def _parts(parsed: DocumentNode) -> Document:
    operations, fragments = {}, {}
    for one in parsed.definitions:
        if isinstance(one, OperationDefinitionNode):
            operations[one.name.value if one.name else ""] = one
        elif isinstance(one, FragmentDefinitionNode):
            fragments[one.name.value] = one
    return Document(operations, fragments, {})


def _check_limits(document: Document) -> None:
    """Refuse what validation or execution would take too long for.

    Raises:
        TooMuchError: It is over a limit.
    """
    measure = _Measure(document.fragments)
    for operation in document.operations.values():
        depth, size = measure.of(operation)
        if depth > MAX_DEPTH:
            raise TooMuchError(f"the document is nested over {MAX_DEPTH} deep")
        if size > MAX_SELECTIONS:
            raise TooMuchError(f"an operation selects over {MAX_SELECTIONS:,} fields")
        if len(operation.selection_set.selections) > MAX_ROOT_FIELDS:
            raise TooMuchError(f"an operation asks over {MAX_ROOT_FIELDS} questions at once")
    for fragment in document.fragments.values():
        measure.of(fragment)
    if measure.aliases > MAX_ALIASES:
        raise TooMuchError(f"the document has over {MAX_ALIASES} aliases")


class _Measure:
    """Depth and size of selections, each fragment counted once."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int]] = {}
        self.aliases = 0

    def of(self, node: Any) -> tuple[int, int]:
        """Depth and number of the selections of a node, fragments put in."""
        selections = node.selection_set.selections if node.selection_set else ()
        deepest, size = 0, 0
        for one in selections:
            if isinstance(one, FragmentSpreadNode):
                depth, count = self._fragment(one.name.value)
            else:
                depth, count = self.of(one)
                if isinstance(one, FieldNode):
                    depth, count = depth + 1, count + 1
                    self.aliases += one.alias is not None
            deepest, size = max(deepest, depth), size + count
        return deepest, size

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = (0, 0)  # a circle of fragments is for validation to refuse
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name])
        return self._known[name]
