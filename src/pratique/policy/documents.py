"""YAML documents as nodes that know their place.

Every scalar is text: what it means is decided by the field it stands in, so
that ``no`` in a reason stays a word and ``1.10`` in a version keeps its zero.
Tags, anchors, aliases and second documents are refused (YAML 1.2 has them;
no policy needs them, and aliases are how small files become large ones).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.policy.errors import Defect, PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 256 * 1024
"""Largest policy or waiver document.  The largest pack has 12 kB; 500 rules
with their tests stay below this."""

MAX_DEPTH = 12
"""Deepest nesting.  A policy needs seven: rules, rule, tests, test, facts,
vulnerabilities, vulnerability."""

MAX_NODES = 50_000
"""Most scalars and collections of one document; its size admits more only
where it is all punctuation."""


class Node:
    """A value of a document and where it starts (line and column counted from 1)."""

    __slots__ = ("column", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column


class Scalar(Node):
    """A text as written, and whether it had no quotes."""

    __slots__ = ("indent", "plain", "style", "text", "verbatim")

    def __init__(self, event: Any, lines: list[str]) -> None:
        super().__init__(event.start_mark.line + 1, event.start_mark.column + 1)
        self.text: str = event.value
        self.style: str = event.style or ""
        self.plain: bool = event.implicit[0] and self.style not in {"'", '"', "|", ">"}
        quotes = 2 if self.style in {"'", '"'} else 0
        start, end = event.start_mark, event.end_mark
        # Nothing was unescaped or folded: a column in the value is one in the file.
        self.verbatim: bool = start.line == end.line and (
            end.column - start.column == len(self.text) + quotes
        )
        self.indent = 0
        if self.style == "|":
            body = (line for line in lines[self.line :] if line.strip())
            first = next(body, "")
            self.indent = len(first) - len(first.lstrip(" "))

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a row and column of the text (all from 1).

        Where escapes or folding stand in between, the start of the scalar.
        """
        if self.style == "|":
            return self.line + row, self.indent + column
        if self.verbatim and row == 1:
            return self.line, self.column + (self.style in {"'", '"'}) + column - 1
        return self.line, self.column


class Sequence(Node):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.items: list[Node] = []


class Mapping(Node):
    """Keys and values in order; keys are scalars, and each stands once."""

    __slots__ = ("entries",)

    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.entries: dict[str, tuple[Scalar, Node]] = {}


def parse(data: bytes, path: str) -> Node:
    """Read a document.

    Args:
        data: UTF-8 text, at most ``MAX_BYTES``.
        path: For the messages.

    Raises:
        PolicyError: It is too large or too deep, not YAML, or uses what is
            not read; the message has line and column.
    """
    import yaml

    from pratique.formats.text import decode
    from pratique.model.errors import InputError

    if len(data) > MAX_BYTES:
        raise _refused(path, 1, 1, f"is {len(data):,} bytes, over the limit of {MAX_BYTES:,}")
    try:
        text = decode(data)
    except InputError as error:
        raise _refused(path, 1, 1, error.message) from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(text, Loader=loader), text.split("\n"), path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(getattr(error, "problem", None) or error).splitlines()[0][:200]
        raise _refused(path, line, column, f"is not valid YAML: {problem}") from None
    except (RecursionError, ValueError) as error:
        raise _refused(path, 1, 1, f"is not valid YAML: {str(error)[:200]}") from None


def _refused(path: str, line: int, column: int, message: str, remedy: str = "") -> PolicyError:
    return PolicyError([Defect(path, line, column, message, remedy)])


def _build(events: Iterable[Any], lines: list[str], path: str) -> Node:
    """The tree that a stream of events describes."""
    import yaml

    stack: list[Sequence | Mapping] = []
    keys: list[Scalar | None] = []
    root: Node | None = None
    count = documents = 0
    for event in events:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(path, line, column, "a second document starts", "Keep one a file.")
            continue
        node: Node
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
            keys.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        count += 1
        _check(event, path, line, column, count)
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(event, lines)
        elif isinstance(event, yaml.MappingStartEvent):
            node = Mapping(line, column)
        else:
            node = Sequence(line, column)
        if not stack:
            root = node
        else:
            _put(stack[-1], keys, node, path)
        if isinstance(node, Sequence | Mapping):
            if len(stack) >= MAX_DEPTH:
                raise _refused(path, line, column, f"is nested over {MAX_DEPTH} deep")
            stack.append(node)
            keys.append(None)
    if root is None:
        raise _refused(path, 1, 1, "is empty")
    return root


def _check(event: Any, path: str, line: int, column: int, count: int) -> None:
    """Refuse what no policy needs.

    Raises:
        PolicyError: It is an alias, or has an anchor or a tag, or is one too many.
    """
    import yaml

    remedy = "Write the value out where it is needed."
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _refused(path, line, column, "YAML anchors and aliases are not read", remedy)
    if event.tag is not None:
        raise _refused(path, line, column, "YAML tags are not read", "Remove the tag.")
    if count > MAX_NODES:
        raise _refused(path, line, column, f"holds over {MAX_NODES:,} values")


def _put(parent: Sequence | Mapping, keys: list[Scalar | None], node: Node, path: str) -> None:
    """Put a value into the collection that is open."""
    if isinstance(parent, Sequence):
        parent.items.append(node)
        return
    key = keys[-1]
    if key is None:
        if not isinstance(node, Scalar):
            raise _refused(path, node.line, node.column, "a key is not a text")
        if node.text in parent.entries:
            raise _refused(
                path,
                node.line,
                node.column,
                f"{node.text[:80]!r} stands here a second time",
                "Keep one of the two.",
            )
        keys[-1] = node
    else:
        parent.entries[key.text] = (key, node)
        keys[-1] = None
