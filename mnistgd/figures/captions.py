"""What a class is called in a picture, and a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from mnistgd.figures.letters import can_draw


def is_digit(name: str) -> bool:
    """Whether a class is called by one of the ten digits."""
    return len(name) == 1 and name in "0123456789"


def class_name(names: Sequence[str], index: int) -> str:
    """The name of class `index`; in letters that cannot be drawn, it gives way to ``class 2``."""
    return names[index] if can_draw(names[index]) else f"class {index}"


def class_title(names: Sequence[str], index: int) -> str:
    """What a picture of class `index` is called: ``digit 2``, or what `class_name` says.

    Examples
    --------
    >>> class_title("0123456789", 2), class_title(("T-shirt", "Trouser"), 1), class_title("あい", 0)
    ('digit 2', 'Trouser', 'class 0')
    """
    return titled(class_name(names, index))


def titled(name: str) -> str:
    """What a picture of the class of that name is called, wherever its letters can be drawn."""
    return f"digit {name}" if is_digit(name) else name


def snapshot_caption(step: int, last: int, accuracy: float) -> tuple[str, str]:
    """What is written below a snapshot of a run of `last` steps: which it is, and how well it did.

    Examples
    --------
    >>> snapshot_caption(1200, 6000, 0.91064)
    ('step 1,200 of 6,000', '91.06% of the test images right')
    """
    return f"step {step:,} of {last:,}", f"{accuracy:.2%} of the test images right"


def class_titles(names: Sequence[str]) -> list[str]:
    """The `class_title` of every class."""
    return [class_title(names, index) for index in range(len(names))]


def class_word(names: Sequence[str]) -> str:
    """What a column of these classes is headed by: digits are digits, and the others classes.

    Examples
    --------
    >>> class_word("0123456789"), class_word(("T-shirt", "Trouser"))
    ('digit', 'class')
    """
    return "digit" if all(map(is_digit, names)) else "class"
