"""The recurrent network against one that is written out here, in columns, as its source has it."""

import json
from math import log

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistgd.errors import UsageError
from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("rnn")
LETTERS = "namskr"
HEARD, NEXT = "namaska", "amaskar"


def weights():
    w = [round(0.3 * np.sin(1.3 * k + 0.7), 4) for k in range(8 * 6 + 8 * 8 + 6 * 8)]
    return (
        np.array(w[:48]).reshape(8, 6),
        np.array(w[48:112]).reshape(8, 8),
        np.array(w[112:]).reshape(6, 8),
    )


def one_hot(letter):
    return np.array([float(letter == other) for other in LETTERS])


def forward(w_xh, copies, w_hy, heard=HEARD):
    """States, from h₀ on, and probabilities; moment t uses the t-th copy of W_hh."""
    states, answers = [np.zeros(8)], []
    for letter, w_hh in zip(heard, copies, strict=True):
        states.append(np.tanh(w_hh @ states[-1] + w_xh @ one_hot(letter)))
        exponentials = np.exp(w_hy @ states[-1])
        answers.append(exponentials / exponentials.sum())
    return states, answers


def loss_of(w_xh, copies, w_hy):
    _, answers = forward(w_xh, copies, w_hy)
    return -sum(log(answer[LETTERS.index(letter)]) for answer, letter in zip(answers, NEXT, strict=True))


def gradients(w_xh, w_hh, w_hy):
    """Back-propagation through time; that of W_hh apart for each moment."""
    states, answers = forward(w_xh, [w_hh] * 7, w_hy)
    d_xh, d_hh, d_hy, d_state = np.zeros_like(w_xh), [], np.zeros_like(w_hy), np.zeros(8)
    for t in range(6, -1, -1):
        d_answer = answers[t] - one_hot(NEXT[t])
        d_hy += np.outer(d_answer, states[t + 1])
        d_total = (w_hy.T @ d_answer + d_state) * (1 - states[t + 1] ** 2)
        d_xh += np.outer(d_total, one_hot(HEARD[t]))
        d_hh.insert(0, np.outer(d_total, states[t]))
        d_state = w_hh.T @ d_total
    return d_xh, d_hh, d_hy


def spelled(w_xh, w_hh, w_hy):
    word = "n"
    while len(word) < 8:
        _, answers = forward(w_xh, [w_hh] * len(word), w_hy, word)
        word += LETTERS[answers[-1].argmax()]
    return word


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def test_every_row(outcome):
    """Loss, letters and word of each step, from the step before by hand."""
    w_xh, w_hh, w_hy = weights()
    until_right = None
    for step, row in enumerate(outcome.rows):
        _, answers = forward(w_xh, [w_hh] * 7, w_hy)
        right = sum(LETTERS[a.argmax()] == letter for a, letter in zip(answers, NEXT, strict=True))
        if until_right is None and right == 7:
            until_right = step
        assert row["step"] == step
        assert row["loss"] == pytest.approx(loss_of(w_xh, [w_hh] * 7, w_hy), rel=1e-9)
        assert (row["right"], row["spelled"]) == (right, spelled(w_xh, w_hh, w_hy))
        d_xh, d_hh, d_hy = gradients(w_xh, w_hh, w_hy)
        w_xh, w_hh, w_hy = w_xh - 0.1 * d_xh, w_hh - 0.1 * sum(d_hh), w_hy - 0.1 * d_hy
    assert outcome.result["steps_until_all_right"] == until_right
    assert len(outcome.rows) == until_right + 200 + 1
    assert outcome.result["loss_first"] == outcome.rows[0]["loss"]
    assert outcome.result["spelled"] == outcome.rows[-1]["spelled"] == "namaskar"


def test_the_gradient_of_each_copy_is_a_measured_slope(outcome):
    w_xh, w_hh, w_hy = weights()
    copies = np.stack([w_hh] * 7)
    slopes = np.empty_like(copies)
    for index in np.ndindex(copies.shape):
        kept = copies[index]
        copies[index] = kept + 1e-6
        above = loss_of(w_xh, copies, w_hy)
        copies[index] = kept - 1e-6
        slopes[index] = (above - loss_of(w_xh, copies, w_hy)) / 2e-6
        copies[index] = kept
    assert np.allclose(outcome.result["copy_gradients"], slopes, atol=1e-8)
    assert np.allclose(outcome.result["shared_gradient"], slopes.sum(axis=0), atol=1e-8)
    assert not np.any(outcome.result["copy_gradients"][0])


def test_without_memory_an_a_is_always_answered_alike(outcome):
    """n→a, m→a, s→k and k→a can be learned; a is followed once each by m, s and r: one right of three."""
    off = outcome.result["memory_off"]
    assert (off["best_right"], off["right"]) == (5, 5)
    assert off["least_loss"] == pytest.approx(3 * log(3))
    assert off["least_loss"] < off["loss"] < off["least_loss"] + 0.01
    # Once an a has been spelled there is a cycle of the same answers.
    after_a = {off["spelled"][i + 1] for i, letter in enumerate(off["spelled"][:-1]) if letter == "a"}
    assert len(after_a) == 1
    assert "'a' is followed by m, s and r" in off["why"]
    assert outcome.result["loss"] < off["least_loss"]


def test_the_mean_is_the_sum_at_a_seventh_of_the_rate():
    mean = LESSON.run(LESSON.settings(reduce="mean", most=20))
    total = LESSON.run(LESSON.settings(learning_rate=0.1 / 7, most=20))
    assert [7 * row["loss"] for row in mean.rows] == pytest.approx([row["loss"] for row in total.rows])
    assert mean.result["memory_off"]["least_loss"] == pytest.approx(3 * log(3) / 7)


def test_it_ends_where_it_is_told_to():
    few = LESSON.run(LESSON.settings(most=10))
    assert len(few.rows) == 11
    assert few.result["steps_until_all_right"] is None
    assert "After 10 updates not all" in few.notice
    none_more = LESSON.run(LESSON.settings(more=0))
    assert none_more.rows[-1]["step"] == none_more.result["steps_until_all_right"]
    assert len(LESSON.run(LESSON.settings(most=30)).rows) == 31


def test_a_word_that_needs_no_memory():
    outcome = LESSON.run(LESSON.settings(word="abc", hidden=2))
    off = outcome.result["memory_off"]
    assert (off["right"], off["best_right"], off["least_loss"], off["spelled"]) == (2, 2, 0, "abc")
    assert "can be spelled without memory" in outcome.notice


@pytest.mark.parametrize("word", ["", "a", "aaa", "a\nb", "ab" * 21])
def test_what_is_not_a_word(word):
    with pytest.raises(UsageError, match="is not a word"):
        LESSON.run(LESSON.settings(word=word))


def test_a_divergence_is_shown_until_it_overflows():
    outcome = LESSON.run(LESSON.settings(learning_rate=1e308))
    assert outcome.result["overflowed_at"] == len(outcome.rows)
    assert "overflow at step" in outcome.notice
    json.dumps([outcome.rows, outcome.result], allow_nan=False)


@pytest.mark.parametrize(
    "settings", [{}, {"word": "a$b$", "most": 5}, {"word": "abc"}, {"learning_rate": 1e308}]
)
def test_the_plot_draws_the_loss(settings):
    settings = LESSON.settings(**settings)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    curve, moments = figure.axes
    assert curve.lines[0].get_ydata().tolist() == [row["loss"] for row in outcome.rows]
    assert len(moments.patches) == len(settings.word) - 1
    figure.draw_without_rendering()


def test_tables_have_a_cell_for_every_heading(outcome):
    for table in outcome.tables:
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_any_alphabet_can_be_spelled_and_drawn():
    """A letter that the font lacks is no reason for a warning, which would be an error here."""
    settings = LESSON.settings(word="नमस्कार")
    outcome, figure = LESSON.run(settings), new_figure()
    assert outcome.result["spelled"] == "नमस्कार"
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure).startswith(b"\x89PNG")
