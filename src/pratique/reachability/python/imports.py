"""What one Python module imports, from its syntax tree; it is never run.

Every import statement counts, wherever it stands: in a function, under a
condition, for type checking.  A false "imported" costs a look; a false "never
imported" would hide something.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_NAME = frozenset({"import_module", "__import__"})
"""Functions of importlib and builtins that import a module by its name."""

BY_DOTTED_NAME = frozenset({"import_string", "import_object", "resolve_name"})
"""Functions of well-known packages, and of pkgutil, that do the same."""

BY_LOADER = frozenset({"spec_from_file_location", "exec_module", "load_module", "load_source"})
"""Functions of importlib and imp that load a module from a file."""

BY_PLUGIN = frozenset({"entry_points", "iter_entry_points", "load_entry_point"})
"""Functions of importlib.metadata and pkg_resources that load what packages offer."""

BY_TEXT = frozenset({"exec", "eval", "run_module", "run_path"})
"""Functions that run code given as text or path."""


MODULE_TEXT = re.compile(r"[A-Za-z_]\w{0,63}(?:\.\w{1,64}){0,12}(?::[\w.]{1,100})?")
"""A text that may name a module, or with what follows a colon something in it."""


MAX_TEXT = 200
"""Longest text that is looked at; module names are shorter."""


class Import(msgspec.Struct, frozen=True):
    """One module that is asked for."""

    module: str
    """Absolute dotted name; it may name an attribute of a module rather than a module."""

    line: int


class Imports(msgspec.Struct, frozen=True):
    """What a module asks for, and where that cannot be seen."""

    named: tuple[Import, ...] = ()
    hidden: tuple[tuple[int, str], ...] = ()
    """Line and function of each call that loads code whose name is computed."""

    texts: tuple[Import, ...] = ()
    """Texts that have the form of a module's name: settings are full of modules
    that something else imports."""


def imports(data: bytes, package: str) -> Imports:
    """Read the imports of one module.

    Args:
        data: Its source.
        package: Dotted name of the package it is in (for a package's
            ``__init__``, the package itself); empty at the top.

    Raises:
        InputError: It is not Python of this interpreter's version, or too deeply nested.
    """
    named: list[Import] = []
    hidden: list[tuple[int, str]] = []
    texts: dict[str, int] = {}
    called: set[ast.expr] = set()
    for node in _nodes(_tree(data)):
        kind = type(node)
        if kind is ast.Import:
            named += [Import(alias.name, node.lineno) for alias in node.names]
        elif kind is ast.ImportFrom:
            named += _from(node, package)
            hidden += [
                (node.lineno, one.name)
                for one in node.names
                if one.name in BY_NAME and one.asname not in {None, one.name}
            ]
        elif kind is ast.Call:
            called.add(node.func)
            _called(node, package, named, hidden)
        elif kind is ast.Constant:
            if type(node.value) is str and len(node.value) <= MAX_TEXT:
                texts.setdefault(node.value, node.lineno)
        elif kind is ast.Name or kind is ast.Attribute:
            # A call is seen before what it calls; this is the function kept for later.
            name = node.id if kind is ast.Name else node.attr
            if name in BY_NAME and node not in called:
                hidden.append((node.lineno, name))
    found = [Import(text, line) for text, line in texts.items() if MODULE_TEXT.fullmatch(text)]
    return Imports(tuple(named), tuple(hidden), tuple(found))


def _nodes(tree: ast.Module) -> Iterator[Any]:
    """All nodes but contexts and operators, which are half of them and have nothing below."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        yield node
        below = []
        for value in node.__dict__.values():
            if type(value) is list:
                below += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST) and value.__dict__:
                below.append(value)
        below.reverse()
        stack += below


_LOOSE = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+c?import\b|c?import[ \t]+(\w[\w., \t]*))", re.MULTILINE
)


def loose(text: str, first: int = 1) -> Imports:
    """Imports by lines that look like one: of Cython, and of notebooks with their magic words.

    Args:
        text: Any source.
        first: Number of its first line.
    """
    found = []
    for match in _LOOSE.finditer(text):
        line = first + text.count("\n", 0, match.start())
        for part in (match[1] or match[2]).split(","):
            words = part.split()
            if words and not words[0].startswith("."):
                found.append(Import(words[0], line))
    return Imports(tuple(found))


def _tree(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the source's own escapes and comparisons
        try:
            return ast.parse(data)
        except SyntaxError as error:
            raise InputError(f"is not Python: line {error.lineno or 0}: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise InputError(f"cannot be parsed: {error or 'too deeply nested'}") from None


def _from(node: ast.ImportFrom, package: str) -> list[Import]:
    base = _absolute(node.module or "", node.level, package)
    if base is None:
        return []
    found = [Import(base, node.lineno)] if base else []
    # A star takes what __all__ names, which may be any module below.
    found += [Import(f"{base}.{alias.name}".lstrip("."), node.lineno) for alias in node.names]
    return found


def _absolute(module: str, level: int, package: str) -> str | None:
    """The absolute name of a relative import; ``None`` beyond the top of the package."""
    if not level:
        return module
    parts = package.split(".") if package else []
    if level - 1 > len(parts):
        return None
    kept = parts[: len(parts) - (level - 1)]
    return ".".join([*kept, *([module] if module else [])])


def _called(
    node: ast.Call, package: str, named: list[Import], hidden: list[tuple[int, str]]
) -> None:
    function = node.func
    if isinstance(function, ast.Attribute):
        name = function.attr
    elif isinstance(function, ast.Name):
        name = function.id
    else:
        return
    if name in BY_PLUGIN or name in BY_LOADER:
        hidden.append((node.lineno, name))
    elif name in BY_TEXT:
        # re.compile().eval and the like are no builtins.
        if isinstance(function, ast.Name) or name.startswith("run_"):
            hidden.append((node.lineno, name))
    elif name in BY_NAME or name in BY_DOTTED_NAME:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            text = first.value
            level = len(text) - len(text.lstrip("."))
            module = _absolute(text[level:], level, package)
            if module:
                named.append(Import(module, node.lineno))
        else:
            hidden.append((node.lineno, name))
