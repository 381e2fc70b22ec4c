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
    assert (
        "There is no none.npz"
        in mnistgd("lesson", "dot-product", "--weights", "none.npz", "--data", few).stdout
    )
