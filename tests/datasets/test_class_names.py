"""The names of classes."""

import pytest

from mnistgd.datasets.class_names import (
    check_class_names,
    find_class,
    listed,
    parse_class_names,
    with_class_names,
)
from mnistgd.errors import DataError, UsageError


def test_reads_a_line_of_names():
    assert parse_class_names("T-shirt,Trouser, Ankle boot ") == ("T-shirt", "Trouser", "Ankle boot")


BAD = {
    "": "2 to 100 names of classes, not 1",
    "one": "not 1",
    ",".join(map(str, range(101))): "not 101",
    "a,,c": "name of class 1 is empty",
    "a,b,": "name of class 2 is empty",
    "a, ": "name of class 1 is empty",
    "a,b,a": "two classes are called a",
    "a,b\nc": "class 1 needs a name of at most 40 printable characters",
    "a,\x1b[31m": "printable",
    "a,b\u202e": "printable",
    "a," + "b" * 41: "printable",
}


@pytest.mark.parametrize(("text", "words"), BAD.items(), ids=map(ascii, BAD))
def test_says_what_is_wrong(text, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse_class_names(text)
    assert caught.value.exit_code == 2


def test_ten_names_of_any_script():
    names = ("шлем", "靴", "été", "d", "e", "f", "g", "h", "i", "b" * 40)
    assert check_class_names(names) == names


def test_a_class_is_found_by_its_name_before_its_number():
    """EMNIST's letters, whose labels count from 1, are called 1 to 26 where no file says more."""
    names = tuple(str(number) for number in range(1, 27))
    assert [find_class(names, word) for word in ("1", "26", "0", "01", "27")] == [0, 25, 0, 1, None]
    assert find_class("ABab", "a") == 2
    assert find_class("ab", "9" * 5000) is None


def test_as_many_names_are_listed_as_a_line_has_room_for():
    assert listed([f"{k}" for k in range(20)]).count(",") == 19
    assert listed([f"{k}" for k in range(21)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, …, 20: 21 in all"


def test_a_data_set_takes_one_name_for_each_class(tiny, as_dataset):
    dataset = as_dataset(*tiny.values())
    assert dataset.class_names == tuple("0123456789")
    assert with_class_names(dataset, "abcdefghij").class_names == tuple("abcdefghij")
    with pytest.raises(DataError, match="here has 10 classes, and 3 names"):
        with_class_names(dataset, "abc")
