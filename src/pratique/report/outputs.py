"""The list of output formats, and how one is chosen and called."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from pratique.model.bill import BillOfHealth
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RenderFunction(Protocol):
    """Draws a bill.  What has no colour or no width ignores them."""

    def __call__(self, bill: BillOfHealth, *, color: bool, width: int) -> str:
        """Text of the whole output, ending in a line feed."""
        ...


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One output format, as the registry lists it; the code behind it is imported on use."""

    name: str
    """What ``--format`` takes."""

    media_type: str
    """RFC 6838 type of what comes out."""

    suffix: str
    """Usual end of a file's name, with its dot."""

    render: str
    """Import string of a :class:`RenderFunction`: ``package.module:function``."""


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        output.name: output
        for output in (
            Output(
                name="table",
                media_type="text/plain",
                suffix=".txt",
                render="pratique.report.table:render",
            ),
            Output(
                name="json",
                media_type="application/json",
                suffix=".json",
                render="pratique.report.json:render",
            ),
            Output(
                name="jsonl",
                media_type="application/jsonl",
                suffix=".jsonl",
                render="pratique.report.jsonl:render",
            ),
            Output(
                name="sarif",
                media_type="application/sarif+json",
                suffix=".sarif",
                render="pratique.report.sarif:render",
            ),
            Output(
                name="markdown",
                media_type="text/markdown",
                suffix=".md",
                render="pratique.report.markdown:render",
            ),
            Output(
                name="html",
                media_type="text/html",
                suffix=".html",
                render="pratique.report.html:render",
            ),
            Output(
                name="csv",
                media_type="text/csv",
                suffix=".csv",
                render="pratique.report.csv:render",
            ),
        )
    },
)
"""The formats that are built in, by name.  Read-only: extend a copy."""


def render(
    bill: BillOfHealth,
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    outputs: Mapping[str, Output] = OUTPUTS,
) -> str:
    r"""Draw a bill of health in one format.

    Args:
        bill: What to draw.
        format: Name of an output, a key of ``outputs``.
        color: Whether escape sequences for colour may be used (``table`` alone has any).
        width: Columns of the terminal (``table`` alone is wrapped).
        outputs: The formats there are, where a caller has more than :data:`OUTPUTS`.

    Returns:
        The whole text, ending in a line feed.  It can always be encoded as
        UTF-8: what cannot (a file name that is not UTF-8) is written as
        ``\\udcff``.

    Raises:
        UsageError: There is no such format.
    """
    output = outputs.get(format)
    if output is None:
        names = ", ".join(sorted(outputs))
        raise UsageError(f"there is no output format {format[:80]!r}", remedy=f"Use {names}.")
    draw = _load(output.render)
    try:
        text = draw(bill, color=color, width=width)
        text.encode()
    except UnicodeEncodeError:
        text = draw(_encodable(bill), color=color, width=width)
    return text if text.endswith("\n") else text + "\n"


def _load(name: str) -> RenderFunction:
    module, _, function = name.partition(":")
    return cast("RenderFunction", getattr(import_module(module), function))


def _encodable(bill: BillOfHealth) -> BillOfHealth:
    """The same bill with lone surrogates written out: they stand for undecodable bytes."""
    return msgspec.convert(_written_out(msgspec.to_builtins(bill)), BillOfHealth)


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_written_out(key): _written_out(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written_out(item) for item in value]
    return value
