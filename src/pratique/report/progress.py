"""A progress bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """What is told how far something is."""

    def __call__(self, done: int, total: int | None, path: str, /) -> None:
        """Show so many of so many; ``None`` where nobody knows of how many."""


@contextmanager
def shown(title: str) -> Iterator[Progress | None]:
    """A progress bar on standard error while the block runs.

    Args:
        title: What is being done, a word.

    Yields:
        What to tell the progress to, or ``None`` where standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[path]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, path="")

        def tell(done: int, total: int | None, path: str) -> None:
            bar.update(task, completed=done, total=total, path=path[-60:])

        yield tell


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """A turning mark on standard error while the block runs, whose length nobody knows.

    The block prints nothing; where standard error is no terminal, nothing is shown.

    Args:
        title: What is being done, a few words.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(title)):
        yield
