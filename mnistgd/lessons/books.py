"""The books that lessons are of, chapter by chapter."""

from __future__ import annotations

from typing import NamedTuple


class Book(NamedTuple):
    """A book, and what it is called here.

    Attributes
    ----------
    name : str
        What the list of lessons calls it.
    citation : str
        As it can be looked up.
    chapters : dict of chapter to title
    """

    name: str
    citation: str
    chapters: dict[int, str]

    @property
    def author(self) -> str:
        """The surname of who wrote it."""
        return self.citation.partition(",")[0].split()[-1]


BOOKS = {
    "grokking": Book(
        "Grokking",
        "A. Trask, Grokking Deep Learning (2019)",
        {
            1: "Introducing deep learning: why you should learn it",
            2: "Fundamental concepts: how do machines learn?",
            3: "Introduction to neural prediction: forward propagation",
            4: "Introduction to neural learning: gradient descent",
            5: "Learning multiple weights at a time: generalizing gradient descent",
            6: "Building your first deep neural network: introduction to backpropagation",
            7: "How to picture neural networks: in your head and on paper",
            8: "Learning signal and ignoring noise: introduction to regularization and batching",
            9: "Modeling probabilities and nonlinearities: activation functions",
            10: "Neural learning about edges and corners: intro to convolutional neural networks",
            11: "Neural networks that understand language: king – man + woman == ?",
            12: "Neural networks that write like Shakespeare: recurrent layers for variable-length data",
            13: "Introducing automatic optimization: let's build a deep learning framework",
            14: "Learning to write like Shakespeare: long short-term memory",
            15: "Deep learning on unseen data: introducing federated learning",
            16: "Where to go from here: a brief guide",
        },
    ),
    "nielsen": Book(
        "Nielsen",
        "M. Nielsen, Neural Networks and Deep Learning (2015)",
        {
            1: "Using neural nets to recognize handwritten digits",
            2: "How the backpropagation algorithm works",
            3: "Improving the way neural networks learn",
            4: "A visual proof that neural nets can compute any function",
            5: "Why are deep neural networks hard to train?",
            6: "Deep learning",
        },
    ),
}
"""What ``--book`` calls a book → the book."""


class Place(NamedTuple):
    """Where in a book something is: the key of `BOOKS`, the chapter, and the heading that it stands below."""

    book: str
    chapter: int
    section: str


def grokking(chapter: int, *sections: str) -> tuple[Place, ...]:
    """Places in *Grokking Deep Learning*; the headings of its chapters are those of its notebooks too."""
    return tuple(Place("grokking", chapter, section) for section in sections)


def nielsen(chapter: int, *sections: str) -> tuple[Place, ...]:
    """Places in *Neural Networks and Deep Learning*."""
    return tuple(Place("nielsen", chapter, section) for section in sections)
