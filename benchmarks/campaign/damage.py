"""Damaged outputs: whatever reads a file of a stage's output refuses it, and says so, or makes it anew; none uses it.

A round damages one file in a copy of a finished project, and lets everything that reads it read: the stages that have it on their
command line, `predict`, and `embed --stats`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from benchmarks.campaign.projects import OUTPUTS
from benchmarks.campaign.rounds import Draw, Finished, Round, WrongError, require
from pipeline import embed
from pipeline.core.errors import InputError
from pipeline.core.params import FILE
from pipeline.encoding import known_words
from pipeline.prediction.predictor import Predictor
from tests.support import project

Reader = Callable[[], object]  # reads in the working directory
ORDER = ("parse", "tag", "position", "encoder", "embed", "train", "evaluate", "card")
MENDS = "embed"  # makes what is damaged in its own output anew
OTHER: dict[str, dict[str, object]] = {
    "parse": {"seed": 2},
    "encoder": {"layers": [-2]},
    "embed": {"pooling": "first"},
    "train": {"epochs": 1},
}
NOT_READ = {("train", known_words.NAME)}  # though it stands in what the stage reads
PARTS = ("data", "models", "reports", "tiny", FILE.name)


def arguments(stage: str) -> list[Path]:
    """The inputs and the output of a stage."""
    return [Path(argument) for argument in project.command(stage)[3:]]


def run_stage(stage: str) -> None:
    """Run a stage in this process, in the working directory; what it says goes nowhere."""
    with contextlib.redirect_stderr(io.StringIO()):
        importlib.import_module(f"pipeline.{stage}").main(*arguments(stage))


def predict() -> None:
    """Load the model and its encoder as `predict` does."""
    Predictor(OUTPUTS["train"])


def tell_stats() -> None:
    """What `embed --stats` does."""
    positioned, encoder, embedded = arguments("embed")
    embed.main(positioned, encoder, embedded, stats=True)


def readers_of(stage: str, file: Path) -> dict[str, Reader]:
    """What reads a file of a stage's output, by name.

    Args: file: its path below the project.
    """
    found: dict[str, Reader] = {}
    for other in ORDER:
        is_given = any(file == argument or argument in file.parents for argument in arguments(other)[:-1])
        if is_given and (other, file.name) not in NOT_READ:
            found[other] = partial(run_stage, other)
    if stage in ("encoder", "train"):
        found["predict"] = predict
    if stage in ("position", "encoder"):
        found["embed --stats"] = tell_stats
    if stage == "embed" and file.suffix == ".arrow":
        found["embed --stats"] = tell_stats
    if stage == "embed":  # last, for it mends its output
        found["embed"] = partial(run_stage, "embed")
    return found


def flip(rng: Random, path: Path, _: Path) -> None:
    """Change one bit."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def truncate(rng: Random, path: Path, _: Path) -> None:
    """Cut the end off."""
    path.write_bytes(path.read_bytes()[: -rng.randint(1, path.stat().st_size)])


def empty(_: Random, path: Path, __: Path) -> None:
    """Leave nothing in it."""
    path.write_bytes(b"")


def remove(_: Random, path: Path, __: Path) -> None:
    """Take it away."""
    path.unlink()


def replace(_: Random, path: Path, other: Path) -> None:
    """Put another run's file of the same name, or of the same place in the order of names, there."""
    same = other / path.name
    files = sorted(other.glob(f"*{path.suffix}"))
    shutil.copy(same if same.is_file() else files[0], path)


DAMAGES = {damage.__name__: damage for damage in (flip, truncate, empty, remove, replace)}


def prepare(finished: Finished) -> Round:
    """The round of this campaign."""
    other_run = cache(lambda: OtherRun(copy_parts(finished(), Path(mkdtemp(dir=finished().parent)) / "other")))

    def play_round(draw: Draw) -> None:
        stage, file = draw.rng.choice(list(readable(finished())))
        name = draw.rng.choice(sorted(DAMAGES))
        folder = copy_parts(finished(), draw.folder / "project")
        other = other_run().output(stage) / file.relative_to(OUTPUTS[stage]).parent if name == "replace" else folder
        DAMAGES[name](draw.rng, folder / file, other)
        same = (folder / file).is_file() and (folder / file).read_bytes() == (finished() / file).read_bytes()
        (draw.folder / "drawn.txt").write_text(f"{name} {file}\n")
        for reader, read in readers_of(stage, file).items():
            if not same and not (name == "remove" and reader == "embed --stats" and stage == "embed"):  # a store of less
                check_reader(reader, read, stage, folder, finished())

    return play_round


def check_reader(reader: str, read: Reader, stage: str, folder: Path, finished: Path) -> None:
    """Raises: WrongError where a reader uses what is damaged, or refuses without naming an output; whatever else it raises."""
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        try:
            read()
        except InputError as error:
            require(any(str(output) in str(error) for output in OUTPUTS.values()), f"{reader} does not say what is wrong: {error}")
            require(reader != MENDS or stage != MENDS, f"{reader} does not mend its own output: {error}")
            return
    if reader == MENDS == stage:
        require(project.contents(folder / OUTPUTS[stage]) == project.contents(finished / OUTPUTS[stage]), "it is mended otherwise")
        return
    raise WrongError(f"{reader} takes it")


def readable(finished: Path) -> Iterator[tuple[str, Path]]:
    """Every file of every stage's output that something reads, and its stage."""
    for stage, output in OUTPUTS.items():
        for path in sorted(path for path in (finished / output).rglob("*") if path.is_file()):
            file = path.relative_to(finished)
            if readers_of(stage, file):
                yield stage, file


def copy_parts(finished: Path, folder: Path) -> Path:
    """A copy of a project without git and DVC."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = finished / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
    return folder


class OtherRun:
    """Another run, with other params, whose stages run when their outputs are first asked for."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: a copy of a project, to run in."""
        self.folder = folder
        self._done: set[str] = set()
        project.set_params(folder, OTHER)

    def output(self, stage: str) -> Path:
        """The output of a stage."""
        if stage not in self._done:
            for other in ORDER:
                if OUTPUTS[other] in arguments(stage)[:-1]:
                    self.output(other)
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()):
                run_stage(stage)
            self._done.add(stage)
        return self.folder / OUTPUTS[stage]
