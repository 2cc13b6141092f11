"""Projects of a few sentences, to compare versions of."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support import project

SENTENCES = {
    "1": ("The <e1>storm</e1> caused <e2>damage</e2> in the port.", "Cause-Effect(e1,e2)"),
    "2": ("A <e1>wheel</e1> came off the old <e2>cart</e2>.", "Component-Whole(e1,e2)"),
    "3": ("The <e1>baker</e1> sold us some <e2>bread</e2>.", "Other"),
    "4": ("She carried the <e1>letters</e1> in a <e2>satchel</e2>.", "Content-Container(e1,e2)"),
}
Sentences = Mapping[str, tuple[str, str]]


def write_split(folder: Path, split: str, sentences: Sentences) -> None:
    """Write a split of a project as a SemEval file."""
    blocks = [f'{row_id}\t"{text}"\n{label}\nComment:' for row_id, (text, label) in sentences.items()]
    project.write_blocks(folder / f"data/raw/{split}.txt", blocks)


def make(folder: Path, train: Sentences = SENTENCES, **others: Sentences) -> Path:
    """A project with its annotations alone."""
    for name in ("params.yaml", ".dvc/config", ".dvc/.gitignore"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.ROOT / name, folder / name)
    for split, sentences in {"train": train, **others}.items():
        write_split(folder, split, sentences)
    return folder


def without(row_id: str) -> Sentences:
    """The sentences but for one."""
    return {key: value for key, value in SENTENCES.items() if key != row_id}
