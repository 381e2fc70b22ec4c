"""The bar of ``mnistgd train`` on terminals of many widths."""

import re

import pytest

LONG = r"loss \d\.\d{4}  accuracy \d+\.\d\d%  learning rate \d[\d.e-]* +[\d-]+:[\d-]+"
SHORT = r"loss \d\.\d{3} accuracy \d+\.\d% rate \d[\d.e-]* +[\d-]+:[\d-]+"


@pytest.mark.parametrize(
    ("columns", "numbers", "least"),
    [
        (120, LONG, 24),
        (100, LONG, 24),
        (80, LONG, 8),
        (60, SHORT, 1),
        (40, r"loss \d\.\d\d [\d-]+:[\d-]+", 8),
    ],
)
def test_the_bar_is_cut_before_the_numbers(on_terminal, few, columns, numbers, least):
    """From its first drawing to its last: whatever fits is there, and on one line."""
    options = ("--data", few, "--epochs", 10, "--learning-rate", 0.09375, "--json")
    shown = on_terminal("train", *options, terminals=("stderr",), columns=columns).stderr
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown)
    drawn = [line.rstrip() for line in re.split(r"[\r\n]+", plain) if line.startswith("epoch")]
    assert len(drawn) >= 2
    for line in drawn:
        assert len(line) <= columns
        assert re.fullmatch(rf"epoch \d+/10 [━╸╺]{{{least},24}} {numbers}", line), line
    assert drawn[-1].startswith("epoch 10/10 ")
