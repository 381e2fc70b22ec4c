"""The page to draw on, as bytes: its size, its data, and what it lets a browser do."""

import base64
import hashlib
import json
import re

from mnistgd.sharing.draw_page import draw_page


def test_it_is_small_and_the_same_every_time(trained, mnist, drawing):
    samples = drawing.samples_of(mnist.test_images[:20], mnist.test_labels[:20])
    assert len(draw_page(trained, samples)) < 200_000
    assert draw_page(trained, samples) == draw_page(trained, samples)


def test_its_size_grows_with_the_network(drawing):
    large = drawing.network(hidden=(200, 100))
    weights = sum(array.nbytes for array in large.params.values())
    assert len(draw_page(large)) < 4 / 3 * weights + 100_000


def test_nothing_in_its_data_ends_the_script(drawing):
    page = draw_page(drawing.network(class_names=drawing.HOSTILE)).decode()
    data = re.search(r'<script type="application/json" id="model">(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in data
    assert json.loads(data)["classNames"] == list(drawing.HOSTILE)
    assert page.count("</script>") == 2
    assert page.count("<!--") == 0


def test_its_policy_names_its_own_style_and_script(drawing):
    page = draw_page(drawing.network()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
