"""Textbook systems, each a small client of the engine.

The list is known without loading any of them: a lesson is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mnistgd.errors import UsageError
from mnistgd.lessons.catalogue import LESSONS as LESSONS
from mnistgd.lessons.finding import meant

if TYPE_CHECKING:
    from mnistgd.lessons.lesson import Lesson


def load(name: str) -> Lesson[Any]:
    """The lesson called `name`.

    Raises
    ------
    UsageError
        If there is none; it suggests what may be meant.
    """
    if name not in LESSONS:
        raise UsageError(f"there is no lesson {name}", meant(name))
    module = import_module(f"mnistgd.lessons.{name.replace('-', '_')}")
    lesson: Lesson[Any] = module.LESSON
    return lesson
