"""What came of many runs, as a plot."""

import itertools

import pytest

from mnistgd.figures.plots import BLUE, GREY, VERMILLION, file_of
from mnistgd.figures.sweep import Point, sweep_figure


def points(deviation=None, **values):
    """A point for each combination, the best first; the accuracy falls from point to point."""
    combinations = list(itertools.product(*values.values()))
    return [
        Point(dict(zip(values, combination, strict=True)), 0.9 - 0.01 * number, deviation)
        for number, combination in enumerate(combinations)
    ]


def dots(axes, colour):
    """Where the dots of one colour stand."""
    return [
        (x, y)
        for line in axes.lines
        if line.get_color() == colour and line.get_marker() == "o"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def test_one_option_is_a_panel_with_bars():
    figure = sweep_figure(points(0.005, rate=[0.3, 0.1, 1.0]))
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "rate"
    assert dots(axes, BLUE) == [(0.1, 89.0), (0.3, 90.0), (1.0, pytest.approx(88.0))]
    assert dots(axes, VERMILLION) == [(0.3, 90.0)]
    (bars,) = axes.containers
    assert bars.has_yerr


def test_seeds_are_counted_in_whole_numbers():
    (axes,) = sweep_figure(points(seed=[0, 1, 2, 3])).axes
    assert axes.get_xticks().tolist() == [round(tick) for tick in axes.get_xticks()]


def test_two_options_are_a_heatmap_with_the_best_framed():
    found = points(rate=[1.0, 0.1], decay=[0.01, 0.0])
    found[3] = found[3]._replace(accuracy=None)
    figure = sweep_figure(found)
    axes, scale = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rate", "decay")
    assert scale.get_ylabel() == "validation accuracy (%)"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0.1", "1"]
    cells = axes.images[0].get_array()
    assert cells[:, 1].tolist() == [pytest.approx(89), pytest.approx(90)]
    assert cells.mask.tolist() == [[True, False], [False, False]]
    assert {text.get_text() for text in axes.texts} == {"90.00", "89.00", "88.00", "failed"}
    (frame,) = axes.patches
    assert frame.get_xy() == (0.5, 0.5)


def test_more_options_are_a_panel_for_each():
    found = points(rate=[0.1, 1.0], optimizer=["sgd", "adam"], decay=[0, 0.001, 0.1], units=[1, 2, 4])
    found[5] = found[5]._replace(accuracy=None)
    figure = sweep_figure(found)
    assert [axes.get_xlabel() for axes in figure.axes] == ["rate", "optimizer", "decay", "units"]
    for axes in figure.axes:
        assert len(dots(axes, GREY)) == len(found) - 1
        assert dots(axes, VERMILLION)[0][1] == 90
    assert len(dots(figure.axes[2], BLUE)) == 3
    assert [text.get_text() for text in figure.axes[2].get_xticklabels()] == ["0", "0.001", "0.1"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "each combination",
        "the best of each value",
        "the best",
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_any_number_of_options_is_drawn(count):
    """No warning comes of any, such as for words without room, and the bytes are the same again."""
    values = {f"option {n}": [0.0, 1.0, 1000.0] if n % 2 else ["yes", "glorot_uniform"] for n in range(count)}
    assert file_of(sweep_figure(points(**values))) == file_of(sweep_figure(points(**values)))


def test_where_nothing_worked_there_is_an_empty_plot():
    assert file_of(sweep_figure([Point({"rate": 1.0}, None), Point({"rate": 2.0}, None)]))
