"""What is meant by a command line that is not typed as this tool has it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from mnistgd.model.fields import SettingField

if TYPE_CHECKING:
    import typer

OPTIONS = (
    "learning-rate lr rate eta alpha step-size l",
    "weight-decay l2 wd decay lambda reg",
    "dropout drop dropout-rate drop-rate p",
    "augment augmentation aug data-augmentation distort jitter",
    "batch-size bs batch batchsize minibatch b",
    "step steps snapshot frame",
    "frames snapshots",
    "epochs steps iterations updates epoch iters iteration max-iter n-epochs e",
    "schedule scheduler lr-schedule lr-scheduler",
    "optimizer optimiser opt optim solver",
    "hidden layers hidden-layers hidden-units units",
    "activation act nonlinearity",
    "seed random-state random-seed rng",
    "first subset limit n-train train-size max-train",
    "validation val val-split validation-split",
    "patience early-stop early-stopping",
    "log history logfile",
    "out saw plot output save o",
    "image images file input picture photo",
    "digits digit class",
    "weights model file load network w",
    "data dataset images",
    "index i idx n",
    "size width dpi",
    "most count top limit",
    "seconds duration",
    "palette cmap colormap colours colors",
    "class-names names classes",
    "json csv tsv xml yaml format j",
    "quiet silent no-progress s",
    "cluster dask distributed",
    "jobs n-jobs processes workers cores threads",
    "random n-iter trials draws samples",
    "debug verbose trace traceback v",
)
"""Words that mean one thing, here and in other tools. Of a group, and of the groups, the first is meant that
the command has. None leads from what is read to what is written: that could lose a file."""

COMMANDS = {
    "train": "fit learn run",
    "sweep": "grid search tune gridsearch grid-search hyperparameters",
    "show-weights": "show plot weights view visualize visualise heatmap",
    "evaluate": "test eval score accuracy validate",
    "predict": "classify recognize recognise guess infer",
    "explain": "why",
    "compare": "diff",
    "animate": "animation gif movie video",
    "curves": "plot history loss",
    "report": "summary html",
    "verify": "reproduce check",
    "lesson": "lessons tutorial",
    "data info": "info dataset mnist",
    "data show": "show images",
    "data fetch": "download fetch",
    "--help": "help",
    "--version": "version",
}
"""Of commands: what is meant → the words for it in other tools."""

VALUES = {
    "--loss squared-error": "mse quadratic squared l2",
    "--loss cross-entropy": "softmax crossentropy nll",
    "--init normal": "gaussian randn",
    "--init glorot_uniform": "glorot xavier",
    "--output none": "linear identity",
}
"""Of values that are chosen from a list: what is meant → the words for it in the books and in other tools."""

NUMBERS = {"int": int, "int range": int, "float": float, "float range": float}

_PLACE = re.compile(r"(--[\w-]+=|-q*[a-z])?(~.*|/dev/stdout|/dev/fd/1)", re.DOTALL)
# These are rarely needed, and are made then.
_OPTION = r"No such option: (\S+)( \(Possible options: .*\))?"
_CHOICE = r"Invalid value for '(--[\w-]+)': '(.*)' is not one of .*"
_YES_NO = r"Invalid value for '(--[\w-]+)': .* is neither yes nor no"
_COMMAND = r"No such command '(.*?)'"
_EXTRA = r"Got unexpected extra argument\(s\) \((\S+)\)"


def place(word: str) -> str:
    """A word of the command line, with the path in it as the shell would have it.

    A shell leaves ``~`` as it is within a word, as in ``--out=~/w.npz``, and knows nothing of ``-``.

    Examples
    --------
    >>> place("--out=/dev/stdout"), place("-o/dev/stdout"), place("~"), place("a~/b")
    ('--out=-', '-o-', '~', 'a~/b')
    """
    found = _PLACE.fullmatch(word)
    if found is None:
        return word
    option, path = found[1] or "", found[2]
    if not path.startswith("~"):
        return f"{option}-"
    # A class can be called "~", or "~a"; Path.expanduser fails where there is no home.
    return option + os.path.expanduser(path) if option or "/" in path else word  # noqa: PTH111


def message_and_hint(error: typer.TyperException) -> tuple[str, str]:
    """What is wrong with a command line, and what to type instead, where that can be told."""
    context: typer.Context | None = getattr(error, "ctx", None)
    usual = f"{context.command_path if context else 'mnistgd'} --help"
    message = error.format_message().rstrip(".")
    if context is None:
        return message, usual
    if found := re.fullmatch(_OPTION, message):
        hint = _option(context, found[1])
        # Of a word that is known, what it means is surer than what is merely spelt alike.
        return (message, usual) if hint is None else (message[: found.end(1)], hint or usual)
    if found := re.fullmatch(_CHOICE, message):
        return message, _choice(context, found[1], found[2]) or usual
    if found := re.fullmatch(_YES_NO, message):
        return message, f"say {found[1]} yes, or no, or both: {found[1]} yes,no"
    if found := re.match(_COMMAND, message):
        hint = _command(found[1])
        return (found[0], hint) if hint else (message, usual)
    if found := re.fullmatch(_EXTRA, message):
        return message, _extra(context, found[1]) or usual
    return _number(error, message), usual


def _option(context: typer.Context, typed: str) -> str | None:
    """What of the command is meant by an option that it has not, else what of ``mnistgd`` itself.

    It is empty where neither has what is meant, and None for a word that is not known.
    """
    path, root = context.command_path, context.find_root()
    positive = typed.replace("--no-", "--", 1)
    if str(getattr(_taken(context).get(positive), "metavar", "")).startswith("yes|no"):
        return f"say {positive} no"
    groups = [group.split() for group in OPTIONS if typed.lstrip("-") in group.split()]
    if not groups:
        return None
    for name in (name for group in groups for name in group):
        if name in _taken(context):
            return f"name it without {typed}"
        if f"--{name}" in _taken(context):
            return f"say --json: {path} --json | jq" if name == "json" else f"say --{name}"
        if f"--{name}" in _taken(root):
            return f"{root.command_path} --{name}{path.removeprefix(root.command_path)}"
    return ""


def _choice(context: typer.Context, option: str, typed: str) -> str:
    """What is meant by a value that an option does not offer."""
    for meant, words in VALUES.items():
        if typed.lower() in words.split() and meant.split()[0] in _taken(context):
            return f"say {meant}"
    # Of train, --output is none of a file.
    hint = _option(context, option) if {".", os.sep} & set(typed) or typed == "-" else None
    return hint if hint and hint != f"say {option}" else ""


def _taken(context: Any) -> dict[str, Any]:
    """What a command takes, by its names: options with their dashes, arguments without."""
    return {name: parameter for parameter in context.command.params for name in parameter.opts}


def _command(word: str) -> str:
    meant = [f"mnistgd {name}" for name, words in COMMANDS.items() if word.lower() in words.split()]
    return ", or ".join(meant)


def _extra(context: typer.Context, word: str) -> str:
    """The option that takes a word which was typed without one."""
    from mnistgd.system.files import quoted

    wanted = ("--digit",) if word.isdecimal() else ("--weights", "--data") if word.endswith(".npz") else ()
    return next(
        (f"{context.command_path} {name} {quoted(word)}" for name in wanted if name in _taken(context)), ""
    )


def _number(error: typer.TyperException, message: str) -> str:
    """`message`, in plain words where typer says what numbers an option takes."""
    kind = getattr(getattr(error, "param", None), "type", None)
    item = NUMBERS.get(getattr(kind, "name", ""))
    value, _, refusal = message.rpartition(" is not ")
    if item is None or not refusal.startswith(("a valid ", "in the range ")):
        return message
    limits = {"minimum": getattr(kind, "min", None), "maximum": getattr(kind, "max", None)}
    about = {name: limit for name, limit in limits.items() if limit is not None}
    return f"{value} is {SettingField('', None, about, item).refusal()}"
