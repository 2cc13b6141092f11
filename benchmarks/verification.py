"""What comparing files with their checksums costs the stages that read them. Prints JSON.

Each stage of a finished project runs once more, in a process of its own and into a scratch folder; timed within it are the process
and all computing of checksums, of what it reads and of what it writes.

    python -m benchmarks.verification FOLDER
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from pipeline.core.files import read_json

TIMED = """
import json, runpy, sys, time
from pathlib import Path
began = time.perf_counter()
from pipeline.core import files
plain, taken = files.checksum, []
def timed(path):
    start = time.perf_counter()
    try:
        return plain(path)
    finally:
        taken.append(time.perf_counter() - start)
files.checksum = timed  # before any module takes it by its name
told, module, *arguments = sys.argv[1:]
sys.argv = [module, *arguments]
try:
    runpy.run_module(module, run_name="__main__")
finally:
    figures = {"seconds": time.perf_counter() - began, "checksum_seconds": sum(taken), "files": len(taken)}
    Path(told).write_text(json.dumps(figures))
"""


def measure(folder: Path, command: str, scratch: Path) -> dict[str, float]:
    """Seconds of a stage, of its checksums, and their share; the last argument of its command is what it writes."""
    module, *sources, _ = command.split()[2:]
    told = scratch / "figures.json"
    arguments = [str(told), module, *sources, str(scratch / "output")]
    subprocess.run([sys.executable, "-c", TIMED, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    found = read_json(told, "")
    return {
        "seconds": round(found["seconds"], 2),
        "checksum_seconds": round(found["checksum_seconds"], 3),
        "files": found["files"],
        "share": round(found["checksum_seconds"] / found["seconds"], 4),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a project that `dvc repro` has finished")
    folder = parser.parse_args().folder
    stages = yaml.safe_load((folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    found = {}
    for name, stage in stages.items():
        with tempfile.TemporaryDirectory() as scratch:
            found[name] = measure(folder, stage["cmd"], Path(scratch))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
