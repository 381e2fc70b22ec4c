"""Fuzz a reader, guided by coverage; runs until something is found or it is stopped.

    pip install atheris
    python tests/fuzz/fuzz.py TARGET [CORPUS_FOLDER] [libFuzzer's options, such as -max_total_time=300]

An input that is found is left in the current folder; put it into tests/fuzz/corpus/TARGET, where the tests
try it again for ever.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["mnistgd", "zipfile", "gzip", "numpy.lib", "PIL"]):
        sys.path.insert(0, str(Path(__file__).parent))
        import targets

        name, *options = sys.argv[1:] or [""]
        if name not in targets.TARGETS:
            raise SystemExit(f"name one of these targets: {', '.join(targets.TARGETS)}")
        for seed in targets.seeds(name):  # imports what is imported late
            with tempfile.TemporaryDirectory() as folder:
                targets.run(name, seed, Path(folder))
    with tempfile.TemporaryDirectory() as place:
        folder, seeds, words = (Path(place) / part for part in ("work", "seeds", "words"))
        folder.mkdir()
        seeds.mkdir()
        for number, seed in enumerate(targets.seeds(name)):
            (seeds / f"seed-{number}").write_bytes(seed)
        escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in targets.TARGETS[name].words)
        words.write_text("".join(f'"{word}"\n' for word in escaped))
        # By the clock on the wall, which counts what else the machine does: time of its own is counted below.
        # The fuzzer itself grows with every input, so its whole size says little.
        limits = ["-timeout=20", "-malloc_limit_mb=500", "-rss_limit_mb=8000", f"-dict={words}"]

        def one(content: bytes) -> None:
            begun = time.process_time()
            targets.run(name, content, folder)
            took = time.process_time() - begun
            assert took < targets.SECONDS, f"it took {took:.1f} s"

        # The seeds come last: what is new goes to the corpus, if one is named.
        atheris.Setup([sys.argv[0], *limits, *options, str(seeds)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
