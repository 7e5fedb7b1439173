"""What one Python module imports, from its syntax tree; it is never run.

Every import statement counts, wherever it stands: in a function, under a
condition, for type checking.  A false "imported" costs a look; a false "never
imported" would hide something.
"""

from __future__ import annotations

import ast
import warnings

import msgspec

from pratique.model.errors import InputError

BY_NAME = frozenset({"import_module", "__import__"})
"""Functions of importlib and builtins that import a module by its name."""

BY_PLUGIN = frozenset({"entry_points", "iter_entry_points", "load_entry_point"})
"""Functions of importlib.metadata and pkg_resources that load what packages offer."""

BY_TEXT = frozenset({"exec", "eval", "run_module", "run_path"})
"""Functions that run code given as text or path."""


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


def imports(data: bytes, package: str) -> Imports:
    """Read the imports of one module.

    Args:
        data: Its source.
        package: Dotted name of the package it is in (for a package's
            ``__init__``, the package itself); empty at the top.

    Raises:
        InputError: It is not Python of this interpreter's version, or too deeply nested.
    """
    tree = _tree(data)
    named: list[Import] = []
    hidden: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named += _from(node, package)
        elif isinstance(node, ast.Call):
            _called(node, package, named, hidden)
    return Imports(tuple(named), tuple(hidden))


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
    found += [
        Import(f"{base}.{alias.name}".lstrip("."), node.lineno)
        for alias in node.names
        if alias.name != "*"
    ]
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
    if name in BY_PLUGIN:
        hidden.append((node.lineno, name))
    elif name in BY_TEXT:
        # re.compile().eval and the like are no builtins.
        if isinstance(function, ast.Name) or name.startswith("run_"):
            hidden.append((node.lineno, name))
    elif name in BY_NAME:
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            text = first.value
            level = len(text) - len(text.lstrip("."))
            module = _absolute(text[level:], level, package)
            if module:
                named.append(Import(module, node.lineno))
        else:
            hidden.append((node.lineno, name))
