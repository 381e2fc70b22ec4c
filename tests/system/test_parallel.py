"""Work on several processors: the same results in the same order, whatever happens to a process."""

import subprocess
import sys
import textwrap
import time

import pytest

from mnistgd.system import parallel

needs_two = pytest.mark.skipif(parallel._processors() < 2, reason="there is one processor")


@pytest.fixture
def script(tmp_path):
    """A program whose function ``work`` and whose main part are given: it has no threads, as tests have."""

    def write(work, main):
        path = tmp_path / "script.py"
        path.write_text(
            "import os, time\nfrom mnistgd.system.parallel import each\n\n\n"
            f"def work(thing):\n{textwrap.indent(textwrap.dedent(work), '    ')}\n\n\n"
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
    found = printed(script("return -thing", f"print(*each(work, range({count})))"))
    assert found == [str(-n) for n in range(count)]


def test_few_are_done_here(script):
    assert printed(script("return os.getpid()", "print(set(each(work, range(63))) == {os.getpid()})")) == [
        "True"
    ]


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
    main = "ids = set(each(work, range(64)))\nprint(os.getpid() in ids)"
    assert printed(script(work, main)) == ["False"]


@needs_two
def test_what_the_work_raises_is_raised(script):
    main = "try: list(each(work, [1] * 100 + [0]))\nexcept ZeroDivisionError: print('raised')"
    assert printed(script("return 1 / thing", main)) == ["raised"]


@needs_two
def test_a_process_that_dies_costs_no_result(script):
    work = "if thing == os.getppid(): os._exit(1)\nreturn thing"
    main = "things = [*range(70), os.getpid(), *range(70)]\nprint(list(each(work, things)) == things)"
    assert printed(script(work, main)) == ["True"]


def test_without_processes_it_goes_on_alone(monkeypatch):
    def refused(*_, **__):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refused)
    assert list(parallel.each(abs, range(100))) == list(range(100))
    monkeypatch.setattr(parallel, "_processors", lambda: 1)
    assert list(parallel.each(abs, range(100))) == list(range(100))


@needs_two
def test_whoever_wants_no_more_need_not_wait(script):
    # All of them would take minutes, however many processors there are: longer than is waited for here.
    count = 2000 * parallel._processors()
    main = f"results = each(work, range({count}))\nprint(next(results))\nresults.close()\nprint('done')"
    assert printed(script("time.sleep(0.1)\nreturn thing", main)) == ["0", "done"]


@needs_two
@pytest.mark.skipif(sys.platform == "win32", reason="ends processes as POSIX does")
def test_the_processes_end_with_the_one_that_started_them(script, tmp_path):
    mark = tmp_path / "ids"
    work = f"with open({str(mark)!r}, 'a') as file: file.write(f'{{os.getpid()}} ')\ntime.sleep(0.05)"
    process = subprocess.Popen(script(work, "list(each(work, range(2000)))"))
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
