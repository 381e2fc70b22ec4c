"""Which runs a sweep has: the grid of the values of its settings, or some that are drawn from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.named import MNIST
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import UsageError
from mnistgd.model.fields import setting_fields
from mnistgd.model.settings import Settings, in_words
from mnistgd.system.files import quoted

SEED = "seed"
"""The setting over whose values means are taken."""

MOST = 1_000_000
"""Trials of a sweep."""

FIELDS = {each.name: each for each in sorted(setting_fields(Settings), key=lambda field: field.name == SEED)}
"""Those of the settings, the seed last: of trials that follow each other it changes first."""

PLAIN: dict[str, tuple[type | None, ...]] = {
    "draws": (int, None),
    "draw_seed": (int,),
    "keep_all": (bool,),
    "data": (str,),
    "mask": (str, None),
    "sha256": (str,),
    "labels_sha256": (str,),
}
"""Attributes of a plan that JSON has as they are, and of which kinds each may be."""


@dataclass(frozen=True)
class Plan:
    """All that decides which trials a sweep has, and what comes of each.

    Attributes
    ----------
    values : dict from each setting to the values that it takes, as `FIELDS` has them in order
    draws : int or None; how many combinations of them are drawn, each for every seed; None is all
    draw_seed : int, which decides the draw
    keep_all : bool, whether the weights of every trial are kept
    data : str, what ``--data`` says
    reading : DataOptions, what the options beside it say
    class_names : tuple of str or None; what ``--class-names`` says
    mask : str or None; the picture that the mask of ``freeze`` was read from
    sha256, labels_sha256 : str, of the images and of their labels
    """

    values: Mapping[str, tuple[Any, ...]]
    draws: int | None = None
    draw_seed: int = 0
    keep_all: bool = False
    data: str = MNIST.name
    reading: DataOptions = PLAINLY
    class_names: tuple[str, ...] | None = None
    mask: str | None = None
    sha256: str = ""
    labels_sha256: str = ""

    def __len__(self) -> int:
        combinations = self.combinations if self.draws is None else min(self.draws, self.combinations)
        return combinations * self.seeds

    @property
    def seeds(self) -> int:
        """How many trials each combination of the other settings has, which follow each other."""
        return len(self.values[SEED])

    @property
    def combinations(self) -> int:
        """Of the settings other than the seed, as many as the grid has."""
        return math.prod(len(values) for name, values in self.values.items() if name != SEED)

    @property
    def varied(self) -> list[str]:
        """The settings of which there are several values."""
        return [name for name, values in self.values.items() if len(values) > 1]

    def check(self) -> None:
        """Check that each trial is one that ``mnistgd train`` would run, and that it can be compared.

        Raises
        ------
        UsageError
            If one is not.
        """
        # More combinations than a number of eight bytes can count have no draw.
        if len(self) > MOST or self.combinations >= 1 << 63:
            raise UsageError(f"these are more than {MOST:,} trials", "--random N draws some, of fewer values")
        if 0 in self.values["validation"]:
            raise UsageError("nothing is set aside to choose a trial by", "leave --validation out: it is 0.1")
        for number in range(0, len(self), self.seeds):
            try:
                self.settings(number)
            except UsageError as problem:
                values = {name: value for name, value in self.varying(number).items() if name != SEED}
                if not values:
                    raise
                message = f"{problem.message}: {described(values)}"
                hint = "each combination of the values is a trial: leave one value out, or make it two sweeps"
                raise UsageError(message, hint) from problem

    def settings(self, number: int) -> Settings:
        """Those of a trial, counted from 0.

        Raises
        ------
        UsageError
            If they make no sense together.
        """
        return Settings(**self._chosen(number))

    def varying(self, number: int) -> dict[str, Any]:
        """Of the settings of a trial those that vary, as JSON has them."""
        chosen = self._chosen(number)
        return {name: FIELDS[name].to_json(chosen[name]) for name in self.varied}

    def command(self, number: int) -> str:
        """What gives the very weights of a trial."""
        words = ["mnistgd train"]
        if self.data != MNIST.name:
            words.append(f"--data {quoted(self.data)}")
        words.append(self.reading.words())
        if self.class_names is not None:
            words.append(f"--class-names {quoted(','.join(self.class_names))}")
        said = self.settings(number).words()
        words.append(said.replace("MASK.png", quoted(self.mask)) if self.mask else said)
        return " ".join(filter(None, words))

    def _chosen(self, number: int) -> dict[str, Any]:
        place, seed = divmod(number, self.seeds)
        place = place if self.draws is None else int(self._drawn[place])
        chosen = {SEED: self.values[SEED][seed]}
        for name in reversed(list(self.values)):
            if name != SEED:
                place, which = divmod(place, len(self.values[name]))
                chosen[name] = self.values[name][which]
        return {name: chosen[name] for name in self.values}

    @cached_property
    def _drawn(self) -> NDArray[np.int64]:
        """Which combinations are drawn, none of them twice."""
        draws = len(self) // self.seeds
        return np.random.default_rng(self.draw_seed).choice(self.combinations, draws, replace=False)

    def as_json(self) -> dict[str, Any]:
        """What a file says of it."""
        values = {
            name: [FIELDS[name].to_json(value) for value in values] for name, values in self.values.items()
        }
        names = None if self.class_names is None else list(self.class_names)
        plain = {name: getattr(self, name) for name in PLAIN}
        return {**plain, "values": values, "reading": self.reading.as_json(), "class_names": names}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Plan:
        """What `as_json` wrote.

        Raises
        ------
        ValueError
            If it is not one that a command could have made.
        """
        plain = {name: value_of(found, name, *kinds) for name, kinds in PLAIN.items()}
        values = value_of(found, "values", dict)
        if values.keys() != FIELDS.keys() or not all(
            isinstance(each, list) and each for each in values.values()
        ):
            raise ValueError("its values are not those of every setting")
        if plain["draw_seed"] < 0 or (plain["draws"] is not None and plain["draws"] < 1):
            raise ValueError("its draw is none")
        names = value_of(found, "class_names", list, None)
        if names is not None and not all(isinstance(name, str) for name in names):
            raise ValueError("its class names are no texts")
        plan = cls(
            {name: tuple(map(field.from_json, values[name])) for name, field in FIELDS.items()},
            reading=DataOptions.from_json(value_of(found, "reading", dict)),
            class_names=None if names is None else tuple(names),
            **plain,
        )
        try:
            plan.check()
        except UsageError as problem:
            raise ValueError(f"it contradicts itself: {problem.message}") from problem
        return plan


def value_of(found: Mapping[str, Any], name: str, *kinds: type | None) -> Any:
    """What JSON has under a name, if it is of one of these kinds; None stands for that of None.

    Raises
    ------
    ValueError
        If it is not.
    """
    value = found.get(name)
    if type(value) not in [type(None) if kind is None else kind for kind in kinds]:
        raise ValueError(f"its {name} cannot be {value!r:.40}")
    return value


def described(settings: Mapping[str, Any]) -> str:
    """Settings that vary, in words.

    Examples
    --------
    >>> described({"learning_rate": 0.3, "hidden": [64, 32], "seed": 2})
    'learning rate 0.3, hidden 64+32, seed 2'
    """
    return ", ".join(
        f"{name.replace('_', ' ')} {value_in_words(name, value)}" for name, value in settings.items()
    )


def value_in_words(name: str, value: Any) -> str:
    """One value of a setting, as ``mnistgd sweep`` takes it."""
    if name == "batch_size":
        return str(value)
    return in_words(name, value).replace(",", "+")
