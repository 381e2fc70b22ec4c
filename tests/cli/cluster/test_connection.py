"""Reaching workers: who is there, whether they fit, and how they come by the images."""

import dataclasses
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.stored import Known
from mnistgd.errors import ClusterError, MissingExtraError, UsageError
from mnistgd.model.settings import Settings
from mnistgd.training.cluster import connection, images, local
from mnistgd.training.cluster.connection import connected
from mnistgd.training.cluster.images import DatasetKey
from mnistgd.training.cluster.spread import pays, spread
from mnistgd.training.cluster.versions import compare
from mnistgd.training.run import Run
from mnistgd.training.sweep.workers import bring


class Heard:
    """A listener that remembers."""

    def __init__(self):
        self.busies, self.notices = [], []

    def busy(self, what, share=None):
        self.busies.append(what)

    def notice(self, what):
        self.notices.append(what)


def refused(address, kind, **options):
    with pytest.raises(kind) as caught, connected(str(address), **options):
        pass
    return caught.value


@pytest.mark.parametrize(
    "address", ["tcp://", "tcp://host", "tcp://host:x", "tcp://:8786", "tcp://host:99999", "udp://host:8786"]
)
def test_what_is_no_address(address):
    error = refused(address, UsageError)
    assert error.message == f"{address} is not the address of a scheduler"
    assert "tcp://HOST:8786" in error.hint


@pytest.mark.parametrize("address", ["local:", "local:0", "local:-1", "local:two", "local:257", "local:²"])
def test_what_is_no_number_of_workers(address):
    assert address in refused(address, UsageError).message


def test_more_workers_than_are_started():
    assert refused("local:2", UsageError, workers=3).hint == "say local:3"


def test_a_scheduler_file_that_is_none(tmp_path):
    assert "there is no scheduler file" in refused(tmp_path / "none.json", UsageError).message
    for content in ("{", "[]", "{}", "\x80"):
        path = tmp_path / "scheduler.json"
        path.write_text(content)
        assert refused(path, ClusterError).message == f"{path} is not a scheduler file"
    path.write_text(json.dumps({"address": "inproc://1"}))
    assert refused(path, UsageError).message == f"{path} is not the address of a scheduler"


@pytest.mark.parametrize("listens", [False, True])
def test_nobody_answers(listens, monkeypatch):
    """Neither where nobody listens, nor where somebody does who is no scheduler, and says nothing."""
    monkeypatch.setattr(connection, "SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if not listens:
            server.close()
        began = time.monotonic()
        error = refused(address, ClusterError)
        assert time.monotonic() - began < 10
    assert error.message == f"no scheduler answers at {address}"


def test_a_web_server_is_no_scheduler():
    """One that answers at once: what it says would be a size of some exabytes."""

    def serve(server):
        with server.accept()[0] as other:
            other.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            other.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=serve, args=[server], daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert refused(address, ClusterError).message == f"no scheduler answers at {address}"


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    assert "pip install 'mnistgd[cluster]'" in refused("local:2", MissingExtraError).hint


def test_without_certificates():
    error = refused("tls://127.0.0.1:9", ClusterError)
    assert error.message == "tls://127.0.0.1:9 wants certificates, and there are none"


def test_too_few_workers(site, monkeypatch):
    with connected(site.address, 2) as both:
        assert len(both.workers) == 2
    monkeypatch.setattr(connection, "SECONDS", 1)
    error = refused(site.file, ClusterError, workers=3)
    assert error.message == f"{site.file} has 2 workers, not 3"


def test_another_mnistgd(site, wait_for, tmp_path):
    """One that says so is enough: what it computes may be something else."""
    information = tmp_path / "mnistgd-0.0.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: mnistgd\nVersion: 0.0.1\n")
    (other,) = site.workers(1, PYTHONPATH=str(tmp_path))
    error = refused(site.file, ClusterError)
    other.terminate()
    other.wait(60)
    with connected(site.address, 2) as those:
        wait_for(lambda: len(those.client.scheduler_info(n_workers=-1)["workers"]) == 2)
    assert error.message.startswith("the worker tcp://127.0.0.1:")
    assert "has mnistgd 0.0.1, and here is" in error.message
    assert error.hint.startswith("install mnistgd")


def test_another_numpy_is_told(site):
    heard = Heard()
    with connected(site.address) as both:
        versions = both.client.get_versions(packages=["mnistgd"])
        client = SimpleNamespace(get_versions=lambda packages: versions)
        compare(client, site.address, both.workers, heard)
        assert heard.notices == []
        versions["workers"][both.workers[0]]["packages"]["numpy"] = "2.0.9"
        compare(client, site.address, both.workers, heard)
    (notice,) = heard.notices
    assert notice.startswith(f"the worker {both.workers[0]} has numpy 2.0.9, and here is ")


def test_workers_find_what_lies_where_it_lay(site, few):
    dataset = load_dataset(few)
    with connected(site.address) as both:
        assert both.without(DatasetKey.of(dataset)) == ()
        # By the same name something else.
        other = dataclasses.replace(dataset, train_labels=dataset.train_labels[::-1].copy())
        assert both.without(DatasetKey.of(other)) == both.workers


def test_what_was_written_to_since_is_looked_at_again(few, monkeypatch):
    dataset = load_dataset(few)
    held = dataclasses.replace(dataset, files=(Known.of(few)._replace(changed=0),))
    monkeypatch.setitem(images._held, DatasetKey.of(dataset), held)
    found = images.find(DatasetKey.of(dataset))
    assert found is not held
    assert found.sha256 == dataset.sha256


def test_workers_without_the_images_are_sent_them_once(site, few):
    dataset = dataclasses.replace(load_dataset(few), source="/nowhere/to/be/found.npz")
    wanted, heard, again = DatasetKey.of(dataset), Heard(), Heard()
    with connected(site.address) as both:
        bring(both, {False: dataset}, heard)
        assert len(set(heard.busies)) == 2
        bring(both, {False: dataset}, again)
        assert again.busies == []
        held = both.client.submit(images.find, wanted, workers=[both.workers[1]], pure=False).result()
    for name in images.ARRAYS:
        assert np.array_equal(getattr(held, name), getattr(dataset, name))


def test_two_commands_that_send_the_same_at_once(few, monkeypatch):
    """Their pieces come in turns, one is done before the other; or the other was killed."""
    dataset = dataclasses.replace(load_dataset(few), source="/nowhere/in/turns.npz")
    wanted = DatasetKey.of(dataset)
    for kept in ("_held", "_arriving", "_received"):
        monkeypatch.setattr(images, kept, {})
    pieces = [
        (name, getattr(dataset, name).shape, start, getattr(dataset, name)[start : start + 100])
        for name in images.ARRAYS
        for start in range(0, len(getattr(dataset, name)), 100)
    ]
    images.receive(wanted, *pieces[0])
    assert not images.has(wanted)
    for piece in (pieces[0], pieces[1], pieces[0], *pieces[2:]):
        images.receive(wanted, *piece)
    assert not images.has(wanted)
    images.received(wanted)
    assert images.has(wanted)
    for piece in pieces[1:]:
        images.receive(wanted, *piece)
    images.received(wanted)
    assert not images._arriving
    assert not images._received
    for name in images.ARRAYS:
        assert np.array_equal(getattr(images.find(wanted), name), getattr(dataset, name))


def test_two_runs_that_send_their_shares_at_once(site, few, monkeypatch):
    dataset = dataclasses.replace(load_dataset(few), source="/nowhere/twice.npz")
    sent = []
    send = connection.Cluster.send

    def noted(self, worker, key, arrays, listener):
        sent.append(key)
        send(self, worker, key, arrays, listener)

    monkeypatch.setattr(connection.Cluster, "send", noted)
    with connected(site.address) as one, connected(site.address) as other:
        for both in (one, other):
            spread(Run(dataset, Settings()), both)
    assert len(set(sent)) == 4


@pytest.mark.parametrize("piece", [16_000_000, 100_000])
def test_a_run_of_workers_without_the_images(site, few, monkeypatch, piece):
    """Each is sent the rows of its share, and the weights are those of one machine."""
    monkeypatch.setattr(connection, "PIECE", piece)
    dataset = dataclasses.replace(load_dataset(few), source="/nowhere/at/all.npz")
    settings = Settings(epochs=2, validation=0.1)
    run = Run(dataset, settings)
    with connected(site.address) as both:
        spread(run, both)
        far = run.finish().params
    near = Run(dataset, settings).finish().params
    assert np.abs(far["weights"] - near["weights"]).max() < 1e-5 * np.abs(near["weights"]).max()


def test_where_it_pays(few):
    dataset = load_dataset(few)
    assert not pays(Run(dataset, Settings()), 2)
    assert pays(Run(dataset, Settings(hidden=(512,), init="glorot_uniform", batch_size=1000)), 2)


def test_workers_that_are_started_here(begin, tmp_path, few, wait_for):
    """They listen on loopback alone, to whoever has the key; Ctrl-C leaves none of them behind."""
    psutil = pytest.importorskip("psutil")
    process = begin("train", "--data", few, "--epochs", 100_000, "--cluster", "local:2", "--log", "h.jsonl")
    wait_for(lambda: (tmp_path / "h.jsonl").exists() and (tmp_path / "h.jsonl").read_text().count("\n") > 2)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) >= 3
    listening = [
        each.laddr for one in family for each in one.net_connections("tcp") if each.status == "LISTEN"
    ]
    assert listening
    assert {place.ip for place in listening} == {"127.0.0.1"}
    from distributed import Security

    other = Security.temporary().get_connection_args("client")["ssl_context"]
    for place in listening:
        # Neither without a key nor with another one is anything to be had.
        with socket.create_connection(place, timeout=0.5) as plain, suppress(OSError):
            assert not other.wrap_socket(plain).recv(1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-2].startswith("error: interrupted after step")
    assert said.splitlines()[-1].endswith("--cluster local:2")
    assert "Traceback" not in said
    wait_for(lambda: not any(one.is_running() for one in family))


def test_workers_that_end_while_they_start(capfd):
    """As where SIGTERM is sent to the whole group: whatever Dask fails by then."""

    def start():
        raise UnboundLocalError

    with pytest.raises(ClusterError, match="no workers can be started here"):
        local._undisturbed(start)
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_certificates_of_ones_own(shell, secured_site, tmp_path, few):
    address = secured_site.address
    assert address.startswith("tls://")
    args = ("train", "--data", few, "--epochs", 1, "--out", tmp_path / "w.npz", "--cluster", address)
    assert shell(*args, env=secured_site.env).code == 0
    without = shell(*args)
    assert without.stderr.splitlines()[-2] == f"error: {address} wants certificates, and there are none"
    other = shell(*args[:-1], address.replace("tls", "tcp"))
    assert other.stderr.splitlines()[-2] == f"error: no scheduler answers at {address.replace('tls', 'tcp')}"


@pytest.mark.slow
def test_workers_end_with_whoever_started_them(begin, tmp_path, few, wait_for):
    psutil = pytest.importorskip("psutil")
    process = begin("train", "--data", few, "--epochs", 100_000, "--cluster", "local:2", "--log", "h.jsonl")
    wait_for(lambda: (tmp_path / "h.jsonl").exists() and (tmp_path / "h.jsonl").read_text().count("\n") > 2)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not any(one.is_running() for one in family))
