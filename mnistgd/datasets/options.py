"""How a person says that the images at a path are to be read, where that does not follow from the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mnistgd.system.files import quoted


class DataOptions(NamedTuple):
    """What goes with a path; a weights file records what of it is not the default.

    Attributes
    ----------
    test_data : str or None, a path whose images test, in place of those of the set
    test_share : float or None, the share of the train images that tests where a set has no test part
    transpose : bool or None, whether images lie on their side; None is what their files are known for
    handwriting : bool, whether pictures are brought to 28×28 as those of handwriting are
    skip_bad : bool, whether pictures and lines that cannot be read are left out
    """

    test_data: str | None = None
    test_share: float | None = None
    transpose: bool | None = None
    handwriting: bool = False
    skip_bad: bool = False

    def as_json(self) -> dict[str, Any]:
        """What is not the default.

        Examples
        --------
        >>> DataOptions(transpose=True).as_json()
        {'transpose': True}
        """
        return {name: value for name, value in self._asdict().items() if value != self._field_defaults[name]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> DataOptions:
        """What `as_json` wrote, among whatever else there is.

        Raises
        ------
        ValueError
            If one is not of its kind.
        """
        options = cls(**{name: record[name] for name in cls._fields if record.get(name) is not None})
        test_data, share = options.test_data, options.test_share
        if test_data is not None and not (isinstance(test_data, str) and test_data and "\0" not in test_data):
            raise ValueError("test_data names no file")
        if share is not None and not (type(share) is float and 0 < share < 1):
            raise ValueError("test_share is no share")
        for name in ("transpose", "handwriting", "skip_bad"):
            if not isinstance(getattr(options, name), bool | None):
                raise ValueError(f"{name} is neither true nor false")
        return options

    def words(self) -> str:
        """As a command line says it.

        Examples
        --------
        >>> DataOptions(test_share=0.1, transpose=False).words()
        '--test-share 0.1 --no-transpose'
        """
        said = []
        for name, value in self.as_json().items():
            option = name.replace("_", "-")
            if isinstance(value, bool):
                said.append(f"--{option}" if value else f"--no-{option}")
            else:
                said.append(f"--{option} {quoted(str(value))}")
        return " ".join(said)

    def over(self, others: DataOptions) -> DataOptions:
        """These, and where they say nothing, the others."""
        return others._replace(**self.as_json())

    def absolute(self) -> DataOptions:
        """The same, wherever they are read again."""
        return self._replace(test_data=self.test_data and str(Path(self.test_data).absolute()))


PLAINLY = DataOptions()
"""As the files are known to be."""
