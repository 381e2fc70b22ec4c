"""``mnistgd evaluate``: its tables and captions, for digits and for classes of any name."""

import re

import numpy as np
import pytest
from PIL import Image

from mnistgd.cli.tables import confusion_table
from mnistgd.figures.columns import text_columns

CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
LONG = tuple(f"{digit} is a class with a name of forty signs"[:40] for digit in range(10))
WIDE = ("コート", "シャツ", *"cdefghij")
COUNTS = np.where(np.eye(10, dtype=bool), 6000, np.arange(100).reshape(10, 10) % 40)


@pytest.fixture
def trained(mnistgd, few, tmp_path, monkeypatch):
    """A network for each naming of the ten classes."""
    monkeypatch.chdir(tmp_path)

    def train(names):
        options = ("--class-names", ",".join(names)) if names else ()
        assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet", *options).code == 0

    return train


@pytest.mark.parametrize("names", ["0123456789", CLOTHES, LONG, WIDE, ("yes", "no"), ("a" * 40, "b" * 40)])
def test_the_confusion_table_is_square_and_fits(names):
    title, heads, *rows = confusion_table(COUNTS[: len(names), : len(names)], names)
    ends = {text_columns(line) for line in (heads, *rows)}
    assert len(ends) == 1
    assert ends.pop() <= 80
    assert len(title) <= 80
    assert ("digit" in title) == (names == "0123456789")
    for row, counts in zip(rows, COUNTS, strict=False):
        shown = row.split()[-len(names) :]
        assert [0 if count == "·" else int(count) for count in shown] == counts[: len(names)].tolist()


@pytest.mark.parametrize("names", ["0123456789", ("yes", "no"), ("zero", "one", "two"), WIDE])
def test_names_that_fit_head_the_columns(names):
    title, heads, *rows = confusion_table(COUNTS[: len(names), : len(names)], names)
    assert heads.split() == list(names)
    assert [row.split()[0] for row in rows] == list(names)
    assert "number" not in title


@pytest.mark.parametrize("names", [CLOTHES, LONG])
def test_where_they_do_not_all_columns_have_numbers_and_so_have_the_rows(names):
    title, heads, *rows = confusion_table(COUNTS, names)
    assert heads.split() == list("0123456789")
    assert [row.split()[0] for row in rows] == list("0123456789")
    assert all(name[:15] in row for name, row in zip(names, rows, strict=True))
    assert "by their numbers" in title


def test_clothes_are_no_digits(mnistgd, trained):
    trained(CLOTHES)
    shown = mnistgd("evaluate").stdout
    assert "digit" not in shown
    assert shown.splitlines()[3] == "      class  images  precision  recall"
    trained(None)
    assert mnistgd("evaluate").stdout.splitlines()[3] == "digit  images  precision  recall"


def test_the_mistakes_of_long_names_in_the_terminal(on_terminal, few):
    assert (
        on_terminal("train", "--data", few, "--epochs", 1, "--class-names", ",".join(CLOTHES), "--quiet").code
        == 0
    )
    shown = on_terminal("evaluate", columns=30, env={"NO_COLOR": "1"}).stdout
    captions = [line.strip() for line in shown.splitlines() if " > " in line]
    assert captions
    assert all(re.search(r", \d+%$", caption) for caption in captions)


@pytest.mark.parametrize("option", ["--confusion", "--mistakes"])
def test_errors_name_the_option_that_was_given(mnistgd, trained, option):
    trained(None)
    result = mnistgd("evaluate", option, "-", "--json")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"error: {option} - and --json both want stdout"


def test_pictures_of_named_classes(mnistgd, trained, tmp_path):
    trained(LONG)
    assert mnistgd("evaluate", "--confusion", "c.png", "--mistakes", "m.png").code == 0
    for name in ("c.png", "m.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 800
