"""Constant inputs, against the published run and the chain rule written out in plain Python."""

from math import exp, isfinite, log

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistgd.lessons import load

LESSON = load("constant-inputs")
PUBLISHED = [
    (-0.001539231976494193, 0.0013862588675692677, -0.0024916294496506453, "0.7312"),
    (0.0015823811991140246, -0.00021153852867428213, 0.0008941243286244571, "0.7042"),
    (-0.0013041968923062086, 0.0005898184608668089, -0.0015725962584838271, "0.7039"),
    (0.00156548956874758, -0.00017016787023749202, 0.000881993502844125, "0.7045"),
    (-0.0012605276424437761, 0.00047704551252536476, -0.0015090997330844402, "0.7028"),
    (0.0014193064998835325, -0.0001368212979286909, 0.0008420557714998722, "0.7027"),
    (-0.0011729025281965733, 0.0003637363844154162, -0.0013745202450081706, "0.7011"),
    (0.0012617181055247784, -0.00010974107135552913, 0.0007924885721877217, "0.7007"),
    (-0.0010727590415626764, 0.000274341378826648, -0.0012277730274945498, "0.6995"),
    (0.0011162457522004843, -0.00008809947957781718, 0.0007380791357718408, "0.6991"),
    (-0.0009710552404703332, 0.00020754436263814569, -0.001086110481992364, "0.6982"),
]
PUBLISHED_DECAYS = [0.7963085, 0.7707753, 0.8614942]


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def test_the_gradients_are_the_published_ones(outcome):
    for row, (*gradients, loss) in zip(outcome.rows, PUBLISHED, strict=False):
        assert row["grad_decay"] == pytest.approx(gradients, rel=0, abs=1e-8)
        assert f"{row['loss']:.4f}" == loss
    assert [row["epoch"] for row in outcome.rows] == list(range(50))


def test_the_decays_are_the_published_ones(outcome):
    assert outcome.result["decays"] == pytest.approx(PUBLISHED_DECAYS, rel=0, abs=1e-7)


def test_the_tables_show_as_many_digits_as_the_source(outcome):
    gradients, decays = outcome.tables
    for cells, row in zip(gradients.rows, outcome.rows[: len(PUBLISHED)], strict=False):
        assert [float(cell) for cell in cells[2:]] == pytest.approx(row["grad_decay"], abs=1e-17)
        assert all(len(cell.lstrip("-")) == len("0.00153923197649419") for cell in cells[2:])
    for cells, (*_, loss) in zip(gradients.rows, PUBLISHED, strict=False):
        assert cells[1] == loss
    assert [float(cell) for cell in decays.rows[-1][2:]] == pytest.approx(PUBLISHED_DECAYS, rel=0, abs=1e-7)


# --- the same in plain Python ----------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softmax(values):
    exponentials = [exp(value) for value in values]
    return [value / sum(exponentials) for value in exponentials]


class Network:
    """One example will do: the inputs are all alike, and half of the labels are 1."""

    def __init__(self, inputs, softmax):
        self.inputs, self.twice = inputs, softmax == "twice"
        self.decays = [0.8, 0.8, 0.8]
        self.w4 = [
            [0.56308413, 0.01193587, -0.09959088, -0.82172422],
            [0.25793576, 0.50966063, -0.23877709, -0.51475079],
            [-0.44209047, -0.53736195, -0.63172525, -0.05157415],
        ]
        self.b4 = [0.0] * 4
        self.w5 = [
            [0.07895673, -0.07895673],
            [0.91951923, -0.91951923],
            [-0.09543361, 0.09543361],
            [0.56262953, -0.56262953],
        ]
        self.b5 = [0.0] * 2

    def forward(self):
        self.gates = [sigmoid(d * x) for d, x in zip(self.decays, self.inputs, strict=True)]
        self.hidden = [
            sigmoid(self.b4[j] + sum(self.gates[i] * self.w4[i][j] for i in range(3))) for j in range(4)
        ]
        self.p = softmax(
            [self.b5[k] + sum(self.hidden[j] * self.w5[j][k] for j in range(4)) for k in range(2)]
        )
        self.q = softmax(self.p) if self.twice else self.p
        return -(log(self.q[0]) + log(self.q[1])) / 2

    def step(self, rate):
        """The gradients of the decays; afterwards all has moved."""
        if self.twice:
            d_p = [q - 0.5 for q in self.q]
            mean = sum(d * p for d, p in zip(d_p, self.p, strict=True))
            d_logits = [p * (d - mean) for d, p in zip(d_p, self.p, strict=True)]
        else:
            d_logits = [p - 0.5 for p in self.p]
        d_hidden = [
            h * (1 - h) * sum(self.w5[j][k] * d_logits[k] for k in range(2))
            for j, h in enumerate(self.hidden)
        ]
        d_decays = [
            self.inputs[i] * g * (1 - g) * sum(self.w4[i][j] * d_hidden[j] for j in range(4))
            for i, g in enumerate(self.gates)
        ]
        for k, d in enumerate(d_logits):
            self.b5[k] -= rate * d
            for j in range(4):
                self.w5[j][k] -= rate * d * self.hidden[j]
        for j, d in enumerate(d_hidden):
            self.b4[j] -= rate * d
            for i in range(3):
                self.w4[i][j] -= rate * d * self.gates[i]
        self.decays = [w - rate * d for w, d in zip(self.decays, d_decays, strict=True)]
        return d_decays


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"learning_rate": 0.5, "softmax": "once"},
        {"inputs": (0.5, -2.0, 0.0), "learning_rate": 3.0, "epochs": 20},
    ],
)
def test_every_epoch_by_hand(settings):
    outcome = run(**settings)
    settings = LESSON.settings(**settings)
    network = Network(settings.inputs, settings.softmax)
    assert len(outcome.rows) == settings.epochs
    for row in outcome.rows:
        assert row["decays"] == pytest.approx(network.decays, rel=1e-10)
        assert row["loss"] == pytest.approx(network.forward(), rel=1e-10)
        assert row["prediction"] == pytest.approx(network.p[1], rel=1e-10)
        assert row["grad_decay"] == pytest.approx(network.step(settings.learning_rate), rel=1e-8, abs=1e-14)
    assert outcome.result["decays"] == pytest.approx(network.decays, rel=1e-10)
    assert outcome.result["loss"] == pytest.approx(network.forward(), rel=1e-10)


def test_the_floor_is_ln_2(outcome):
    """Exactly half of the labels are ones, and nothing moves once that is the prediction."""
    assert np.random.RandomState(100).randint(2, size=100).sum() == 50
    assert outcome.result["least_loss"] == pytest.approx(log(2))
    assert all(row["loss"] > log(2) for row in outcome.rows)
    assert outcome.result["loss"] < log(2) + 1e-4
    assert "nothing moves" in outcome.notice
    long = run(epochs=2000)
    assert long.result["prediction"] == pytest.approx(0.5)
    assert long.result["loss"] == pytest.approx(log(2), abs=1e-12)
    assert long.rows[-1]["grad_decay"] == pytest.approx([0, 0, 0], abs=1e-12)


def test_an_input_of_zero_moves_nothing():
    outcome = run(inputs=(0.0, 1.0, 1.0))
    assert outcome.result["decays"][0] == 0.8
    assert {row["grad_decay"][0] for row in outcome.rows} == {0}
    assert "(1 stayed" in outcome.notice
    silent = run(inputs=(0.0, 0.0, 0.0))
    assert silent.result["decays"] == [0.8] * 3
    assert silent.result["loss"] < silent.rows[0]["loss"]
    assert "The decays stay" in silent.notice


def test_it_says_when_it_has_not_arrived():
    slow = run(learning_rate=0.1)
    assert "still move" in slow.notice
    assert "too far" not in slow.notice
    assert "too far" in run().notice


@pytest.mark.parametrize("softmax", ["once", "twice"])
@pytest.mark.parametrize(
    "settings", [{"learning_rate": 1e308}, {"inputs": (1e308, -1e308, 1.0)}, {"epochs": 1}]
)
def test_what_is_far_too_large_stays_finite_and_is_drawn(settings, softmax):
    settings = LESSON.settings(**settings, softmax=softmax)
    outcome, figure = LESSON.run(settings), Figure()
    assert all(isfinite(row["loss"]) for row in (*outcome.rows, outcome.result))
    if settings.learning_rate > 1e300:
        assert "flat" in outcome.notice
    LESSON.plot(settings, outcome, figure)
    figure.draw_without_rendering()


def test_the_plot_draws_every_epoch(outcome):
    figure = Figure()
    LESSON.plot(LESSON.settings(), outcome, figure)
    losses, decays = figure.axes
    assert losses.lines[0].get_ydata().tolist() == [row["loss"] for row in (*outcome.rows, outcome.result)]
    assert losses.lines[1].get_ydata() == pytest.approx([log(2)] * 2)
    for k, line in enumerate(decays.lines):
        assert line.get_ydata()[-1] == outcome.result["decays"][k]
