"""Each command as a user types it, or as DVC ran it, in a small project, and the first thing that people look at."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import datasets
import pytest

from tests.support import project


@pytest.fixture(scope="module")
def folder(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project, in which a stage that runs again gives what is there."""
    return shutil.copytree(finished, tmp_path_factory.mktemp("examples") / "a project")


@pytest.fixture(scope="module")
def stages(ran: tuple[Path, str]) -> dict[str, str]:
    """What each stage said after its command line, when DVC ran them all."""
    parts = re.split(r"^> python -m pipeline\.(\w+) .*\n", ran[1], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def typed(line: str, folder: Path) -> str:
    """Run a line in the project, its environment activated; what it prints to standard output."""
    ended = subprocess.run(["bash", "-c", line], cwd=folder, env=project.environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_parse_makes_words_of_annotations(folder: Path, stages: dict[str, str]) -> None:
    assert stages["parse"].startswith("parse: 97 train, 23 validation (from train), 40 test, 0 excluded")
    row = datasets.load_from_disk(str(folder / "data/parsed"))["test"][0]
    assert row["source"] == "data/raw/test.txt:1"
    assert " ".join(row["words"][row["e1_start"] : row["e1_end"]]) in row["text"]


def test_tag_marks_the_two_entities(folder: Path, stages: dict[str, str]) -> None:
    assert stages["tag"].startswith("tag: 160 sentences, tags O B I")
    row = datasets.load_from_disk(str(folder / "data/tagged"))["test"][0]
    assert row["tag_ids"].count(1) == 2


def test_position_counts_the_words_to_each_entity(folder: Path, stages: dict[str, str]) -> None:
    assert stages["position"].startswith("position: 160 sentences, 0 kept as a window of 100 words")
    row = datasets.load_from_disk(str(folder / "data/positioned"))["test"][0]
    assert len(row["e1_position_ids"]) == len(row["e2_position_ids"]) == len(row["words"])


def test_encoder_freezes_the_encoder_that_the_params_name(folder: Path, stages: dict[str, str]) -> None:
    assert stages["encoder"].startswith("encoder: tiny, layers -1, 16-d, cosine to TensorFlow 1.0000")
    assert json.loads((folder / "models/encoder/manifest.json").read_text())["about"]["width"] == 16


def test_embed_computes_what_the_store_lacks(folder: Path) -> None:
    said = typed("python -m pipeline.embed data/positioned models/encoder data/embedded", folder)
    assert said.startswith("embed: 160 sentences, 0 computed, the rest reused")


def test_embed_shows_what_the_store_holds(folder: Path) -> None:
    held = json.loads(typed("python -m pipeline.embed --stats data/positioned models/encoder data/embedded", folder))
    assert (held["sentences"], held["rows"], held["share_reused"], held["share_stale"]) == (160, 160, 1, 0)


def test_train_writes_a_model_with_its_curves(folder: Path, stages: dict[str, str]) -> None:
    assert stages["train"].startswith("train: 97 sentences, epoch ")
    with (folder / "models/relation/curves/plots/metrics/loss.tsv").open() as file:
        assert [row["step"] for row in csv.DictReader(file, delimiter="\t")] == ["0", "1"]


def test_evaluate_scores_the_model(folder: Path, stages: dict[str, str]) -> None:
    score = json.loads((folder / "reports/metrics.json").read_text())["test"]["relation"]["official_macro_f1"]
    assert stages["evaluate"].startswith(f"evaluate: 40 test pairs, official macro-F1 {score:.2f}")
    assert "<html" in (folder / "reports/report.html").read_text()


def test_card_says_what_the_model_is(folder: Path, stages: dict[str, str]) -> None:
    assert stages["card"].startswith("card: models/README.md\n")
    assert "| official macro-F1 |" in (folder / "models/README.md").read_text()


def test_predict_a_sentence_gives_its_relation(folder: Path) -> None:
    said = typed('python -m pipeline.predict models/relation --text "The <e1>storm</e1> left a trail of <e2>damage</e2>."', folder)
    prediction = json.loads(said)
    assert (prediction["e1"]["text"], prediction["e2"]["text"]) == ("storm", "damage")
    assert prediction["relation"] in prediction["probabilities"]


def test_predict_a_file_of_json_lines_gives_a_line_each(folder: Path) -> None:
    line = {"text": "The storm left a trail of damage.", "e1": [4, 9], "e2": [26, 32]}
    (folder / "sentences.jsonl").write_text(f"{json.dumps(line)}\n" * 3)
    typed("python -m pipeline.predict models/relation --format jsonl sentences.jsonl > predictions.jsonl", folder)
    predictions = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert [prediction["line"] for prediction in predictions] == [1, 2, 3]
    assert {prediction["e2"]["text"] for prediction in predictions} == {"damage"}


def test_predict_blocks_from_a_pipe(folder: Path) -> None:
    (folder / "blocks.txt").write_text('7\t"The <e1>storm</e1> left a trail of <e2>damage</e2>."\n')
    said = typed("cat blocks.txt | python -m pipeline.predict models/relation --format semeval -", folder)
    assert json.loads(said)["id"] == "7"


def test_predict_draws_for_people(folder: Path) -> None:
    sentence = "The <e1>storm</e1> left a trail of <e2>damage</e2>."
    said = typed(f'python -m pipeline.predict models/relation --pretty terminal --text "{sentence}"', folder)
    assert said.startswith("The storm left a trail of damage.\n  storm, damage: ")


def test_predict_from_python(folder: Path) -> None:
    (folder / "example.py").write_text(
        "from pathlib import Path\n"
        "from pipeline.prediction.predictor import Predictor\n"
        "from pipeline.prediction.types import Sentence\n"
        'sentence = Sentence.of("The <e1>storm</e1> left <e2>damage</e2>.")\n'
        '[prediction] = Predictor(Path("models/relation")).predict([sentence])\n'
        "print(prediction.relations[0].name)\n"
    )
    names = json.loads((folder / "models/relation/manifest.json").read_text())["about"]["config"]["relations"]
    assert typed("python example.py", folder).strip() in names


def test_convert_makes_a_corpus_of_another_format(folder: Path) -> None:
    for suffix, text in (
        (".txt", "Ann Lee founded Acme."),
        (".ann", "T1\tPer 0 7\tAnn Lee\nT2\tOrg 16 20\tAcme\nR1\tOwns Arg1:T1 Arg2:T2\n"),
    ):
        (folder / "annotated").mkdir(exist_ok=True)
        (folder / f"annotated/1{suffix}").write_text(text)
    said = typed("python -m pipeline.convert annotated corpus.jsonl --to doccano", folder)
    assert said.startswith("convert: 1 document, 2 entities, 1 relation -> 1 document, 2 entities, 1 relation of doccano")
    row = json.loads((folder / "corpus.jsonl").read_text())
    assert (row["text"], row["relations"][0]["type"]) == ("Ann Lee founded Acme.", "Owns")
