"""``pytest -m quick`` is what it says: of every room that is pure, and nothing that has to be waited for."""

import socket
from subprocess import Popen

import pytest

WITHOUT = ("tests/cli", "tests/datasets", "tests/fuzz", "tests/test_readme.py", "tests/test_packaging.py")


def quick(items):
    return {item.nodeid for item in items if item.get_closest_marker("quick")}


def test_it_is_of_every_pure_room(request):
    """Of those that are collected: alone, this test knows of none."""
    found = quick(request.session.items)
    assert not [name for name in found if name.startswith(WITHOUT)]
    rooms = ["engine", "figures", "handwriting", "lessons", "model", "training"]
    for part in (
        *(f"tests/{room}/" for room in rooms),
        "tests/test_architecture",
        "tests/test_quality",
        "mnistgd/",
    ):
        collected = [item.nodeid for item in request.session.items if item.nodeid.startswith(part)]
        among = [name for name in collected if name in found]
        assert len(among) >= 0.8 * len(collected), part


@pytest.mark.quick
def test_it_starts_no_process():
    with pytest.raises(AssertionError, match="why is it marked quick"):
        Popen(["true"])


@pytest.mark.quick
def test_it_asks_nobody():
    with socket.socket() as line, pytest.raises(AssertionError, match="why is it marked quick"):
        line.connect(("127.0.0.1", 9))
