"""The weights file: what goes in comes out, and what nobody vouches for is not believed."""

import hashlib
import io
import json
import pickle
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistgd.errors import OutputError, WeightsError
from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record, foreign_record

NAMES = tuple("0123456789")


def with_record(model, **facts):
    return replace(model, record=build_record(model.settings, model.class_names, **facts))


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    params = {
        "weights": rng.normal(size=(784, 10)).astype(np.float32),
        "bias": rng.normal(size=10).astype(np.float32),
    }
    bare = Model(params, Settings(deskew=True, batch_size=None), NAMES)
    return with_record(bare, data={"source": "embedded", "sha256": "0" * 64}, results={"test_accuracy": 0.5})


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "weights.npz"
    weights_file.save(model, path)
    return path


def test_what_goes_in_comes_out(model, saved):
    again = weights_file.load(saved)
    assert again.class_names == NAMES
    assert again.settings == model.settings
    assert again.record == model.record
    for name, array in model.params.items():
        assert np.array_equal(again.params[name], array)
        assert again.params[name].dtype == np.float32


def test_numpy_reads_the_file_without_pickle(model, saved):
    with np.load(saved, allow_pickle=False) as file:
        assert sorted(file.files) == ["bias", "record", "weights"]
        assert np.array_equal(file["weights"], model.weights)
        record = json.loads(str(file["record"]))
    assert record["format"] == 1
    assert record["seed"] == 0
    assert record["names"] == list(NAMES)
    assert record["image_shape"] == [28, 28]
    assert record["pixel_scale"] == 1 / 255
    assert record["preprocessing"] == ["deskew"]
    assert record["data"] == {"source": "embedded", "sha256": "0" * 64}
    assert record["settings"]["batch_size"] == "full"
    assert record["environment"]["numpy"] == np.__version__
    assert record["date"].endswith("+00:00")


def test_outputs_are_the_textbook_sum(model):
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    expected = images.reshape(3, 784) / 255 @ model.weights.astype(float) + model.params["bias"]
    assert np.allclose(model.outputs(images), expected, atol=1e-3)
    probabilities = model.probabilities(images)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_probabilities_without_softmax():
    """A squared-error network predicts the probabilities themselves; they are clipped and made to sum to 1."""
    bias = np.array([0.5, 1.5, -0.3, 0, 0, 0, 0, 0, 0, 0], np.float32)
    params = {"weights": np.zeros((784, 10), np.float32), "bias": bias}
    model = Model(params, Settings(loss="squared-error"), NAMES)
    blank = np.zeros((1, 28, 28), np.uint8)
    assert model.probabilities(blank)[0].tolist() == pytest.approx([1 / 3, 2 / 3] + [0] * 8)
    nothing = Model(params | {"bias": np.full(10, -1, np.float32)}, model.settings, NAMES)
    assert nothing.probabilities(blank)[0].tolist() == pytest.approx([0.1] * 10)


def test_saving_replaces_whole_or_not_at_all(model, saved, monkeypatch):
    before = saved.read_bytes()

    def full(self, other):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match="no space left on device"):
        weights_file.save(model, saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["weights.npz"]


def test_a_file_that_is_replaced_while_it_is_read_gives_one_network_not_two_halves(
    model, saved, tmp_path, monkeypatch
):
    new = tmp_path / "new.npz"
    weights_file.save(replace(model, params={name: array * 0 for name, array in model.params.items()}), new)
    json_in = weights_file.json_in

    def replaced_meanwhile(array):
        new.replace(saved)
        return json_in(array)

    monkeypatch.setattr(weights_file, "json_in", replaced_meanwhile)
    assert np.array_equal(weights_file.load(saved).weights, model.weights)


# --- files that nobody vouches for -------------------------------------------------------------


def rewrite(path, **changes):
    """The file with some of its arrays or bytes exchanged; None leaves one out."""
    with np.load(path) as file:
        arrays = dict(file)
    arrays |= changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def change_record(path, **changes):
    with np.load(path) as file:
        record = json.loads(str(file["record"]))
    record |= changes
    rewrite(
        path, record=np.array(json.dumps({key: value for key, value in record.items() if value is not None}))
    )


def test_a_setting_that_a_file_lacks_has_its_default(model, saved):
    """As files have that were written before there was such a setting."""
    settings = model.settings.as_json()
    for name in ("standardise", "augment", "patience", "learning_rate"):
        settings.pop(name)
    change_record(saved, settings=settings)
    assert weights_file.load(saved).settings == model.settings


def test_a_file_older_than_the_key_that_names_the_scale(model, saved):
    change_record(saved, pixel_scale=None)
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    assert np.array_equal(weights_file.load(saved).outputs(images), model.outputs(images))


def header(shape, dtype="<f4"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def replace_member(path, name, content, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", packing) as archive:
        for member, old in members.items():
            archive.writestr(member, content if member == name else old)


def nan_weights():
    weights = np.zeros((784, 10), np.float32)
    weights[3, 4] = np.nan
    return weights


class Explodes:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


DAMAGE = {
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:5000]), "not a whole .npz file"),
    "empty": (lambda p: p.write_bytes(b""), "not a whole .npz file"),
    "text": (lambda p: p.write_text("hello"), "not a whole .npz file"),
    "one byte flipped": (
        lambda p: p.write_bytes(p.read_bytes()[:3000] + b"\x55" + p.read_bytes()[3001:]),
        "not a whole .npz file",
    ),
    "a zip of something else": (
        lambda p: zipfile.ZipFile(p, "w").writestr("cat.txt", "meow"),
        "it has no record",
    ),
    "no weights": (lambda p: rewrite(p, weights=None), "it has no weights"),
    "no bias": (lambda p: rewrite(p, bias=None), "it has no bias"),
    "no record": (lambda p: rewrite(p, record=None), "it has no record"),
    "NaN": (lambda p: rewrite(p, weights=nan_weights()), "not all numbers in its weights are finite"),
    "infinite bias": (
        lambda p: rewrite(p, bias=np.full(10, np.inf, np.float32)),
        "not all numbers in its bias are finite",
    ),
    "wrong shape": (
        lambda p: rewrite(p, weights=np.zeros((10, 784), np.float32)),
        r"its weights has shape \(10, 784\)",
    ),
    "wrong type": (lambda p: rewrite(p, weights=np.zeros((784, 10), np.int32)), "of int32"),
    "double": (lambda p: rewrite(p, weights=np.zeros((784, 10))), "more than the 31,360 that fit"),
    "record not text": (lambda p: rewrite(p, record=np.array(3)), "it has no record"),
    "record not JSON": (lambda p: rewrite(p, record=np.array("{")), "its record is not JSON"),
    "record nested deep": (lambda p: rewrite(p, record=np.array("[" * 100_000)), "its record is not JSON"),
    "record a list": (lambda p: rewrite(p, record=np.array("[]")), "its record is no JSON object"),
    "newer format": (lambda p: change_record(p, format=99), "newer than the"),
    "format 0": (lambda p: change_record(p, format=0), "names no format"),
    "format true": (lambda p: change_record(p, format=True), "names no format"),
    "no names": (lambda p: change_record(p, names=None), "names no classes"),
    "empty name": (lambda p: change_record(p, names=[""] * 10), "names no classes"),
    "a name that moves the cursor": (
        lambda p: change_record(p, names=["\x1b[2J", *"123456789"]),
        "names classes that cannot be",
    ),
    "a name twice": (lambda p: change_record(p, names=list("1123456789")), "two classes are called 1"),
    "a long name": (lambda p: change_record(p, names=["x" * 999_999, *"123456789"]), "at most 40|more than"),
    "one name": (lambda p: change_record(p, names=["x"]), "1 classes"),
    "nine names": (lambda p: change_record(p, names=list("123456789")), r"not \(784, 9\)"),
    "other images": (lambda p: change_record(p, image_shape=[32, 32]), "not 28×28"),
    "no data": (lambda p: change_record(p, data=None), "does not say what it was trained on"),
    "data without source": (
        lambda p: change_record(p, data={"sha256": ""}),
        "does not say what it was trained on",
    ),
    "labels of no SHA-256": (
        lambda p: change_record(p, data={"source": "", "sha256": "", "labels_sha256": 3}),
        "which labels it was trained on",
    ),
    "no settings": (lambda p: change_record(p, settings=None), "its settings are damaged"),
    "odd settings": (lambda p: change_record(p, settings={"epochs": "many"}), "its settings are damaged"),
    "pickle": (lambda p: p.write_bytes(pickle.dumps(Explodes())), "not a whole .npz file"),
    "pickle inside": (
        lambda p: np.savez(p, weights=np.array([Explodes()], dtype=object), allow_pickle=True),
        "Python objects|no record",
    ),
    "objects inside": (
        lambda p: replace_member(p, "weights.npy", header((784, 10), "|O") + b"x" * 100),
        "Python objects, which are never loaded",
    ),
    "a promise of a terabyte": (
        lambda p: replace_member(p, "weights.npy", header((10**6, 10**6)) + b"x" * 100),
        "not the .* it says",
    ),
    "a bomb": (
        lambda p: replace_member(p, "weights.npy", header((784, 10)) + bytes(10**8), zipfile.ZIP_DEFLATED),
        "more than the 31,360 that fit",
    ),
    "negative shape": (
        lambda p: replace_member(p, "weights.npy", header((-784, -10)) + bytes(31360)),
        "damaged|not a",
    ),
    "shape that is no shape": (
        lambda p: replace_member(p, "weights.npy", header("abc").replace(b"'abc'", b"  1e9 ")),
        "no header that can be read",
    ),
    "header is code": (
        lambda p: replace_member(
            p, "weights.npy", b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').system('id')   "
        ),
        "no header that can be read",
    ),
    "newer npy": (
        lambda p: replace_member(p, "weights.npy", b"\x93NUMPY\x09\x00" + bytes(100)),
        "newer .npy version",
    ),
    "packed otherwise": (
        lambda p: replace_member(p, "weights.npy", bytes(100), zipfile.ZIP_LZMA),
        "packed in a way that numpy does not use",
    ),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damaged_files(saved, damage, words):
    damage(saved)
    with pytest.raises(WeightsError, match=words) as caught:
        weights_file.load(saved)
    assert str(saved) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_no_file(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="there is no weights file") as caught:
        weights_file.load(tmp_path / "a b.npz")
    assert caught.value.hint == f"train first: mnistgd train --out '{tmp_path}/a b.npz'"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError) as caught:
        weights_file.load(Path("weights.npz"))
    assert caught.value.hint == "train first: mnistgd train"


def test_a_folder(tmp_path):
    with pytest.raises(WeightsError, match="folder"):
        weights_file.load(tmp_path)


@given(content=st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        weights_file.load(path)


@given(place=st.integers(0, 40_000), content=st.binary(min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_few_bytes_changed_anywhere(model, tmp_path, place, content):
    """Either the change does no harm or it is noticed; nothing else comes out."""
    path = tmp_path / "weights.npz"
    weights_file.save(model, path)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + content + whole[place + len(content) :])
    try:
        again = weights_file.load(path)
    except WeightsError:
        return
    assert np.array_equal(again.weights, model.weights)


def test_sha256_is_that_of_little_endian_float32_row_by_row():
    weights = np.random.default_rng(0).normal(size=(784, 3)).astype(np.float32)
    by_hand = b"".join(struct.pack("<f", number) for line in weights.tolist() for number in line)
    expected = hashlib.sha256(by_hand).hexdigest()
    for same in (weights, np.asfortranarray(weights), weights.astype(">f4"), weights.astype(np.float64)):
        assert weights_file.weights_sha256(same) == expected
    assert weights_file.weights_sha256(weights + 1) != expected


@pytest.mark.parametrize(
    ("classes", "hidden", "number"), [(10, (), 1), (10, (4,), 2), (11, (), 3), (100, (4,), 3)]
)
def test_more_than_ten_classes_are_a_format_of_their_own(tmp_path, classes, hidden, number):
    from mnistgd.training.run import initial_params

    settings, names = Settings(hidden=hidden), tuple(map(str, range(classes)))
    bare = Model(initial_params(settings, classes), settings, names)
    model = with_record(bare, data={"source": "/a", "sha256": "0" * 64}, results={"test_accuracy": 0.5})
    weights_file.save(model, tmp_path / "w.npz")
    again = weights_file.load(tmp_path / "w.npz")
    assert again.record["format"] == number
    assert again.class_names == names
    assert again.outputs(np.zeros((1, 28, 28), np.uint8)).shape == (1, classes)


@pytest.mark.parametrize("hidden", [(), (4,)])
@pytest.mark.parametrize("classes", [10, 11])
@pytest.mark.parametrize("foreign", [False, True])
def test_a_reader_that_knows_no_activation_of_the_outputs_refuses_one(
    tmp_path, monkeypatch, hidden, classes, foreign
):
    from mnistgd.training.run import initial_params

    settings = Settings(hidden=hidden, loss="squared-error", output="sigmoid")
    names = tuple(map(str, range(classes)))
    record = (
        foreign_record(settings, ["hidden", "loss", "output"], names)
        if foreign
        else build_record(settings, names, data={"source": "/a", "sha256": "0" * 64}, results={})
    )
    weights_file.save(Model(initial_params(settings, classes), settings, names, record), tmp_path / "w.npz")
    again = weights_file.load(tmp_path / "w.npz")
    assert (again.record["format"], again.is_foreign) == (5, foreign)
    assert (again.settings.output, again.settings.loss) == ("sigmoid", "squared-error")
    monkeypatch.setattr(weights_file, "NEWEST", 4)
    with pytest.raises(WeightsError, match="has format 5, newer than the 4"):
        weights_file.load(tmp_path / "w.npz")


def test_a_reader_that_knows_no_normal_weights_is_told_that_the_file_is_newer(tmp_path, monkeypatch):
    from mnistgd.training.run import initial_params

    settings = Settings(init="normal")
    bare = Model(initial_params(settings, 10), settings, tuple("0123456789"))
    model = with_record(bare, data={"source": "/a", "sha256": "0" * 64}, results={})
    weights_file.save(model, tmp_path / "w.npz")
    again = weights_file.load(tmp_path / "w.npz")
    assert (again.record["format"], again.settings.init) == (5, "normal")
    monkeypatch.setattr(weights_file, "NEWEST", 4)
    with pytest.raises(WeightsError, match="has format 5, newer than the 4"):
        weights_file.load(tmp_path / "w.npz")


@pytest.mark.parametrize("wrong", [{"transpose": 1}, {"test_share": 2.0}, {"test_data": ["a"]}], ids=str)
def test_a_record_that_says_not_how_its_images_are_read(model, saved, wrong):
    change_record(saved, data=model.record["data"] | wrong)
    with pytest.raises(WeightsError, match="says not how its images are read"):
        weights_file.load(saved)
