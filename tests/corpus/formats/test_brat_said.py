"""What brat said of a document comes home from every format that keeps meta, and nothing else becomes a line of brat."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.adapt import RULES, adapt, rules_for
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.excerpts import Excerpts
from pipeline.corpus.formats import FORMATS, brat, brat_meta, brat_said
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import find_pairs
from pipeline.corpus.words import load_tokenizer
from tests.support.documents import documents

TOKENIZE = load_tokenizer("en", "char")
WHOLE = ("jsonl", "label_studio", "prodigy", "doccano", "spert", "dygie")  # they keep all entities and meta
PAIRS = ("opennre", "tacred", "fewrel")
TEXT = "Ann Lee works for Acme in Rome. She met Bob, and it rained."
ANN = """T1\tPerson 0 7\tAnn Lee
T2\tOrganization 18 22\tAcme
T5\tLocation 26 30\tRome
T7\tPerson 32 35\tShe
T8\tPerson 40 43\tBob
T9\tJob 8 17\tworks for
R3\tWorks-For Arg1:T1 Arg2:T2
*\tAlias T1 T7
R4\tCoref Anaphora:T7 Antecedent:T1
R7\tMet Arg1:T8 Arg2:T7
A1\tConfidence T1 High
A2\tNegated E1
#1\tAnnotatorNotes R7\tcheck  this one
N1\tReference T5 Wikidata:Q220\tRome
E1\tJob:T9 Agent:T1 Theme2:T2
"""
CONF = "[relations]\nMet\tArg1:Person, Arg2:Person, <REL-TYPE>:symmetric\n"
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(target: str, of: list[Document], path: Path, source: str) -> tuple[list[Document], set[str]]:
    """Documents as a file of a format has them, and what was lost."""
    to = TARGETS[target]
    adapted = [adapt(each, rules_for(target, to.holds, to.keys, source, TOKENIZE)) for each in of]
    (shutil.rmtree if path.is_dir() else Path.unlink)(path) if path.exists() else None
    to.write([document for each in adapted for document in each.documents], path)
    read = list(FORMATS[target].read(path))
    assert all(isinstance(each, Document) for each in read)
    return read, {name for each in adapted for name in each.changes if RULES[name].is_loss}


def rows(documents: list[Document]) -> dict[str, list[tuple[object, ...]]]:
    """The rows that parse makes of documents."""
    options = PairOptions(several="rows")
    found = {each.id: find_pairs([Span(0, len(each.text))], Excerpts(each, None, {}), options).pairs for each in documents}
    return {key: [(pair.text, pair.e1, pair.e2, pair.relation) for pair in pairs] for key, pairs in found.items()}


def lines(path: Path) -> dict[str, set[str]]:
    """The lines of annotation by document."""
    return {ann.stem: {line.rstrip() for line in ann.read_text().split("\n")} for ann in path.rglob("*.ann")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "brat"
    path.mkdir()
    for name, content in {"a.txt": TEXT, "a.ann": ANN, "annotation.conf": CONF}.items():
        (path / name).write_text(content)
    return path


@pytest.mark.parametrize("target", WHOLE)
def test_all_lines_of_brat_come_home(folder: Path, tmp_path: Path, target: str) -> None:
    there, _ = written(target, list(brat.read(folder)), tmp_path / "there", "brat")
    home, lost = written("brat", there, tmp_path / "home", target)
    words = target in ("spert", "dygie")  # whose text is other
    old, new = ({line for line in lines(path)["a"] if not (words and line.startswith("T"))} for path in (folder, tmp_path / "home"))
    assert old <= new
    assert len(lines(tmp_path / "home")["a"]) == len(lines(folder)["a"])
    assert not lost
    assert rows(home) == rows(there)
    if not words:
        assert rows(home) == rows(list(brat.read(folder)))


@pytest.mark.parametrize("target", PAIRS)
def test_relations_without_direction_come_home_without_it_from_formats_of_pairs(folder: Path, tmp_path: Path, target: str) -> None:
    there, _ = written(target, list(brat.read(folder)), tmp_path / "there", "brat")
    home, _ = written("brat", there, tmp_path / "home", target)
    assert target == "semeval" or rows(home) == rows(there)  # which has directions in its labels
    assert {pair[3] for pairs in rows(home).values() for pair in pairs} >= {"Met", "Alias"}


def test_relations_without_direction_are_labels_without_one_in_semeval(folder: Path, tmp_path: Path) -> None:
    there, lost = written("semeval", list(brat.read(folder)), tmp_path / "there", "brat")
    assert [each.relations[0].label for each in there] == ["Works-For(e1,e2)", "Alias", "Coref(e2,e1)", "Met"]
    assert "symmetric" not in lost


@pytest.mark.parametrize("target", ["conll", "tsv"])
def test_relations_that_get_a_direction_are_a_loss(folder: Path, target: str) -> None:
    to = TARGETS[target]
    (document,) = brat.read(folder)
    changes = adapt(document, rules_for(target, to.holds, to.keys, "brat", TOKENIZE)).changes
    assert changes["symmetric"] == 2
    assert RULES["symmetric"].is_loss


def test_a_note_of_a_relation_that_is_there_no_more_is_a_loss(folder: Path) -> None:
    (document,) = brat.read(folder)
    fewer = replace(document, relations=document.relations[:-1])
    assert brat_said.n_lost(fewer) == 1
    assert not [line for line in brat_said.say(fewer).kept if line.startswith("#1")]


def test_what_names_an_entity_that_is_there_no_more_is_a_loss_with_all_that_names_it(folder: Path) -> None:
    (document,) = brat.read(folder)
    fewer = replace(document, entities=tuple(each for each in document.entities if each.id != "T9"))
    assert [line[:2] for line in brat_said.say(fewer).kept] == ["A1", "#1", "N1"]
    assert brat_said.n_lost(fewer) == 2


def test_new_entities_take_no_id_that_a_line_of_brat_names(folder: Path) -> None:
    (document,) = brat.read(folder)
    entities = tuple(replace(each, id=f"x{each.id}", spans=(Span(44, 47),)) for each in document.entities)
    said = brat_said.say(replace(document, entities=entities, relations=()))
    assert not {line.partition("\t")[0] for line in said.entities} & {"T1", "T2", "T5", "T7", "T8", "T9"}
    assert not said.kept


def test_a_relation_that_is_symmetric_in_one_document_of_a_folder_alone_is_refused(folder: Path, tmp_path: Path) -> None:
    (document,) = brat.read(folder)
    other = replace(document, id="b", meta={})
    with pytest.raises(ValueError, match="Met is symmetric in some documents of its folder"):
        brat.write([document, other], tmp_path / "out")


def test_the_labels_of_arguments_come_home_and_several_of_one_label_are_told(folder: Path, tmp_path: Path) -> None:
    (folder / "a.ann").write_text(ANN + "R8\tCoref Antecedent:T8 Anaphora:T7\n")
    home, lost = written("brat", list(brat.read(folder)), tmp_path / "home", "brat")
    assert lost == {"unsaid"}
    assert rows(home) == rows(list(brat.read(folder)))


def test_a_name_with_a_blank_is_symmetric_as_it_was(tmp_path: Path) -> None:
    meta = {"symmetric": ["next to"]}
    given = Document("a", "", "Ann Bob", (Entity("x", (Span(0, 3),), "P"), Entity("y", (Span(4, 7),), "P")), (), meta=meta)
    (home,), lost = written("brat", [replace(given, relations=(Relation("y", "x", "next to"),))], tmp_path / "home", "jsonl")
    assert (home.symmetric, lost) == ({"next_to"}, {"spaced"})


def test_the_configuration_has_all_that_the_folder_holds_once_at_its_root(folder: Path, tmp_path: Path) -> None:
    (document,) = brat.read(folder)
    brat.write([replace(document, id=row_id) for row_id in ("train/a", "test/a")], tmp_path / "out")
    (conf,) = (tmp_path / "out").rglob("annotation.conf")
    assert conf.parent == tmp_path / "out"
    assert conf.read_text().splitlines() == [
        "[entities]",
        "Location",
        "Organization",
        "Person",
        "[relations]",
        "Alias\tArg1:<ENTITY>, Arg2:<ENTITY>",
        "Coref\tAnaphora:<ENTITY>, Antecedent:<ENTITY>",
        "Met\tArg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric",
        "Works-For\tArg1:<ENTITY>, Arg2:<ENTITY>",
        "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>",
        "[events]",
        "Job\tAgent*:<ANY>, Theme*:<ANY>",
        "[attributes]",
        "Confidence\tArg:<ANY>, Value:High",
        "Negated\tArg:<ANY>",
    ]


@st.composite
def said_in_brat(draw: st.DrawFn) -> Document:
    """A document with all that brat can say of one."""
    document = draw(documents(brat.HOLDS))
    ids = {entity.id: f"T{3 * int(entity.id) + 1}" for entity in document.entities}
    entities = tuple(replace(entity, id=ids[entity.id]) for entity in document.entities)
    relations = [
        replace(one, head=ids[one.head], tail=ids[one.tail], label=one.label.replace(" ", "_")) for one in document.relations
    ]
    equivalences = []
    if len(ids) > 1 and draw(st.booleans()):
        members = draw(st.permutations(list(ids.values())))[: draw(st.integers(2, 4))]
        equivalences.append(["Alias", *members])
        relations += [Relation(one, other, "Alias") for n, one in enumerate(members) for other in members[n + 1 :]]
    symmetric = [*draw(st.sets(st.sampled_from(["Uses", "Part-Of", "Near"]))), *(["Alias"] if equivalences else [])]
    numbers = iter(draw(st.permutations(range(1, 99))))
    relation_ids = ["*" if one.label == "Alias" else f"R{next(numbers)}" for one in relations]
    known = [*ids.values(), *(each for each in relation_ids if each != "*")]
    kept = [f"{'#A'[n % 2]}{n}\tSaid {draw(st.sampled_from(known))}\tso  it is" for n in range(draw(st.integers(0, 4))) if known]
    kept += [f"E9\tJob:{draw(st.sampled_from([*ids.values()]))} Agent:{next(iter(ids.values()))}", "A77\tSure E9"] if ids else []
    roles = [["Part-Of", "Whole", "Part"]] if any(one.label == "Part-Of" for one in relations) and draw(st.booleans()) else []
    meta = {"equivalences": equivalences, "lines": kept, "relation_ids": relation_ids, "roles": roles, "symmetric": symmetric}
    held = {key: value for key, value in meta.items() if value}
    return replace(document, id="a", entities=entities, relations=tuple(relations), meta=held)


@pytest.mark.parametrize("target", WHOLE)
@quick
@given(document=said_in_brat())
def test_what_brat_said_comes_home_from_every_format_that_keeps_meta(tmp_path: Path, target: str, document: Document) -> None:
    first, lost = written("brat", [document], tmp_path / "first", "brat")
    assert not lost
    there, _ = written(target, first, tmp_path / "there", "brat")
    home, lost = written("brat", there, tmp_path / "home", target)
    assert not lost
    old, new = (lines(tmp_path / name)["a"] for name in ("first", "home"))
    assert {line for line in old if line[:1] != "T"} == {line for line in new if line[:1] != "T"}
    assert {line.split()[0] for line in old if line} == {line.split()[0] for line in new if line}
    assert rows(home) == rows(there)
    assert target != "jsonl" or (rows(home) == rows(first) and old == new)


WORDS = (*"T1 T4 R1 * E1 Alias Uses Arg1 Arg2 Whole a:b [x] !x".split(), "part of", "", "\n", "\ud83d")  # noqa: SIM905
SAID = ("A1\tSure T1", "A1\tSure T9", "#1\tNote R1\tx", "#1\tNote\nT9\tX 0 1\tx", "E1\tJob:T1", "A2\tSure E1", "A3\tx A3", "\t")
ATOMS = st.one_of(st.sampled_from(WORDS), st.sampled_from(SAID), st.integers(-3, 3), st.none())
JUNK = st.one_of(
    ATOMS, st.lists(st.one_of(ATOMS, st.lists(ATOMS, max_size=4)), max_size=4), st.dictionaries(st.sampled_from(WORDS), ATOMS)
)
METAS = st.dictionaries(st.sampled_from(sorted(brat_meta.META)), JUNK)


@settings(quick, max_examples=400)
@given(document=said_in_brat(), junk=METAS, keeps_ids=st.booleans())
def test_whatever_stands_in_meta_a_folder_is_read_again_with_the_same_rows_or_the_loss_is_told(
    tmp_path: Path, document: Document, junk: dict[str, object], keeps_ids: bool
) -> None:
    if not keeps_ids:
        ids = {entity.id: str(number) for number, entity in enumerate(document.entities)}
        entities = tuple(replace(each, id=ids[each.id]) for each in document.entities)
        relations = tuple(replace(each, head=ids[each.head], tail=ids[each.tail]) for each in document.relations)
        document = replace(document, entities=entities, relations=relations)
    document = replace(document, meta={**document.meta, **junk})
    (home,), lost = written("brat", [document], tmp_path / "home", "jsonl")
    assert (home.text, len(home.entities), len(home.relations)) == (document.text, len(document.entities), len(document.relations))
    if "unsaid" not in lost:
        assert rows([home]) == rows([document])
