"""The page to draw on, in a real browser: it sees and answers what Python sees and answers."""

import numpy as np
import pytest

from mnistgd.datasets.deskew import deskew
from mnistgd.handwriting.read import read_each
from mnistgd.model.explanation import explain
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.sharing.draw_page import draw_page


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"deskew": True},
        {"loss": "squared-error"},
        {"loss": "squared-error", "output": "sigmoid"},
        {"loss": "squared-error", "output": "tanh", "scale": 0.05},
        {"hidden": (30,), "scale": 0.1},
        {"hidden": (20, 15), "activation": "tanh", "scale": 0.1},
        {"hidden": (9, 8, 7, 6, 5), "activation": "sigmoid"},
    ],
    ids=str,
)
def test_its_logits_are_those_of_python(settings, opened, mnist, drawing):
    model = drawing.network(**settings)
    images, labels = mnist.test_images[:200], mnist.test_labels[:200]
    images = deskew(images) if model.settings.deskew else images
    page = opened(draw_page(model, drawing.samples_of(images, labels)))
    found = page.evaluate(
        """() => Array.from(document.querySelectorAll(".thumbs button"), (button) => {
            button.click();
            const shares = Array.from(document.querySelectorAll(".share"));
            return [shares.map((share) => Number(share.value)), shares.map((share) => parseFloat(share.textContent))];
        })"""
    )
    logits, percents = (np.array(each) for each in zip(*found, strict=True))
    outputs = model.outputs(images)
    assert np.abs(logits - outputs).max() < 1e-4
    assert np.abs(percents - 100 * model.probabilities_of(outputs)).max() < 0.051
    assert np.array_equal(drawing.seen_by(page), images[-1])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "squared-error", "output": "sigmoid"},
        {"hidden": (30,), "scale": 0.1},
        {"hidden": (12, 9), "activation": "tanh", "scale": 0.1},
    ],
    ids=str,
)
def test_its_evidence_is_that_of_explain(settings, opened, mnist, drawing):
    model = drawing.network(**settings)
    page = opened(draw_page(model, drawing.samples_of(mnist.test_images[:3], mnist.test_labels[:3])))
    page.locator(".thumbs button").nth(2).click()
    found = explain(model, mnist.test_images[2])
    for digit in (found.ranking[0], 4):
        page.locator(".class input").nth(digit).check()
        shown = {
            term: float(page.locator(f"#{term}").text_content().replace("−", "-"))
            for term in ("for", "against", "bias", "bend", "logit")
        }
        assert list(shown.values()) == pytest.approx(found.evidence[digit].rounded(2), abs=1e-9)
        assert page.locator("#bend-row").is_visible() == found.bends
        limit = page.locator("#evidence-legend .ends span").last.inner_text()
        assert float(limit) == pytest.approx(np.abs(found.evidence[digit].products).max(), rel=0.005)


def test_its_colours_are_those_of_the_figures(opened, mnist, drawing):
    from mnistgd.figures.heatmap import heatmap
    from mnistgd.figures.palettes import PALETTES, limit_of

    model = drawing.network()
    page = opened(draw_page(model, drawing.samples_of(mnist.test_images[:1], mnist.test_labels[:1])))
    page.locator(".class input").nth(2).check()
    weights = model.weights[:, 2]
    for name in ("diverging", "grokking"):
        page.locator("#palette").select_option(name)
        pixels = drawing.pixels_of(page, "weights").astype(int)
        wanted = np.asarray(heatmap(weights, limit_of(weights), PALETTES[name], 28), int)
        assert np.abs(pixels - wanted).max() <= 1


@pytest.mark.parametrize("straightened", [False, True], ids=["plain", "deskew"])
def test_predict_sees_the_same_of_the_picture_that_it_saves(straightened, opened, trained, tmp_path, drawing):
    model = Model(trained.params, Settings(deskew=straightened), trained.class_names, trained.record)
    page = opened(draw_page(model))
    shown, files, answers = [], [], []
    for number, (strokes, width) in enumerate(drawing.drawings(10 if straightened else 60)):
        drawing.draw(page, strokes, width)
        shown.append(drawing.seen_by(page))
        answers.append(int(np.argmax(drawing.logits_of(page))))
        files.append(tmp_path / f"{number}.png")
        files[-1].write_bytes(drawing.on_paper(page))
    assert drawing.exported(page) == files[-1].read_bytes()
    seen = np.stack([found.pixels for found in read_each(files, as_is=False)])
    seen = deskew(seen) if straightened else seen
    apart = np.abs(seen.astype(int) - np.stack(shown))
    assert (apart <= 2).mean(axis=(1, 2)).min() >= 0.99
    assert model.outputs(seen).argmax(axis=1).tolist() == answers
