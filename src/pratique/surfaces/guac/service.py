"""One GraphQL request: from its text to the text of its answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import OperationType, execute
from graphql.language import DocumentNode, OperationDefinitionNode, SelectionSetNode

from pratique.model.errors import PratiqueError
from pratique.store.nodes import open_nodes
from pratique.surfaces.guac.coerce import arguments_of
from pratique.surfaces.guac.documents import Document, InvalidError, read_document
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.execute import Budget, Compiler
from pratique.surfaces.guac.filtering import kept
from pratique.surfaces.guac.mutations import change
from pratique.surfaces.guac.queries import answer
from pratique.surfaces.guac.schema import schema
from pratique.surfaces.guac.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode

    from pratique.store.engine import Store

Json = dict[str, Any]


class Request(msgspec.Struct):
    """A request (GraphQL over HTTP, "Request Parameters")."""

    query: str
    variables: msgspec.Raw = msgspec.Raw(b"null")
    operation_name: str | None = msgspec.field(default=None, name="operationName")
    extensions: Json | None = None


_read = msgspec.json.Decoder(Request).decode
_encode = msgspec.json.Encoder().encode

_FAILED = "the record failed; the server's log says how"


def respond(
    store: Store,
    tenant: str,
    body: bytes,
    *,
    may_write: bool,
    failed: Callable[[Exception], None] = lambda _error: None,
) -> bytes:
    """The answer to a request, as JSON.

    Args:
        store: The record.
        tenant: Whose.
        body: The request.
        may_write: Whether mutations are carried out.
        failed: Told of a failure of the record, which is not shown.
    """
    try:
        request = _read(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _errors([{"message": f"the body is no GraphQL request: {str(error)[:200]}"}])
    try:
        document = read_document(request.query)
        operation = _chosen(document, request.operation_name)
        return _run(store, tenant, document, operation, request, may_write=may_write)
    except InvalidError as error:
        return _errors(error.errors)
    except RequestError as error:
        return _errors([{"message": error.message}])
    except PratiqueError as error:
        failed(error)
        return _errors([{"message": _FAILED}])


def _errors(errors: list[Json]) -> bytes:
    return _encode({"errors": errors, "data": None})


def _chosen(document: Document, name: str | None) -> OperationDefinitionNode:
    if name:
        found = document.operations.get(name)
    else:
        found = next(iter(document.operations.values()), None)
        if len(document.operations) > 1:
            raise RequestError("the document has several operations; say which in operationName")
    if found is None:
        raise RequestError(f"there is no operation {(name or '')[:80]!r} in the document")
    return found


def _run(
    store: Store,
    tenant: str,
    document: Document,
    operation: OperationDefinitionNode,
    request: Request,
    *,
    may_write: bool,
) -> bytes:
    writes = operation.operation is OperationType.MUTATION
    if writes and not may_write:
        raise RequestError("mutations need a token that may write")
    if operation.operation is OperationType.SUBSCRIPTION:
        raise RequestError("there are no subscriptions")
    variables = document.variables(operation).read(request.variables)
    budget = Budget()
    compiler = Compiler(schema(), document.fragments, variables, budget)
    root = schema().mutation_type if writes else schema().query_type
    fields = compiler.collect(root, [operation.selection_set])  # type: ignore[arg-type]
    run = _Run(store, tenant, document, operation, variables, compiler, root)
    return run.mutation(fields) if writes else run.query(fields, budget)


class _Run:
    """The execution of one operation (GraphQL, section 6.2)."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Json,
        compiler: Compiler,
        root: Any,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._document = document
        self._operation = operation
        self._variables = variables
        self._compiler = compiler
        self._root = root
        self._data: Json = {}
        self._errors: list[Json] = []
        self._nothing = False

    def query(self, fields: dict[str, list[FieldNode]], budget: Budget) -> bytes:
        """Answer a query: all of its fields see one state of the record."""
        with open_nodes(self._store, self._tenant) as nodes:
            nodes.check = budget.look
            for name, several in fields.items():
                field = several[0].name.value
                if field in {"__schema", "__type"}:
                    self._data[name] = self._introspected(several)
                    continue
                self._field(name, several, partial(answer, nodes, field))
            return self._answer()

    def mutation(self, fields: dict[str, list[FieldNode]]) -> bytes:
        """Carry a mutation out, one field after another."""
        writer = Writer(self._store, self._tenant)
        for name, several in fields.items():
            field = several[0].name.value
            self._field(name, several, partial(change, writer, field))
            if self._nothing:
                break
        return self._answer()

    def _field(self, name: str, several: list[FieldNode], resolve: Callable[[Json], Any]) -> None:
        field = several[0].name.value
        if field == "__typename":
            self._data[name] = self._root.name
            return
        definition = self._root.fields[field]
        try:
            value = resolve(arguments_of(definition, several[0], self._variables))
            for directive in several[0].directives or ():
                if directive.name.value == "filter":
                    known = schema().get_directive("filter")
                    given = arguments_of(known, directive, self._variables)  # type: ignore[arg-type]
                    value = kept(value, given["keyName"], given["operation"], given["value"])
            sets = [one.selection_set for one in several if one.selection_set]
            draw, is_list = self._compiler.drawer(definition.type, sets)
            if draw is not None and value is not None:
                value = [draw(one) for one in value] if is_list else draw(value)
            self._data[name] = value
        except RequestError as error:
            self._errors.append({"message": error.message, "path": [name]})
            self._data[name] = None
            # An error where no null may be reaches up to the whole (section 6.4.4).
            self._nothing |= str(definition.type).endswith("!")

    def _introspected(self, several: list[FieldNode]) -> Any:
        chosen = OperationDefinitionNode(
            operation=OperationType.QUERY,
            selection_set=SelectionSetNode(selections=tuple(several)),
            variable_definitions=self._operation.variable_definitions,
        )
        parts = (chosen, *self._document.fragments.values())
        found = execute(schema(), DocumentNode(definitions=parts), variable_values=self._variables)
        data = getattr(found, "data", None) or {}
        return next(iter(data.values()), None)

    def _answer(self) -> bytes:
        if self._errors:
            data = None if self._nothing else self._data
            return _encode({"errors": self._errors, "data": data})
        return _encode({"data": self._data})
