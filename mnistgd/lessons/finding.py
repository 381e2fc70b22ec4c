"""Which lesson is meant by words that are the name of none."""

from __future__ import annotations

import re

from mnistgd.lessons.books import BOOKS
from mnistgd.lessons.catalogue import LESSONS

_FILLERS = ("a", "an", "and", "at", "chapter", "for", "in", "lesson", "of", "on", "or", "the", "to", "with")
_ALIKE = 6
"""Words that begin with as many of the same letters are of one stem."""
_LONGEST = 200
"""Of what is typed, in letters: what comes after is no name of a lesson."""
_BOOKS = {word: name for name, book in BOOKS.items() for word in (name, book.author.lower())}
"""A word for a book → the key of `BOOKS`."""


def meant(words: str) -> str:
    """A hint for who typed `words` for a lesson: a name that is spelt alike, a chapter, or a subject.

    Examples
    --------
    >>> meant("hotcold"), meant("backpropagation")
    ('do you mean hot-cold?', 'do you mean backprop?')
    >>> meant("nielsen 2")
    'Nielsen 2 has backprop'
    """
    parts = re.findall(r"[^\W\d_]+|\d+", words[:_LONGEST].lower())
    squeezed = "".join(parts)
    for name in LESSONS:
        if name.replace("-", "") == squeezed:
            return f"do you mean {name}?"
    numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 3]
    named = [_BOOKS[part] for part in parts if part in _BOOKS]
    books = dict.fromkeys(named or BOOKS)
    if numbers and (found := [line for book in books for line in _chapter(book, numbers[0])]):
        return "; ".join(found)
    from difflib import get_close_matches

    near = get_close_matches("-".join(parts), LESSONS, 1) or _about(
        [part for part in parts if part not in _FILLERS and part not in _BOOKS]
    )
    if near:
        return f"do you mean {', or '.join(near)}?"
    if numbers or named:
        return f"mnistgd lesson --book {next(iter(books))}"
    return f"lessons: {', '.join(LESSONS)}"


def _chapter(book: str, chapter: int) -> list[str]:
    names = [
        name
        for name, entry in LESSONS.items()
        if any((place.book, place.chapter) == (book, chapter) for place in entry.places)
    ]
    return [f"{BOOKS[book].name} {chapter} has {', '.join(names)}"] if names else []


def _about(words: list[str]) -> list[str]:
    """The lessons of which most of the words are told, by name, title and headings; at most three."""
    counts = {}
    for name, entry in LESSONS.items():
        text = " ".join((name, entry.title, entry.source, *(place.section for place in entry.places)))
        told = set(re.findall(r"[^\W\d_]+", text.lower()))
        counts[name] = sum(_is_told(word, told) for word in words)
    most = max(counts.values())
    return [name for name, count in counts.items() if count == most][:3] if most else []


def _is_told(word: str, told: set[str]) -> bool:
    return any(
        word == other or (len(word) >= _ALIKE <= len(other) and word[:_ALIKE] == other[:_ALIKE])
        for other in told
    )
