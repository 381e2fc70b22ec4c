"""Work on several processors: the same results in the same order, whatever happens to a process."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from mnistgd.system import parallel

needs_copies = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system copies no process")
needs_two = pytest.mark.skipif(
    parallel.processors() < 2 or not hasattr(os, "fork"), reason="there is one processor"
)


@pytest.fixture
def script(tmp_path):
    """A program whose function ``work`` and whose main part are given: it has no threads, as tests have."""

    def write(work, main):
        path = tmp_path / "script.py"
        path.write_text(
            "import os, time\nfrom mnistgd.system import parallel\nfrom mnistgd.system.parallel import each\n\n\n"
            f"def work(thing):\n{textwrap.indent(textwrap.dedent(work), '    ')}\n\n\n"
            "def lost(thing):\n    return 'lost'\n\n\n"
            f"if __name__ == '__main__':\n{textwrap.indent(textwrap.dedent(main), '    ')}\n"
        )
        return [sys.executable, str(path)]

    return write


def printed(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 501])
def test_results_come_in_order(count, script):
    found = printed(script("return -thing", f"print(*each(work, range({count}), lost))"))
    assert found == [str(-n) for n in range(count)]


@needs_copies
def test_one_is_done_elsewhere(script):
    assert printed(script("return os.getpid()", "print(os.getpid() in each(work, [0], lost))")) == ["False"]


@needs_two
def test_many_are_done_elsewhere_by_several(script, tmp_path):
    folder = tmp_path / "ids"
    folder.mkdir()
    # Each of them waits for another one to come, for ever if there is none.
    work = f"""
        open(f"{folder}/{{os.getpid()}}", "w").close()
        while len(os.listdir({str(folder)!r})) < 2:
            time.sleep(0.01)
        return os.getpid()
    """
    main = "ids = set(each(work, range(64), lost))\nprint(os.getpid() in ids)"
    assert printed(script(work, main)) == ["False"]


@needs_two
def test_what_the_work_raises_is_raised(script):
    main = "try: list(each(work, [1] * 100 + [0], lost))\nexcept ZeroDivisionError: print('raised')"
    assert printed(script("return 1 / thing", main)) == ["raised"]


@needs_copies
def test_a_process_that_waits_for_ever_is_given_up(script):
    main = "parallel.CLOCK = 1\nprint(*each(work, ['a', 'b'], lost))"
    assert printed(script("time.sleep(1000)", main)) == ["lost", "lost"]


@needs_copies
def test_a_process_that_dies_costs_its_own_result_alone(script):
    work = "if thing == os.getppid(): os._exit(1)\nreturn thing"
    main = """
        things = [*range(70), os.getpid(), *range(70)]
        print(list(each(work, things, lost)) == [*range(70), 'lost', *range(70)])
    """
    assert printed(script(work, main)) == ["True"]


@needs_copies
@pytest.mark.parametrize(
    "work",
    [
        "while thing == 1: pass",
        "if thing == 1: bytes(2 * parallel.MEMORY)",
        "if thing == 1: raise MemoryError",
    ],
    ids=["time", "memory", "all memory"],
)
def test_what_takes_too_much_is_given_up(script, work):
    if "MEMORY" in work and sys.platform != "linux":
        pytest.skip("only Linux holds a process to its memory")
    main = "parallel.SECONDS = 1\nprint(*each(work, range(3), lost))"
    assert printed(script(f"{work}\nreturn thing", main)) == ["0", "lost", "2"]


def test_without_processes_it_goes_on_alone(monkeypatch):
    def refused():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", refused, raising=False)
    assert list(parallel.each(abs, range(100), str)) == list(range(100))
    monkeypatch.delattr("os.fork")
    assert list(parallel.each(abs, range(100), str)) == list(range(100))


@needs_two
def test_with_few_processes_it_goes_on_with_those(script):
    main = """
        fork, started = os.fork, []
        def few():
            if started:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            started.append(1)
            return fork()
        os.fork = few
        ids = set(each(work, range(64), lost))
        print(len(ids), os.getpid() in ids)
    """
    assert printed(script("return os.getpid()", main)) == ["1", "False"]


@needs_copies
@pytest.mark.parametrize("files", range(3, 24))
def test_with_few_files_it_goes_on(script, files):
    """So few that not every process has its pipes, and this one still opens one of its own meanwhile."""
    main = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
        for result in each(work, range(64), lost):
            if {files} > 4: open(os.devnull).close()
        print(result)
    """
    assert printed(script("return thing", main)) == ["63"]


@needs_copies
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("count", range(1, 7))
def test_with_few_processes_of_a_user_it_goes_on(script, count):
    main = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_NPROC, ({count}, {count}))
        os.setuid(54_321)
        print(*each(work, range(64), lost))
    """
    assert printed(script("return thing", main)) == [str(number) for number in range(64)]


@needs_copies
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it(script, number, tmp_path):
    mark = tmp_path / "ids"
    work = f"with open({str(mark)!r}, 'a') as file: file.write(f'{{os.getpid()}} ')\ntime.sleep(100)"
    main = """
        import signal
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try: list(each(work, range(64), lost))
        except KeyboardInterrupt: pass
    """
    process = subprocess.Popen(script(work, main))
    deadline = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(getattr(signal, number))
    assert process.wait(10) == 0
    assert not any(_lives(int(one)) for one in mark.read_text().split())


@needs_two
def test_whoever_wants_no_more_need_not_wait(script):
    # All of them would take minutes, however many processors there are: longer than is waited for here.
    count = 2000 * parallel.processors()
    main = f"results = each(work, range({count}), lost)\nprint(next(results))\nresults.close()\nprint('done')"
    assert printed(script("time.sleep(0.1)\nreturn thing", main)) == ["0", "done"]


@needs_two
@pytest.mark.skipif(sys.platform == "win32", reason="ends processes as POSIX does")
def test_the_processes_end_with_the_one_that_started_them(script, tmp_path):
    mark = tmp_path / "ids"
    work = f"with open({str(mark)!r}, 'a') as file: file.write(f'{{os.getpid()}} ')\ntime.sleep(0.05)"
    process = subprocess.Popen(script(work, "list(each(work, range(2000), lost))"))
    deadline = time.monotonic() + 30
    while not (mark.exists() and len(set(mark.read_text().split())) > 1):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    ids = set(mark.read_text().split())
    while any(_lives(int(one)) for one in ids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(number):
    # Whoever adopted it may not have asked yet how it ended.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


@needs_two
def test_results_come_as_they_end_where_that_is_asked_for(script):
    work = "time.sleep(thing / 5)\nreturn thing"
    main = "print(*parallel.as_ended(work, [3, 0, 1], lost, jobs=2))"
    assert printed(script(work, main)) == ["0", "1", "3"]


@needs_copies
def test_what_is_ours_takes_as_long_as_it_takes(script):
    work = "end = time.process_time() + 1.5\nwhile time.process_time() < end: pass\nreturn thing"
    main = "parallel.SECONDS, parallel.CLOCK = 0, 1\nprint(*parallel.as_ended(work, [7], lost, jobs=1))"
    assert printed(script(work, main)) == ["7"]


@needs_copies
def test_no_process_outlives_one_that_is_killed_in_the_middle_of_a_thing(script, tmp_path):
    began = tmp_path / "began"
    work = f"open({str(began)!r}, 'w').write(str(os.getpid()))\nwhile True: time.sleep(0.01)"
    with subprocess.Popen(script(work, "list(parallel.as_ended(work, [0], lost, jobs=1))")) as parent:
        while not (began.exists() and began.read_text()):
            time.sleep(0.02)
        parent.kill()
    patience = time.monotonic() + 20
    while _lives(int(began.read_text())):
        assert time.monotonic() < patience
        time.sleep(0.05)
