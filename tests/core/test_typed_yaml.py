"""YAML files read as untrusted: scalars of YAML 1.2, lines for messages, errors in bounded time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.campaign.rounds import within
from pipeline.core import typed_yaml
from pipeline.core.errors import InputError


def load(tmp_path: Path, text: str | bytes) -> typed_yaml.YamlFile:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return typed_yaml.load(path)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("5e-05", 5e-5),
        ("1.0e-08", 1e-8),
        ("+.5", 0.5),
        ("12.", 12.0),
        ("-7", -7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(tmp_path: Path, scalar: str, value: Any) -> None:
    found = load(tmp_path, f"a: {scalar}\n").value["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        *("a: !!binary aGk=\n", "a: !!str 1\n", "a: !!int '1'\n", "a: !!set {b}\n", "a: !b c\n"),
        *("a: 1 # no key\x85b: 2\n", "a: 1 # no key\u2028b: 2\n"),
    ],
)
def test_what_dvc_reads_otherwise_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"params.yaml:1: (the tag|the character U\+)"):
        load(tmp_path, text)


@pytest.mark.parametrize("escape", ["\\ud800", "\\U00110000"])
def test_an_escape_of_no_character_is_refused(tmp_path: Path, escape: str) -> None:
    with pytest.raises(InputError, match=r"params.yaml:1: "):
        load(tmp_path, f'a: "{escape}"\n')


def test_every_value_has_its_line(tmp_path: Path) -> None:
    document = load(tmp_path, "a:\n  b: 1\n  c:\n    - x\n    - y\n\nd: {e: 2}\n")
    assert document.value == {"a": {"b": 1, "c": ["x", "y"]}, "d": {"e": 2}}
    places = [document.place(keys) for keys in ((), ("a",), ("a", "b"), ("a", "c", 1), ("d", "e"), ("a", "missing"))]
    assert [place.rpartition("yaml")[2] for place in places] == ["", ":1", ":2", ":5", ":7", ":1"]


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("a: [1\nb: 2\n", ":2", "not YAML"),
        ("a: 1\nb: 2\na: 3\n", ":3", "a stands here a second time"),
        ("a:\n  b: 1\n  b: 2\n", ":3", "a.b stands here a second time"),
        ("a: 1\n? [x, y]\n: 2\n", ":2", "a key that is a list or a mapping"),
        ("a: 1\n2: 3\n", ":2", "the key 2, which is no text"),
        ("a:\n  ?\n  : 3\n", ":2", "the key of no name"),
        ("a: *nobody\n", ":1", "not YAML"),
        (b"a: \xff\n", ":1", "not YAML"),
        ("a: 'never ends\n", ":2", "not YAML"),
        ("&a [*a]\n", ":1", "levels of them"),
        ("a: " + "[" * 5_000, ":", "not YAML"),
        ("a: " + "[" * 40 + "]" * 40, ":1", "levels of them"),
        ("x" * 400_000, "", "the file has 400,000 bytes"),
        ("a:\n" + "  - 1\n" * 30_000, ":20000", "more than 20,000 values"),
    ],
)
def test_what_cannot_be_used_is_one_error_with_its_line(tmp_path: Path, text: str | bytes, place: str, found: str) -> None:
    with within(10), pytest.raises(InputError) as refused:
        load(tmp_path, text)
    (problem,) = refused.value.problems
    assert place in problem.source
    assert found in problem.found


def test_aliases_that_grow_without_end_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    with pytest.raises(InputError, match="aliases count at each of their places"):
        load(tmp_path, "\n".join(lines))


def test_an_alias_stands_for_its_anchor(tmp_path: Path) -> None:
    assert load(tmp_path, "a: &seed 7\nb: *seed\n").value == {"a": 7, "b": 7}


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing yet\n").value is None


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file\n  hint: run from the folder that holds params\.yaml"):
        typed_yaml.load(tmp_path / "params.yaml")
