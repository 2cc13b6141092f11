"""Time and memory of pipeline.compare on two versions of a corpus, by its size. Prints a JSON line each.

The corpus is a SemEval file, its sentences repeated under new ids. In the newer version every hundredth row is relabelled, every
thousandth edited, and one row in front of all others shifts them.

    python -m benchmarks.compare data/raw/train.txt --rows 50000 200000
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from itertools import cycle, islice
from pathlib import Path

from benchmarks.measure import run
from tests.support.project import ROOT

BLOCK = re.compile(r'\S+\t"(.*)"\n(.*)')


def write_project(folder: Path, sentences: list[tuple[str, str]], n_rows: int, *, is_newer: bool) -> None:
    """Write a project with its annotations alone."""
    (folder / "data/raw").mkdir(parents=True)
    shutil.copy(ROOT / "params.yaml", folder)
    with (folder / "data/raw/train.txt").open("w", encoding="utf-8") as file:
        if is_newer:
            file.write('0\t"A <e1>row</e1> in front of all <e2>others</e2>."\nOther\n\n')
        for number, (text, label) in enumerate(islice(cycle(sentences), n_rows), 1):
            is_edited, is_relabelled = (is_newer and number % every == 0 for every in (1000, 100))
            label = "Changed(e1,e2)" if is_relabelled else label
            file.write(f'{number}\t"In case {number}{" again" if is_edited else ""}: {text}"\n{label}\n\n')


def main() -> None:
    """Compare two versions of each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 200_000])
    options = parser.parse_args()
    blocks = re.split(r"\n\n+", options.corpus.read_text(encoding="utf-8").replace("\r\n", "\n").strip())
    sentences = [(match[1], match[2]) for match in map(BLOCK.match, blocks) if match]
    for n_rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder, "old"), Path(folder, "new")
            write_project(old, sentences, n_rows, is_newer=False)
            write_project(new, sentences, n_rows, is_newer=True)
            print(json.dumps({"rows": n_rows, **run("-m", "pipeline.compare", str(old), str(new))}), flush=True)


if __name__ == "__main__":
    main()
