"""The watch over code that may never end, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from tests.support.project import ROOT

WATCH = "import time, os, sys\nfrom pipeline.core.watchdog import Limits, hushed, watched\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WATCH + code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_a_block_that_outlasts_its_seconds_ends_the_process_with_one_line_and_a_hint() -> None:
    ended = run("with watched('x.json', Limits(0.2), 'copy it again'): time.sleep(60)")
    assert ended.returncode == 1
    assert ended.stderr == "x.json: it has not come to an end within 0 seconds\n  hint: copy it again\n"


def test_a_block_that_outgrows_its_memory_ends_the_process() -> None:
    ended = run("with watched('x.json', Limits(60, 10**8), 'copy it again'): kept = b'1' * (3 * 10**8); time.sleep(60)")
    assert ended.returncode == 1
    assert ended.stderr.startswith("x.json: it takes more than ")


def test_a_block_that_ends_in_time_ends_nothing() -> None:
    ended = run("with watched('x.json', Limits(1), 'copy it again'): pass\ntime.sleep(1.2)\nprint('well')")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "well\n", "")


def test_a_second_block_is_watched_too() -> None:
    ended = run("for n in (0, 60):\n    with watched('x.json', Limits(0.4), 'copy it again'): time.sleep(n)")
    assert ended.returncode == 1


def test_the_hint_is_read_though_the_block_is_hushed() -> None:
    ended = run("with watched('x.json', Limits(0.2), 'copy it again'), hushed(): time.sleep(60)")
    assert "hint: copy it again" in ended.stderr


def test_standard_error_is_heard_again_after_a_hushed_block() -> None:
    ended = run("with hushed(): os.write(2, b'noise')\nos.write(2, b'said')")
    assert ended.stderr == "said"
