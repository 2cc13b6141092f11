from pathlib import Path

import pytest
import yaml

from pipeline.core import params
from pipeline.core.errors import InputError
from tests.support.project import ROOT

PARAMS = ROOT / "params.yaml"


def edited(folder: Path, old: str, new: str) -> Path:
    text = PARAMS.read_text()
    assert old in text
    path = folder / "params.yaml"
    path.write_text(text.replace(old, new, 1))
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
        (params.Encoder, "revision: null", "revision: 1234567", "encoder.revision is 1234567", "text or null; put it in quotes"),
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
        (params.Encoder, "revision: null", "revision: []", "encoder.revision is []", "text or null"),
        (params.Position, "position:", "positoin:", "section position is missing", "rename positoin to position"),
        (params.Position, "max_length: 100", "max_length: [", "not YAML", "mend the line"),
    ],
)
def test_a_mistake_is_named_with_a_hint(tmp_path: Path, section: type, old: str, new: str, found: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        params.read(section, edited(tmp_path, old, new))
    problem = caught.value.problems[0]
    assert found in problem.found
    assert hint in problem.hint


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


def test_the_shipped_file_is_checked_without_a_word() -> None:
    params.check(PARAMS)


def test_loss_weights_may_be_learned(tmp_path: Path) -> None:
    text = PARAMS.read_text()
    start, end = text.index("  loss_weights:"), text.index("  class_weights:")
    path = tmp_path / "params.yaml"
    path.write_text(text[:start] + "  loss_weights: learned\n" + text[end:])
    assert params.read(params.Train, path).loss_weights == "learned"


def test_a_python_object_in_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        params.read(params.Train, edited(tmp_path, "epochs: 20", "epochs: !!python/object/apply:os.getcwd []"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        params.read(params.Tag, tmp_path / "params.yaml")


def test_rows_are_excluded_by_id_or_by_kind(tmp_path: Path) -> None:
    read = params.read(params.Parse, edited(tmp_path, "exclude: []", 'exclude: ["103", {kind: entity-empty}]'))
    assert read.exclude == ("103", params.Exclusion("entity-empty"))
