"""Two networks on one sheet: every class, however many there are."""

import numpy as np
import pytest

from mnistgd.figures.comparison import comparison_limit, comparison_sheet
from mnistgd.figures.palettes import DIVERGING


@pytest.mark.parametrize("n", [10, 16, 17, 26, 47, 62, 100])
def test_every_class_is_there_on_a_sheet_that_a_screen_shows(n):
    """Each class has a weight of its own at its first pixel, which is shown where the class should be."""
    a = np.zeros((784, n))
    a[0] = np.linspace(-1, 1, n)
    b = -a
    sheet = comparison_sheet(a, b, [f"{k}" for k in range(n)], ("a.npz", "b.npz"))
    assert sheet.width <= 2100
    assert sheet.height <= 3100
    pixels, limit = np.asarray(sheet), comparison_limit(a, b)
    abreast = -(-n // -(-n // 16))
    for k in range(n):
        left = 24 + 64 + 8 + 1 + k % abreast * 122
        tops = [top for top in range(1, len(pixels) - 112) if framed_at(pixels, top, left)]
        part = tops[3 * (k // abreast) :][:3]
        for top, values in zip(part, (a, b, a - b), strict=True):
            wanted = DIVERGING.colours(values[:1, k : k + 1] / limit)[0, 0]
            assert (pixels[top, left] == wanted).all()


def framed_at(pixels, top, left):
    """Whether a picture of 112 pixels begins there: a line runs above it, and one on its left."""
    return (pixels[top - 1, left - 1 : left + 113] == 176).all() and (
        pixels[top - 1 : top + 113, left - 1] == 176
    ).all()
