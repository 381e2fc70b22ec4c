"""What, besides settings and data, the last bits of a result depend on."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from mnistgd import __version__


def describe() -> dict[str, Any]:
    """Versions, the linear algebra library, its threads and the kind of processor it chose code for.

    Sums in another order round differently: these are what decides the order.
    """
    # scikit-learn brings threadpoolctl along.
    from threadpoolctl import threadpool_info

    blas: dict[str, Any] = next((pool for pool in threadpool_info() if pool["user_api"] == "blas"), {})
    return {
        "mnistgd": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version') or ''}".strip(),
        "threads": blas.get("num_threads"),
        "cpu": f"{platform.machine()} {blas.get('architecture', '')}".strip(),
        "system": platform.system(),
    }
