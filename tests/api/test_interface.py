"""``import mnistgd``: what it offers, and that it is what the command does."""

import doctest
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from threadpoolctl import threadpool_info

import mnistgd
from mnistgd.api import bar
from mnistgd.datasets.deskew import deskew
from mnistgd.errors import UsageError
from mnistgd.model import weights_file
from mnistgd.model.fields import setting_fields
from mnistgd.model.settings import Settings

PAGE = Path(mnistgd.__file__).parent / "api" / "README.md"


def in_a_process(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(few):
    return mnistgd.load_data(few)


@pytest.fixture(scope="module")
def model(data):
    return mnistgd.train(data, epochs=2)


def test_every_public_name_is_there_and_on_the_page():
    table = re.findall(r"^\| `(\w+)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(mnistgd.__all__)
    assert set(mnistgd.__all__) <= set(dir(mnistgd))
    with pytest.raises(AttributeError, match="mnistgd"):
        mnistgd.nothing  # noqa: B018


@pytest.mark.parametrize("name", mnistgd.__all__)
def test_every_name_has_an_example_that_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    (example,) = finder.find(getattr(mnistgd, name), name, module=False, globs={})
    assert example.examples
    assert runner.run(example).failed == 0


def test_help_says_what_each_option_of_train_is():
    parameters = inspect.signature(mnistgd.train).parameters
    first, *settings, last = parameters
    assert (first, last) == ("data", "on_epoch")
    assert settings == [each.name for each in setting_fields(Settings)]
    for each in setting_fields(Settings):
        assert parameters[each.name].default == each.default
        choices = each.about.get("choices")
        head = f"{each.name} : {', '.join(choices)}" if choices else each.name
        assert f"    {head}\n        {each.about['help']}\n" in mnistgd.train.__doc__


def test_what_a_notebook_prints_is_a_line(model, data):
    assert re.fullmatch(
        r"<Evaluation: \d\d\.\d\d% of 200 images right, loss 0\.\d{4}>", repr(model.evaluate(data))
    )
    why = model.explain(data.test_images[0])
    assert repr(why).startswith(f"<Explanation: 7 ({why.probabilities[7]:.1%}), then ")


def test_importing_it_loads_nothing():
    heavy = "{'numpy', 'sklearn', 'PIL', 'rich', 'typer', 'typing'} & set(sys.modules)"
    assert (
        in_a_process(f"import sys; before = set(sys.modules); import mnistgd; print(({heavy}) - before)")
        == "set()\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden": 8, "learning_rate": 0.2, "activation": "tanh"},
        {"hidden": (8, 4), "optimizer": "adam", "deskew": True},
        {"batch_size": None, "standardise": True, "augment": True},
        {"loss": "squared-error", "validation": 0.2, "patience": 1, "weight_decay": 0.01, "seed": 5},
        {
            "loss": "squared-error",
            "output": "sigmoid",
            "hidden": 8,
            "dropout": 0.3,
            "init": "normal",
            "first": 500,
        },
    ],
)
def test_the_weights_are_those_of_the_command(few, data, tmp_path, options):
    words = []
    for name, value in options.items():
        text = "full" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else value
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(text)])]
    command = ["train", "--quiet", "--data", few, "--out", tmp_path / "w.npz", "--epochs", 2, *words]
    subprocess.run([sys.executable, "-m", "mnistgd", *map(str, command)], check=True, capture_output=True)
    theirs = weights_file.load(tmp_path / "w.npz")
    mnistgd.train(data, epochs=2, **options).save(tmp_path / "ours.npz")
    ours = weights_file.load(tmp_path / "ours.npz")
    assert {name: array.tobytes() for name, array in ours.params.items()} == {
        name: array.tobytes() for name, array in theirs.params.items()
    }
    for record in (ours.record, theirs.record):
        for part in ("date", "environment"):
            record.pop(part)
    assert ours.record == theirs.record


def test_numbers_of_numpy_are_numbers(data, model):
    again = mnistgd.train(data, epochs=np.int64(2), learning_rate=np.float32(1), hidden=np.array([], int))
    assert (again.weights == model.weights).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs=0 is not a whole number from 1"),
        ({"epochs": None}, "epochs=None is not a whole number from 1"),
        ({"epochs": True}, "epochs=True is not"),
        ({"learning_rate": float("nan")}, "learning_rate=nan is not"),
        ({"hidden": "64"}, "hidden='64' is not a list of whole numbers"),
        ({"deskew": 3}, "deskew=3 is neither True nor False"),
        ({"augment": "yes"}, "augment='yes' is neither True nor False"),
        (
            {"freeze": np.zeros((3, 3), bool)},
            "freeze is a boolean array of shape (28, 28), not bool of shape (3, 3)",
        ),
        ({"freeze": np.zeros((28, 28))}, "not float64"),
        ({"loss": "mse"}, "loss='mse' is not one of cross-entropy, squared-error"),
        ({"momentum": 0.5}, "momentum means nothing to sgd"),
    ],
)
def test_an_option_that_may_not_be_is_refused(data, options, message):
    with pytest.raises(mnistgd.MnistgdError, match=re.escape(message)):
        mnistgd.train(data, **options)


def test_an_option_that_there_is_not_is_a_type_error(data):
    with pytest.raises(TypeError, match="lr"):
        mnistgd.train(data, lr=1)


def test_frozen_weights_stay(data):
    mask = np.zeros((28, 28), bool)
    mask[:, :14] = True
    weights = mnistgd.train(data, epochs=1, freeze=mask).weights.reshape(28, 28, 10)
    assert not weights[:, :14].any()
    assert weights[:, 14:].any()


def test_threads_are_given_back(data):
    before = [pool["num_threads"] for pool in threadpool_info()]
    seen = []
    mnistgd.train(data, epochs=1, on_epoch=lambda _: seen.extend(threadpool_info()))
    assert {pool["num_threads"] for pool in seen if pool["user_api"] == "blas"} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_history_is_what_on_epoch_is_told(data):
    told = []
    model = mnistgd.train(data, epochs=3, validation=0.1, on_epoch=told.append)
    assert list(model.history) == told
    assert [epoch.epoch for epoch in told] == [1, 2, 3]
    assert all(epoch.validation_loss > 0 for epoch in told)


@pytest.mark.parametrize("results", [None, [], {"test_accuracy": "high"}])
def test_a_model_shows_itself_whatever_its_record_says(model, tmp_path, results):
    model.save(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as file:
        arrays = dict(file)
    record = json.loads(str(arrays["record"])) | {"results": results}
    np.savez(tmp_path / "w.npz", **arrays | {"record": np.array(json.dumps(record))})
    assert repr(mnistgd.load(tmp_path / "w.npz")) == "<Model 784→10>"


def test_ctrl_c_keeps_what_there_is(data):
    def interrupt(epoch):
        if epoch.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    model = mnistgd.train(data, epochs=1000, schedule="constant", on_epoch=interrupt)
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(model.history) == 2
    assert (model.weights == mnistgd.train(data, epochs=2, schedule="constant").weights).all()


def test_a_second_ctrl_c_is_heard_at_once(data):
    def interrupt(_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        mnistgd.train(data, epochs=1000, on_epoch=interrupt)


def test_it_trains_in_another_thread(data, model):
    found = []
    thread = threading.Thread(target=lambda: found.append(mnistgd.train(data, epochs=2)))
    thread.start()
    thread.join()
    assert (found[0].weights == model.weights).all()


def test_what_cannot_be_drawn_or_tried_is_refused_by_its_name(model, data):
    for ask, message in (
        (lambda: model.heatmap(2, palette="viridis"), "there is no palette viridis"),
        (lambda: model.sheet(palette="jet"), "there is no palette jet"),
        (lambda: model.heatmap(2, size=27), "size=27 is no width"),
        (lambda: model.sheet(size=0), "size=0 is no width"),
        (lambda: model.evaluate(data, "validation"), "there is no split validation"),
    ):
        with pytest.raises(mnistgd.MnistgdError, match=message) as refused:
            ask()
        assert refused.value.hint


@pytest.mark.parametrize(
    "given",
    [
        *({"test_share": share} for share in (0, 1, 1.5, -1, "x", float("nan"), [0.5])),
        *({"transpose": 0}, {"handwriting": "no"}, {"skip_bad": 1}, {"test_data": ""}),
    ],
    ids=str,
)
def test_how_images_are_read_is_what_a_weights_file_can_record(few, given):
    with pytest.raises(UsageError) as refused:
        mnistgd.load_data(few, **given)
    assert refused.value.hint


def test_a_share_may_be_a_number_of_numpy(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", images=rng.integers(0, 256, (20, 784)), labels=np.arange(20) % 2)
    with pytest.warns(UserWarning, match="set aside"):
        data = mnistgd.load_data(tmp_path / "a.npz", test_share=np.float32(0.25))
    assert len(data.test_images) == 5
    assert type(data.options.test_share) is float


def test_numbers_are_names_of_classes(few):
    assert mnistgd.load_data(few, class_names=range(1, 11)).class_names == tuple(map(str, range(1, 11)))


def test_a_model_that_is_read_is_the_one_that_was_saved(model, data, tmp_path):
    model.save(str(tmp_path / "m.npz"))
    for path in (tmp_path / "m.npz", str(tmp_path / "m.npz")):
        again = mnistgd.load(path)
        assert (again.weights == model.weights).all()
        assert again.history == ()
        assert repr(again) == repr(model)


def test_answers_agree_with_one_another(model, data):
    probabilities = model.probabilities(data.test_images)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (model.predict(data.test_images) == probabilities.argmax(axis=1)).all()
    found = model.evaluate(data)
    assert found.accuracy == (model.predict(data.test_images) == data.test_labels).mean()
    assert found.confusion.sum() == len(data.test_labels)
    logits = data.test_images[3].reshape(784) / 255 @ model.weights.astype(float) + model.bias
    why = model.explain(data.test_images[3])
    assert [why.evidence[digit].logit for digit in range(10)] == pytest.approx(logits.tolist(), abs=1e-5)


def test_two_outputs_above_one_are_still_a_larger_and_a_smaller(data):
    """Squared error clips both to the same probability; the answer is that of the larger, as evaluate counts it."""
    model = mnistgd.train(data, epochs=1, loss="squared-error", init="normal", learning_rate=1e-6)
    answers = model.predict(data.test_images)
    assert (answers != model.probabilities(data.test_images).argmax(axis=1)).any()
    assert model.evaluate(data).accuracy == (answers == data.test_labels).mean()
    assert answers[3] == model.explain(data.test_images[3]).ranking[0]


def test_what_deskewing_does_is_done_inside(data):
    plain, straight = (mnistgd.train(data, epochs=1, deskew=each) for each in (False, True))
    straightened = deskew(data.test_images)
    assert (straight.probabilities(data.test_images) == straight._network.probabilities(straightened)).all()
    assert (plain.probabilities(data.test_images) == plain._network.probabilities(data.test_images)).all()
    found = straight.evaluate(data)
    assert found.accuracy == (straight.predict(data.test_images) == data.test_labels).mean()
    assert found.accuracy == straight._network.record["results"]["test_accuracy"]


def test_images_of_another_kind_are_refused(model):
    for images in (np.zeros((2, 28, 28)), np.zeros((28, 28), np.uint8), np.zeros((2, 784), np.uint8), [1, 2]):
        with pytest.raises(mnistgd.MnistgdError, match=re.escape("uint8 of shape (n, 28, 28)")) as refused:
            model.predict(images)
        assert refused.value.hint


def test_pictures_are_those_of_show_weights(model, tmp_path):
    model.save(tmp_path / "m.npz")
    for digit, name in (("2", "two.png"), ("all", "all.png")):
        command = ["show-weights", digit, "--weights", tmp_path / "m.npz", "--out", tmp_path / name]
        subprocess.run([sys.executable, "-m", "mnistgd", *map(str, command)], check=True, capture_output=True)
    for picture, name in (
        (model.heatmap(2), "two.png"),
        (model.heatmap("2"), "two.png"),
        (model.sheet(), "all.png"),
    ):
        with Image.open(tmp_path / name) as file:
            assert (np.asarray(picture) == np.asarray(file)).all()


@pytest.mark.parametrize("digit", [10, -1, "ten", 1.5, None])
def test_a_class_that_there_is_not_is_refused(model, digit):
    with pytest.raises(mnistgd.MnistgdError, match="knows no class"):
        model.heatmap(digit)


def test_hidden_layers_have_a_sheet_of_their_units(data):
    model = mnistgd.train(data, epochs=1, hidden=6)
    assert [weights.shape for weights, _ in model.layers] == [(784, 6), (6, 10)]
    assert model.sheet().size[0] > 100
    assert model.bias.shape == (10,)
    with pytest.raises(mnistgd.MnistgdError):
        model.heatmap(2)


def test_a_notebook_shows_pictures(model, data):
    formatters = pytest.importorskip("IPython.core.formatters")
    for each in (model, data):
        shown, _ = formatters.DisplayFormatter().format(each, include={"image/png", "text/plain"})
        assert shown["image/png"].startswith(b"\x89PNG")
        assert shown["text/plain"] == repr(each)


@pytest.mark.parametrize("there", [False, True])
def test_a_notebook_has_a_bar_if_it_has_widgets(monkeypatch, there):
    """Without them rich would say at every step that they are missing."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if there else None)
    progress = bar.EpochBar(10).progress
    assert (progress is not None) == there
    assert not there or progress.console.is_jupyter


def test_what_a_person_should_know_is_a_warning():
    with pytest.warns(UserWarning, match="using the embedded copy"):
        mnistgd.load_data()


def test_a_picture_is_read_as_predict_reads_it(tmp_path):
    picture = Image.new("L", (200, 200), "white")
    ImageDraw.Draw(picture).line([(100, 40), (110, 160)], "black", 16)
    picture.save(tmp_path / "one.png")
    found = mnistgd.read_picture(tmp_path / "one.png")
    assert (found.shape, found.dtype, found.max()) == ((28, 28), np.uint8, 255)
    with pytest.raises(mnistgd.MnistgdError, match="28 × 28"):
        mnistgd.read_picture(str(tmp_path / "one.png"), as_is=True)
    with pytest.raises(mnistgd.MnistgdError, match="none"):
        mnistgd.read_picture(tmp_path / "none.png")


def test_several_things_on_a_picture_are_a_warning(tmp_path):
    picture = Image.new("L", (200, 100), "white")
    for x in (50, 150):
        ImageDraw.Draw(picture).line([(x, 20), (x, 80)], "black", 8)
    picture.save(file := tmp_path / "two.png")
    with pytest.warns(UserWarning, match=r"two\.png: 2 things could be digits") as caught:
        assert mnistgd.read_picture(file).shape == (28, 28)
    assert caught[0].filename == __file__


def test_a_bar_is_drawn_where_somebody_sees_it(few):
    pty = pytest.importorskip("pty")
    code = f"import mnistgd; mnistgd.train(mnistgd.load_data({str(few)!r}), epochs=3)"
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 1 << 16):
                shown += piece
        except OSError:  # how Linux says that nobody has the terminal open any more
            pass
        assert process.stdout.read() == b""
    os.close(master)
    assert b"epoch 3/3" in shown
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")
    assert in_a_process(code) == ""
