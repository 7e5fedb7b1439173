"""What a pickle imports, told from its opcodes (PEP 307, 3154 and 574).

The stack is followed only as far as texts go: a ``STACK_GLOBAL`` takes module
and name from it, directly or by way of the memo.  Where they are not texts
that stand in the file, the import counts as one that cannot be told.
"""

from __future__ import annotations

import pickletools
from typing import TYPE_CHECKING, Any

from pratique.formats.models.imports import Import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MAX_OPCODES = 1_000_000
"""Opcodes that are followed, some two seconds' worth.  Checkpoints of the largest
language models have some ten thousand: their numbers stand elsewhere."""

_MARK = object()
UNTOLD = "?"
"""Module or name of an import that does not stand in the file as a text."""

_TEXTS = frozenset(
    {
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    }
)
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_KEPT = 4096
"""Entries of the stack that are followed; imports use the uppermost two."""


class Scan:
    """What was found in the pickles of one stream, one after the other.

    Args:
        member: Of the archive that they are in.
    """

    def __init__(self, member: str = "") -> None:
        self.member = member
        self.imports: dict[Import, None] = {}
        self.pickles = 0
        """How many ended as they should."""

        self.problem = ""
        """Why the rest could not be followed; empty where all was."""

        self._left = MAX_OPCODES

    def follow(self, file: BinaryIO) -> None:
        """Follow pickles up to the end of a stream."""
        while not self.problem and (first := file.read(1)):
            file.seek(-1, 1)
            if self.pickles and first not in _STARTS:
                self.problem = f"{self.pickles} pickles are followed by something else"
                return
            self._one(file)

    def _one(self, file: BinaryIO) -> None:
        stack: list[Any] = []
        memo: dict[int, Any] = {}
        try:
            for opcode, argument, _ in pickletools.genops(file):
                self._left -= 1
                if self._left < 0:
                    self.problem = f"has more than {MAX_OPCODES:,} opcodes"
                    return
                self._step(opcode, argument, stack, memo)
        except (ValueError, EOFError, OverflowError, IndexError, MemoryError) as error:
            said = str(error).partition("\n")[0][:120]
            self.problem = f"is no pickle from some place on: {said}"
            return
        self.pickles += 1

    def _step(
        self,
        opcode: Any,
        argument: Any,
        stack: list[Any],
        memo: dict[int, Any],
    ) -> None:
        name = opcode.name
        if name in _TEXTS:
            stack.append(_text(argument))
        elif name in {"GLOBAL", "INST"}:
            module, _, called = str(argument).partition(" ")
            self._note(module, called)
            _others(opcode, stack)
        elif name == "STACK_GLOBAL":
            called_, module_ = _pop(stack), _pop(stack)
            self._note(module_ or UNTOLD, called_ or UNTOLD)
            stack.append(None)
        elif name in {"EXT1", "EXT2", "EXT4"}:
            self._note("copyreg", f"extension {argument}")
            stack.append(None)
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1] if stack else None
        elif name in _PUTS:
            memo[int(argument)] = stack[-1] if stack else None
        elif name in _GETS:
            stack.append(memo.get(int(argument)))
        elif name == "DUP":
            stack.append(stack[-1] if stack else None)
        elif name == "POP":
            _pop(stack)
        elif name not in {"PROTO", "FRAME", "STOP"}:
            _others(opcode, stack)
        if len(stack) > _KEPT:
            del stack[: _KEPT // 2]

    def _note(self, module: str, name: str) -> None:
        self.imports[Import(module[:200], name[:200], self.member)] = None


_STARTS = frozenset(op.code.encode("latin-1") for op in pickletools.opcodes)
_REPLACED = frozenset({"TUPLE", "LIST", "DICT", "FROZENSET", "OBJ", "INST"})
"""Opcodes that put one object in place of all down to the mark."""

_ADDED = frozenset({"APPENDS", "SETITEMS", "ADDITEMS", "POP_MARK"})
"""Opcodes that take all down to the mark away."""


def _others(opcode: Any, stack: list[Any]) -> None:
    """Take and put what an opcode does, as the virtual machine would."""
    if opcode.name == "MARK":
        stack.append(_MARK)
    elif opcode.name in _REPLACED or opcode.name in _ADDED:
        while stack and stack.pop() is not _MARK:
            pass
        if opcode.name in _REPLACED:
            stack.append(None)
    else:
        for _ in opcode.stack_before:
            _pop(stack)
        stack.extend([None] * len(opcode.stack_after))


def _pop(stack: list[Any]) -> str | None:
    found = stack.pop() if stack else None
    return found if isinstance(found, str) else None


def _text(argument: Any) -> str:
    return argument if isinstance(argument, str) else bytes(argument).decode("latin-1")


def imports(scans: list[Scan]) -> Iterator[Import]:
    """All imports of several scans, each once."""
    yield from dict.fromkeys(one for scan in scans for one in scan.imports)
