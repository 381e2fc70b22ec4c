"""What, besides settings and data, the last bits of a result depend on."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mnistgd import __version__


def describe(workers: int = 1) -> dict[str, Any]:
    """Versions, the linear algebra library, its threads and the kind of processor it chose code for.

    Sums in another order round differently: these are what decides the order, as does the number of workers
    that a sum was divided among, if it was.
    """
    # scikit-learn brings threadpoolctl along.
    from threadpoolctl import threadpool_info

    pools = (pool for pool in threadpool_info() if pool["user_api"] == "blas")
    # SciPy, where something has imported it, brings another one.
    numpys = str(Path(np.__file__).parent)
    blas: dict[str, Any] = min(pools, key=lambda pool: not pool["filepath"].startswith(numpys), default={})
    return {
        "mnistgd": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version') or ''}".strip(),
        "threads": blas.get("num_threads"),
        "cpu": f"{platform.machine()} {blas.get('architecture', '')}".strip(),
        "system": platform.system(),
        **({"workers": workers} if workers > 1 else {}),
    }


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the linear algebra to one thread for a while: small products gain nothing from more.

    So the same sums are taken in the same order on any number of processors.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
