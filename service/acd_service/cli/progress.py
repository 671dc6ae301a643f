"""A progress bar on standard error where a person watches, and nothing where nobody does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from acd_service.cli.terminal import notes


class Done(Protocol):
    def __call__(self, count: int, total: int | None = None, /) -> None:
        """Tell how many are done, and how many there are if that has become known."""


@contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Done]:
    """Gives a function that is told how many of `total` are done; `total` may become known later."""
    console = notes()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)

        def done(count: int, total: int | None = None, /) -> None:
            progress.update(task, completed=count, total=total)

        yield done
