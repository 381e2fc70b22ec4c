"""The one lesson that reads files: what the command line adds to it."""


def test_it_says_what_takes_a_while(mnistgd, tmp_path, monkeypatch):
    """The command line hears of the download that fails; the lesson then finds the images in the cache."""
    monkeypatch.chdir(tmp_path)
    done = mnistgd("lesson", "dot-product", "--json")
    assert done.code == 0
    assert "downloading MNIST from OpenML" in done.stderr
    assert "using the embedded copy" in done.stderr
    assert done.json["result"]["own_highest"] == 10
    again = mnistgd("lesson", "dot-product", "--json")
    assert (again.json, again.stderr) == (done.json, "")


def test_the_weights_may_come_from_the_environment(mnistgd, few, tmp_path, monkeypatch):
    path = tmp_path / "other.npz"
    assert mnistgd("train", "--data", few, "--out", path, "--quiet").code == 0
    monkeypatch.setenv("MNISTGD_WEIGHTS", str(path))
    monkeypatch.chdir(tmp_path)
    assert mnistgd("lesson", "dot-product", "--json").json["result"]["weights"] == str(path)


def test_weights_that_are_named_must_be_there(mnistgd, few, tmp_path, monkeypatch):
    """Only where none are named may a network be trained in their place."""
    monkeypatch.chdir(tmp_path)
    options = ["lesson", "dot-product", "--data", few]
    assert "There is no weights.npz, so a network was trained" in mnistgd(*options).stdout
    for name in ("none.npz", "weights.npz"):
        named = mnistgd(*options, "--weights", name)
        assert (named.code, named.stdout) == (1, "")
        assert named.stderr.startswith(f"error: there is no weights file {name}\n")
    monkeypatch.setenv("MNISTGD_WEIGHTS", "none.npz")
    assert mnistgd(*options).code == 1
