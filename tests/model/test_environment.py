"""What the last bits of a result depend on."""

import numpy as np
import pytest
import threadpoolctl

from mnistgd.model.environment import describe


@pytest.mark.parametrize("order", [1, -1])
def test_the_linear_algebra_is_that_of_numpy(monkeypatch, order):
    """SciPy, which tests and scikit-learn import, brings another one, and may be told first."""
    pytest.importorskip("scipy.linalg.blas")
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    if "openblas" not in built["name"]:
        pytest.skip(f"NumPy has {built['name']}")
    told = threadpoolctl.threadpool_info()[::order]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: told)
    assert describe()["blas"] == f"openblas {built['version']}"
