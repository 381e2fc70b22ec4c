"""The report: what it says is so, names are never markup, and it can be read and printed anywhere."""

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from mnistgd.datasets.load import load_dataset
from mnistgd.figures.palettes import DIVERGING
from mnistgd.model.freeze import pack_mask, read_mask
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import foreign_record
from mnistgd.sharing.report import report_of
from mnistgd.sharing.report_page import page_bytes, template
from mnistgd.training.history import Epoch
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run

HOSTILE = (
    "</script><script>alert(1)",
    "</style><b>",
    "<!--",
    "אבג",
    "دال",
    "コート",
    "{{ 1 }}",
    "' onload=alert(1)",
    '" onload=alert(1)',
    "forty letters of a name, as most may be.",
)


@pytest.fixture(scope="module")
def dataset(few):
    return load_dataset(str(few))


@pytest.fixture(scope="module")
def many(dataset):
    """As many classes as EMNIST has."""

    def labels(of):
        return ((of + 10 * (np.arange(len(of)) % 7)) % 62).astype(np.uint8)

    names = tuple(f"class {k}" for k in range(62))
    train, test = labels(dataset.train_labels), labels(dataset.test_labels)
    return replace(dataset, train_labels=train, test_labels=test, class_names=names)


def trained(dataset, **settings):
    """A network, and its history."""
    run = Run(dataset, Settings(**{"epochs": 2} | settings))
    epochs = []
    last = run.finish(lambda now: epochs.append(Epoch.of(now, 0.0)) if now.epoch_ends else None)
    return finished_model(last), epochs


@pytest.fixture(scope="module")
def network(dataset):
    return trained(dataset)


def html_of(model, dataset, *more, weights="w.npz"):
    return page_bytes(template(), report_of(model, dataset, weights, DIVERGING, *more)).decode()


class Parts(HTMLParser):
    """The elements of a page with their attributes, its text, and the cells of its tables."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts, self.tables, self.in_cell = [], [], [], False
        self.feed(html)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.texts.append(data)
        if self.in_cell:
            self.tables[-1][-1][-1] += data.strip()


def test_the_counts_are_those_of_scikit_learn(network, dataset):
    model, _ = network
    predicted = model.outputs(dataset.test_images).argmax(axis=1)
    wanted = confusion_matrix(dataset.test_labels, predicted)
    confusion, classes, *_ = Parts(html_of(model, dataset)).tables
    cells = [[0 if cell == "·" else int(cell) for cell in row[1:]] for row in confusion[1:]]
    assert cells == wanted.tolist()
    precision, recall, _, images = precision_recall_fscore_support(
        dataset.test_labels, predicted, zero_division=np.nan
    )
    for line, found in zip(classes[1:], zip(images, recall, precision, strict=True), strict=True):
        assert line[1:] == [str(found[0]), *("–" if np.isnan(x) else f"{x:.1%}" for x in found[1:])]
    right = int((predicted == dataset.test_labels).sum())
    assert f"Of 200 test images it answers {right} rightly: {right / 200:.2%}" in Parts(
        html_of(model, dataset)
    ).text.replace(" .", ".")


def test_three_answers_are_a_right_one_a_wrong_one_and_the_least_certain(network, dataset):
    model, _ = network
    sure = model.probabilities(dataset.test_images)
    right = sure.argmax(axis=1) == dataset.test_labels
    found = report_of(model, dataset, "w.npz", DIVERGING)
    assert [each.index for each in found.explained] == [
        np.where(right, sure.max(axis=1), 0).argmax(),
        np.where(right, 0, sure.max(axis=1)).argmax(),
        sure.max(axis=1).argmin(),
    ]
    assert found.mistakes[0][0].index == found.explained[1].index
    assert len(found.mistakes) == 16
    for each in found.explained:
        for answer in each.answers:
            *terms, total = (float(number.replace("−", "-")) for _, number in answer.sums)
            assert sum(terms) == pytest.approx(total)


def test_the_same_weights_and_log_give_the_same_bytes(network, dataset):
    model, epochs = network
    first, second = (html_of(model, dataset, ("l.jsonl", epochs)) for _ in range(2))
    assert first == second
    assert model.record["date"] in first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda epochs: epochs, False),
        (lambda epochs: epochs[:-1], True),
        (lambda epochs: [*epochs[:-1], replace(epochs[-1], loss=0.5)], True),
        (lambda epochs: [replace(each, step=2 * each.step) for each in epochs], True),
    ],
    ids=["its own", "cut", "another loss", "other steps"],
)
def test_the_log_of_another_run_is_said(network, dataset, change, said):
    model, epochs = network
    html = html_of(model, dataset, ("l.jsonl", change(epochs)))
    assert ("l.jsonl is the log of another run" in Parts(html).text) == said


def test_names_are_data_and_never_markup(network, dataset):
    model, _ = network
    model = replace(model, class_names=HOSTILE, record={**model.record, "names": list(HOSTILE)})
    plain, parts = Parts(html_of(network[0], dataset)), Parts(html_of(model, dataset))
    assert [tag for tag, _ in parts.elements] == [tag for tag, _ in plain.elements]
    assert all(name in parts.text for name in HOSTILE)


def test_what_a_record_says_is_shown_harmlessly(network, dataset):
    model, _ = network
    odd = "a\u202eb\x00c\x1b[31m\ud800<i>\n" + 9000 * "x"
    record = {**model.record, "date": odd, "data": {"source": odd, "sha256": odd}}
    record |= {"environment": {f"{k}": odd for k in range(5000)}}
    assert len(html_of(replace(model, record=record), dataset)) < 1_000_000
    record |= {"environment": {odd: odd, "python": ["<i>"]}, "results": {odd: 1e300, "epochs": float("nan")}}
    html = html_of(replace(model, record=record), dataset, weights="w\ud800\n.npz")
    assert "a�b�c�[31m�&lt;i&gt;�xxx" in html
    assert not set("\u202e\x00\x1b\ud800") & set(html)
    assert len(html) < 1_000_000
    assert not [tag for tag, _ in Parts(html).elements if tag == "i"]


def test_a_record_may_lack_what_it_says_of_the_run(network, dataset):
    model, epochs = network
    for part in ({"results": None, "environment": None}, {"results": [], "environment": 3}):
        html = html_of(replace(model, record={**model.record, **part}), dataset, ("l.jsonl", epochs))
        assert "is the log of another run" in html


def test_nothing_is_asked_for_and_nothing_runs(network, dataset):
    model, epochs = network
    html = html_of(model, dataset, ("l.jsonl", epochs), ("b.npz", model))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    )
    elements = Parts(html).elements
    assert not {tag for tag, _ in elements} & {"script", "link", "iframe", "object", "form", "a", "svg"}
    for _, attributes in elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "href")]
        assert attributes.get("src", "data:image/").startswith("data:image/")
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in re.sub(r'src="[^"]*"', "", html).replace("http-equiv", "")


def test_the_other_kinds_of_network(dataset, many):
    deep = html_of(trained(dataset, epochs=1, hidden=(8,) * 5, activation="tanh")[0], dataset)
    assert "784 → 8 → 8 → 8 → 8 → 8 → 10" in deep
    assert "bend is what the curves of tanh add to it" in deep
    wide = Parts(html_of(trained(dataset, epochs=1, hidden=(64,))[0], dataset)).text
    assert "These are the first 40 of 64 units" in wide
    squared = html_of(trained(dataset, epochs=1, loss="squared-error")[0], dataset)
    assert "half squared error" in squared
    of_many = Parts(html_of(trained(many, epochs=1)[0], many))
    assert len(of_many.tables) == 3 + 6
    assert "class 61" in of_many.text


def test_a_network_of_another_program(network, dataset):
    model, _ = network
    settings = Settings()
    record = foreign_record(settings, ["hidden", "loss", "deskew"], model.class_names)
    text = Parts(html_of(Model(model.params, settings, model.class_names, record), dataset)).text
    assert "Another program trained it" in text
    assert "learning rate unknown" in text
    assert "mnistgd train --out" not in text
    assert "mnistgd verify" not in text


def test_other_images_are_said(network, dataset):
    other = replace(dataset, sha256="0", source="elsewhere.npz")
    text = Parts(html_of(network[0], other)).text
    assert "(elsewhere.npz) are not those that the network was trained and tested on" in text
    assert "mnistgd explain --weights w.npz --data elsewhere.npz --index N" in text


def test_all_right_and_all_wrong(network, dataset):
    model, _ = network
    answers = model.outputs(dataset.test_images).argmax(axis=1).astype(np.uint8)
    right = Parts(html_of(model, replace(dataset, test_labels=answers))).text
    assert "There is no wrong answer." in right
    assert "not one was taken for another" in right
    wrong = report_of(model, replace(dataset, test_labels=(answers + 1) % 10), "w.npz", DIVERGING)
    assert [each.kind for each in wrong.explained] == ["the surest wrong answer", "the least certain answer"]
    assert "is found best" in Parts(page_bytes(template(), wrong).decode()).text


def test_weights_of_zero(network, dataset):
    model, _ = network
    nothing = replace(model, params={name: np.zeros_like(array) for name, array in model.params.items()})
    assert "784 pixels of 784 weigh nothing at all" in Parts(html_of(nothing, dataset)).text


def test_a_mask_is_there_to_be_saved(dataset, tmp_path):
    frozen = np.arange(784) % 3 == 0
    model, _ = trained(dataset, epochs=1, freeze=pack_mask(frozen))
    html = html_of(model, dataset)
    assert "--freeze MASK.png" in html
    (content,) = re.findall(r'src="data:image/png;base64,([^"]*)" alt="the mask', html)
    (tmp_path / "MASK.png").write_bytes(base64.b64decode(content))
    assert (read_mask(tmp_path / "MASK.png") == frozen).all()


@pytest.fixture(scope="module")
def pages(network, dataset, many, tmp_path_factory):
    """Files of reports of every kind."""
    model, epochs = network
    of_many, log_of_many = trained(many)
    odd = replace(model, class_names=HOSTILE, record={**model.record, "names": list(HOSTILE)})
    deep, log_of_deep = trained(dataset, hidden=(16,) * 5, activation="sigmoid", validation=0.2)
    kinds = {
        "short": (model, dataset),
        "whole": (model, dataset, ("l.jsonl", epochs), ("b.npz", model)),
        "deep": (deep, dataset, ("l.jsonl", log_of_deep)),
        "wide": (trained(dataset, epochs=1, hidden=(1024,))[0], dataset),
        "many": (of_many, many, ("l.jsonl", log_of_many), ("b.npz", of_many)),
        "hostile": (odd, dataset, ("l.jsonl", epochs[:1]), ("b.npz", odd)),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, parts in kinds.items():
        (folder / f"{name}.html").write_text(html_of(*parts), "utf-8")
    return folder


KINDS = ["short", "whole", "deep", "wide", "many", "hostile"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_no_larger_than_a_megabyte(pages, kind):
    assert (pages / f"{kind}.html").stat().st_size <= 1_000_000


@pytest.fixture
def opened(chromium, pages):
    """Open a page; at the end nothing may have been complained about, or asked of anybody."""
    said, contexts = [], []

    def open_it(kind, **how):
        contexts.append(chromium.new_context(**how))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: said.append(request.url))
        page.goto((pages / f"{kind}.html").as_uri())
        said.remove((pages / f"{kind}.html").as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert [each for each in said if not each.startswith("data:image/")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_prints_on_three_to_five_pages_and_no_picture_is_cut(opened, pages, kind):
    pypdf = pytest.importorskip("pypdf")
    page = opened(kind)
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True))).pages
    assert 3 <= len(printed) <= 5
    assert {tuple(map(round, each.mediabox[2:])) for each in printed} == {(595, 842)}
    # What goes over the edge of a page is drawn on both.
    drawn = sum(len(re.findall(rb"/\w+ Do\b", each.get_contents().get_data())) for each in printed)
    assert drawn == page.locator("img:not([src*='svg'])").count()
    words = " ".join(each.extract_text() for each in printed)
    assert "Name" in words
    # Nor is anything pushed beyond the margin at the right.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_cells_of_none_are_the_lightest_by_night_too(opened):
    colours = opened("short", color_scheme="dark").evaluate(
        """() => [...document.querySelectorAll(".confusion tbody td")]
            .filter((cell) => cell.innerText === "·").map((cell) => getComputedStyle(cell).backgroundColor)"""
    )
    assert set(colours) == {"rgb(255, 255, 255)"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1440, "light")])
def test_it_is_readable_everywhere(opened, kind, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(kind, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every((each) => each.complete && each.naturalWidth > 0)")
    small = "[...document.querySelectorAll('main *')].filter((each) => each.innerText && parseFloat(getComputedStyle(each).fontSize) < 11)"
    assert page.evaluate(f"{small}.map((each) => each.outerHTML)") == []
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
