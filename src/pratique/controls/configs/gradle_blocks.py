"""The blocks of a Gradle script, Groovy or Kotlin, without running it.

Only what configures repositories is told apart: calls, their blocks, and their first texts.
"""

from __future__ import annotations

import re
from bisect import bisect_right

import msgspec

from pratique.controls.configs.models import Place
from pratique.model.errors import LimitError

MAX_DEPTH = 64
"""Deepest nesting of blocks."""

MAX_TOKENS = 200_000
"""Words, texts and signs of one script; a large build has some thousands."""

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/|#![^\n]*)"
    r"|(?P<slashy>(?<=ByRegex[ (])/(?:[^/\\\n]|\\.)+/)"
    r"|(?P<text>\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)"
    r"|(?P<sign>[{}()\n;]|->|!=|==|[^\s\w])|(?P<number>\w+)",
    re.DOTALL,
)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


class Block(msgspec.Struct):
    """A call with what it was given: its texts, the words in its head, and its block."""

    name: str
    place: Place
    texts: list[tuple[str, Place]] = []
    words: list[str] = []
    children: list[Block] = []
    body: str = ""
    """The text of its block, for what is not taken apart."""

    def find(self, name: str) -> list[Block]:
        """Blocks of a name anywhere below."""
        found = []
        for one in self.children:
            if one.name == name or one.name.endswith(f".{name}"):
                found.append(one)
            else:
                found.extend(one.find(name))
        return found


def parse(text: str, path: str) -> Block:
    """The tree of a script.

    Raises:
        LimitError: It is nested too deeply, or too long.
    """
    return _Parser(text, path).run()


class _Parser:
    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._variables: dict[str, str] = {}

    def _place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(self._path, line, offset - self._starts[line - 1] + 1)

    def run(self) -> Block:
        root = Block("", Place(self._path))
        stack: list[tuple[Block, int]] = [(root, 0)]
        last: Block | None = None
        pending = ""
        line = count = 0
        for match in _TOKEN.finditer(self._text):
            count += 1
            if count > MAX_TOKENS:
                raise LimitError(f"has over {MAX_TOKENS:,} words")
            if match["skip"]:
                continue
            here = self._starts[bisect_right(self._starts, match.start()) - 1]
            top = stack[-1][0]
            if word := match["word"]:
                fresh = last is None or here != line
                if fresh:
                    last = Block(word, self._place(match.start()))
                    top.children.append(last)
                    pending = word if word in {"def", "val", "var", "String"} else ""
                else:
                    assert last is not None
                    last.words.append(word)
                line = here
            elif match["slashy"] is not None and last is not None:
                last.texts.append((match["slashy"][1:-1], self._place(match.start())))
                line = here
            elif match["text"] is not None and last is not None:
                value = self._unquoted(match["text"])
                last.texts.append((value, self._place(match.start())))
                if pending and last.words:
                    self._variables[last.words[-1]] = value
                line = here
            elif match["sign"] == "{":
                if len(stack) > MAX_DEPTH:
                    raise LimitError(f"is nested over {MAX_DEPTH} deep")
                block = last or Block("", self._place(match.start()))
                if last is None:
                    top.children.append(block)
                stack.append((block, match.end()))
                last = None
            elif match["sign"] == "}" and len(stack) > 1:
                block, start = stack.pop()
                block.body = self._text[start : match.start()]
                last = None
            elif match["sign"] in {";", "\n", "->"}:
                last = None
        return root

    def _unquoted(self, text: str) -> str:
        width = 3 if text.startswith(('"""', "'''")) else 1
        value = text[width:-width].replace("\\\\", "\\")
        if text[0] == '"':
            value = _VARIABLE.sub(lambda found: self._variables.get(found[1], found[0]), value)
        return value
