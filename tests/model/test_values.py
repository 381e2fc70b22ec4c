"""Several values of a setting: what one text stands for."""

import math
import re

import numpy as np
import pytest

from mnistgd.model.fields import setting_fields
from mnistgd.model.settings import Settings
from mnistgd.model.values import values_from_text

FIELDS = {each.name: each for each in setting_fields(Settings)}


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("learning_rate", "0.1,0.3,1", (0.1, 0.3, 1.0)),
        ("learning_rate", "1, 0.1 ,1.0", (1.0, 0.1)),
        ("learning_rate", "log:1e-4:1:7", (1e-4, 4.642e-4, 2.154e-3, 1e-2, 4.642e-2, 0.2154, 1.0)),
        ("learning_rate", "log:1:0.01:3", (1.0, 0.1, 0.01)),
        ("weight_decay", "0,log:0.001:0.1:3", (0.0, 0.001, 0.01, 0.1)),
        ("seed", "0:5", (0, 1, 2, 3, 4)),
        ("seed", "0:10:4,9", (0, 4, 8, 9)),
        ("seed", "3:0:-1", (3, 2, 1)),
        ("batch_size", "100,full,log:16:64:3", (100, None, 16, 32, 64)),
        ("optimizer", "SGD,adam", ("sgd", "adam")),
        ("hidden", "none,64,64+32", ((), (64,), (64, 32))),
        ("standardise", "yes,no", (True, False)),
        ("freeze", "one, and two.png", ("one, and two.png",)),
        ("patience", "3", (3,)),
    ],
)
def test_what_a_text_stands_for(name, text, values):
    assert values_from_text(FIELDS[name], text) == values


def test_ranges_are_those_of_numpy():
    found = values_from_text(FIELDS["learning_rate"], "log:3e-5:7:41")
    np.testing.assert_allclose(found, np.geomspace(3e-5, 7, 41), rtol=5e-4)
    assert math.isclose(found[0], 3e-5)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("learning_rate", "0.1,,1", "'' is not a finite number above 0"),
        ("learning_rate", "0.1,-1", "'-1' is not a finite number above 0"),
        ("learning_rate", "0:5", "'0:5' is not log:FROM:TO:N"),
        ("learning_rate", "1e-4:1:7", "'1e-4:1:7' is not log:FROM:TO:N"),
        ("learning_rate", "lin:1:2:3", "'lin:1:2:3' is not log:FROM:TO:N"),
        ("learning_rate", "log:0:1:3", "two numbers above 0"),
        ("learning_rate", "log:1:2", "two numbers above 0"),
        ("learning_rate", "log:1:nan:3", "two numbers above 0"),
        ("learning_rate", "log:1:2:1", "how many, from 2"),
        ("learning_rate", "log:1:2:10000000000", "how many, from 2"),
        ("validation", "log:0.1:10:3", "'1' is not a fraction from 0 to 0.9"),
        ("seed", "5:5", "'5:5' is empty"),
        ("seed", "0:5:0", "not FROM:END or FROM:END:STEP"),
        ("seed", "0:1000001", "are more than 1,000,000 values"),
        ("seed", "-2:2", "'-2' is not a whole number from 0"),
        ("batch_size", "0:3", "'0' is neither a whole number from 1 up nor 'full'"),
        ("optimizer", "sgd,ada", "'ada' is not one of sgd"),
        ("hidden", "64+", "is not a list of whole numbers"),
        (
            "hidden",
            "64-32",
            "'64-32' is not a list of whole numbers from 1 to 1,024, with + between them, nor none",
        ),
        ("standardise", "true", "'true' is neither yes nor no"),
    ],
)
def test_what_is_none(name, text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        values_from_text(FIELDS[name], text)
