"""Textbook systems, each a small client of the engine.

The list is known without loading any of them: a lesson is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mnistgd.errors import UsageError
from mnistgd.lessons.catalogue import LESSONS as LESSONS

if TYPE_CHECKING:
    from mnistgd.lessons.lesson import Lesson


def load(name: str) -> Lesson[Any]:
    """The lesson called `name`.

    Raises
    ------
    UsageError
        If there is none; it suggests the nearest name.
    """
    if name not in LESSONS:
        from difflib import get_close_matches

        near = get_close_matches(name, LESSONS, 1)
        hint = f"do you mean {near[0]}?" if near else f"lessons: {', '.join(LESSONS)}"
        raise UsageError(f"there is no lesson {name}", hint)
    module = import_module(f"mnistgd.lessons.{name.replace('-', '_')}")
    lesson: Lesson[Any] = module.LESSON
    return lesson
