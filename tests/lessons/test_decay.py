"""A fading memory, against the published states, and its learning against a loop in plain Python."""

from math import copysign, exp

import pytest

from mnistgd.errors import UsageError
from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("decay")


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def fade(inputs, decay):
    states, state = [], 0.0
    for shown in inputs:
        state = shown if shown != 0 else copysign(max(abs(state) - decay, 0), state)
        states.append(state)
    return states


def test_the_published_states():
    assert [round(state, 12) for state in run().result["states"]] == [1, 0.8, 0.6, -1, -0.8]
    assert [row[2] for row in run().tables[0].rows] == ["1", "0.8", "0.6", "-1", "-0.8"]


@pytest.mark.parametrize(
    ("inputs", "decay"),
    [
        (((0, 1, 0, 0, 0, 0),), (0.4,)),
        (((1, 0, 0, -1, 0),), (0.2, 0.1, 0.5, 0.0)),
        (((1, 0), (0, -1, 0, 0)), (0.3,)),
        (((1, 0, 0), (-1, 0, 0, 0), (0.5, 0)), (0.1, 0.2, 2.0)),
    ],
)
def test_states_of_several_memories(inputs, decay):
    settings = LESSON.settings(inputs=inputs, decay=decay)
    outcome = LESSON.run(settings)
    count = max(len(inputs), len(decay))
    wanted = [fade(inputs[i % len(inputs)], decay[i % len(decay)]) for i in range(count)]
    states = outcome.result["states"]
    for channel, line in zip([states] if count == 1 else states, wanted, strict=True):
        assert channel == pytest.approx(line, abs=1e-15)
    assert len(outcome.tables[0].rows) == max(map(len, inputs))
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)


def test_inputs_and_decays_that_do_not_pair():
    with pytest.raises(UsageError, match="2 --inputs and 3 --decay do not pair"):
        run(inputs=((1, 0), (0, 1)), decay=(0.1, 0.2, 0.3))


def test_the_decay_is_learned_by_hand():
    """loss = ½ (4 + 1 + 1) (d - 0.2)² while 2·d < 1, from the two moments that fade once and the one twice."""
    outcome = run()
    w = -0.4
    for row in outcome.rows:
        d = 1 / (1 + exp(-w))
        assert row["decay"] == pytest.approx(d, rel=1e-12)
        assert row["loss"] == pytest.approx(3 * (d - 0.2) ** 2, rel=1e-9, abs=1e-20)
        last, w = w, w - 6 * (d - 0.2) * d * (1 - d)
    assert [row["step"] for row in outcome.rows] == list(range(201))
    assert outcome.result["weight"] == pytest.approx(last, rel=1e-12)
    assert outcome.result["learned_decay"] == pytest.approx(0.2, abs=1e-12)


def test_the_learning_does_not_ask_what_is_shown():
    rows = run().rows
    assert run(inputs=((0, 1, 0, 0),), decay=(0.7,)).rows == rows


@pytest.mark.parametrize("settings", [{"weight": 40.0}, {"learning_rate": 1e308}, {"steps": 2}])
def test_a_decay_that_is_not_learned_is_said_so(settings):
    outcome = run(**settings)
    assert abs(outcome.result["learned_decay"] - 0.2) > 1e-3
    assert "not yet 0.2" in outcome.notice


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--inputs", "1,2,x"], "'x' is not a finite number"),
        (["--decay", "-0.1"], "'-0.1' is not a finite number from 0 up"),
        (["--inputs", "1", "--inputs", "0", "--decay", "1", "--decay", "1", "--decay", "1"], "do not pair"),
    ],
)
def test_wrong_usage(arguments, error, capsys, monkeypatch):
    from mnistgd.cli.app import run as main

    monkeypatch.setattr("sys.argv", ["mnistgd", "lesson", "decay", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert captured.out == ""
    assert error in captured.err
