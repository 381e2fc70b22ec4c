"""Which lessons there are, in reading order, and what each is of: all that is known without loading one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mnistgd.lessons.books import BOOKS, Place, grokking, nielsen

_QUESTION = (
    '"Do neural network layers with a constant input learn weights?", Stack Overflow (2020), '
    "question 63638526"
)


@dataclass(frozen=True)
class Entry:
    """What the list says of a lesson.

    Attributes
    ----------
    title : str, what it shows; at most 52 letters, so that the list fits a terminal
    places : tuple of Place
        Where the books have it.
    other : str
        Whose numbers they are if they are not those of the book, as it can be looked up. The places then have
        the same idea with other numbers.
    long : bool
        It takes more than two seconds: ``lesson all`` runs it last, and ``--quick`` leaves it out.
    """

    title: str
    places: tuple[Place, ...] = ()
    other: str = ""
    long: bool = False

    @property
    def source(self) -> str:
        """Whose system it is: author, title, chapter, and the headings that its listings stand below."""
        if self.other:
            return self.other
        book, chapter, _ = self.places[0]
        sections = ", ".join(f'"{place.section}"' for place in self.places if place.book == book)
        return f"{BOOKS[book].citation}, chapter {chapter}: {sections}"

    @property
    def chapter(self) -> str:
        """The book and the chapter in short; empty if its numbers are those of no book."""
        return "" if self.other else f"{BOOKS[self.places[0].book].name} {self.places[0].chapter}"

    def as_json(self) -> dict[str, Any]:
        """What ``mnistgd lesson --json`` says of it, besides its name."""
        book, chapter, _ = (None, None, None) if self.other else self.places[0]
        return {"title": self.title, "book": book, "chapter": chapter, "source": self.source}


LESSONS = {
    "forward": Entry(
        "five predictions, and no learning yet",
        grokking(
            3,
            "A Simple Neural Network Making a Prediction",
            "Making a Prediction with Multiple Inputs",
            "Making a Prediction with Multiple Outputs",
            "Predicting with Multiple Inputs & Outputs",
            "Predicting on Predictions",
        ),
    ),
    "hot-cold": Entry("learning by trying higher and lower", grokking(4, "Hot and Cold Learning")),
    "one-weight": Entry(
        "gradient descent with one weight, until it breaks",
        grokking(
            4,
            "Calculating Both Direction and Amount from Error",
            "Let's Watch Several Steps of Learning",
            "Breaking Gradient Descent",
        ),
    ),
    "toes": Entry(
        "gradient descent with three inputs",
        grokking(
            5, "Gradient Descent Learning with Multiple Inputs", "Let's Watch Several Steps of Learning"
        ),
    ),
    "freeze": Entry(
        "what becomes of a frozen weight as others learn",
        grokking(5, "Freezing One Weight - What Does It Do?"),
    ),
    "outputs": Entry(
        "one input, three outputs; three inputs and outputs",
        grokking(
            5,
            "Gradient Descent Learning with Multiple Outputs",
            "Gradient Descent with Multiple Inputs & Outputs",
        ),
    ),
    "normalise": Entry(
        "why inputs of one size learn faster",
        (),
        "The four games of A. Trask, Grokking Deep Learning (2019), chapter 5; standardising them is after "
        "Y. LeCun, L. Bottou, G. Orr and others, Efficient BackProp (1998), section 4.3",
    ),
    "streetlights": Entry(
        "correlation, and hidden units that make it",
        grokking(6, "Learning the whole dataset!", "Backpropagation in Code"),
    ),
    "threshold": Entry(
        "a neuron that answers yes or no: AND, OR",
        nielsen(1, "Perceptrons"),
        "W. S. McCulloch and W. Pitts, A logical calculus of the ideas immanent in nervous activity (1943)",
    ),
    "xor": Entry(
        "what no single layer can do, and two can",
        (),
        "D. E. Rumelhart, G. E. Hinton and R. J. Williams, Learning internal representations by error "
        "propagation (1986)",
    ),
    "backprop": Entry(
        "back-propagation through 2-2-2, number by number",
        nielsen(2, "The four fundamental equations behind backpropagation"),
        "M. Mazur, A step by step backpropagation example (2015)",
    ),
    "saturation": Entry(
        "why a neuron that is badly wrong learns slowly",
        nielsen(3, "The cross-entropy cost function"),
    ),
    "overfitting": Entry(
        "learning images by heart; dropout, batches",
        grokking(8, "3 Layer Network on MNIST", "Dropout In Code", "Batch Gradient Descent"),
        long=True,
    ),
    "activations": Entry(
        "tanh and softmax, and the slopes of activations",
        grokking(9, "Upgrading our MNIST Network"),
        long=True,
    ),
    "decay": Entry("a memory that fades, and a fading that is learned", (), _QUESTION),
    "constant-inputs": Entry(
        "whether a layer learns whose inputs never change", (), f"{_QUESTION}, the answer by A. Bote"
    ),
    "optimizers": Entry(
        "from plain gradient descent to AMSGrad",
        nielsen(3, "Variations on stochastic gradient descent"),
        "An overview article of the rules of Polyak (1964), Nesterov (1983), Duchi et al. (2011), Tieleman "
        "and Hinton (2012), Kingma and Ba (2015) and Reddi et al. (2018), with momentum as an average",
    ),
    "schedules": Entry(
        "the learning rate by the clock",
        nielsen(3, "How to choose a neural network's hyper-parameters?"),
        "The schedules of Darken and Moody (1991), Senior et al. (2013), Goodfellow et al. (2016) and "
        "Loshchilov and Hutter (2017)",
    ),
    "rnn": Entry(
        "a recurrent network that spells a word",
        (),
        "An introduction to recurrent networks with the word namaskar; the network is that of J. L. Elman, "
        "Finding structure in time (1990)",
    ),
    "association": Entry(
        "a network that cleans pictures",
        (),
        "T. Kohonen, Correlation matrix memories (1972), for the idea; the digits are scikit-learn's",
    ),
    "rbm": Entry(
        "a restricted Boltzmann machine and its parts",
        (),
        "scikit-learn's BernoulliRBM, on its own 8×8 digits",
    ),
    "dot-product": Entry(
        "how alike a digit's weights and mean image are",
        grokking(5, "Visualizing dot products (weighted sums)"),
    ),
    "nielsen": Entry(
        "a hidden layer of sigmoids; darkness to beat",
        nielsen(1, "Implementing our network to classify digits"),
        long=True,
    ),
}
"""Name → what the list says of it, in reading order."""


def chapters(book: str) -> list[dict[str, Any]]:
    """All chapters of a book, each with the headings that lessons are of, in reading order.

    Returns
    -------
    list of dict
        ``{"chapter", "title", "places": [{"section", "lesson", "other_numbers"}, …]}``; the last says whether
        the lesson has what the section is about, with the numbers of another source.
    """
    return [
        {
            "chapter": chapter,
            "title": title,
            "places": [
                {"section": place.section, "lesson": name, "other_numbers": bool(entry.other)}
                for name, entry in LESSONS.items()
                for place in entry.places
                if (place.book, place.chapter) == (book, chapter)
            ],
        }
        for chapter, title in BOOKS[book].chapters.items()
    ]
