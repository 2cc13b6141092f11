import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.formats.tag_schemes import BadTag, Run, bio, runs


@pytest.mark.parametrize(
    "tags",
    [
        "O B-Per I-Per I-Per O B-Loc",  # BIO
        "O B-Per I-Per L-Per O U-Loc",  # BILOU
        "O B-Per I-Per E-Per O S-Loc",  # BIOES
        "O B-Per M-Per E-Per O S-Loc",  # BMES
    ],
)
def test_every_scheme_says_the_same(tags):
    assert list(runs(tags.split())) == [Run(1, 4, "Per"), Run(5, 6, "Loc")]


@pytest.mark.parametrize("tags", ["B-Per B-Per", "U-Per U-Per", "B-Per U-Per", "U-Per B-Per"])
def test_entities_side_by_side_are_two(tags):
    assert list(runs(tags.split())) == [Run(0, 1, "Per"), Run(1, 2, "Per")]


@pytest.mark.parametrize(
    ("tags", "word", "found"),
    [
        ("O I-Per", 1, "I-Per continues no entity of its type"),
        ("B-Loc I-Per", 1, "I-Per continues no entity of its type"),
        ("U-Per I-Per", 1, "I-Per continues no entity of its type"),
        ("B-Per L-Per L-Per", 2, "L-Per continues no entity of its type"),
        ("Per", 0, "'Per' is no tag"),
        ("B-", 0, "'B-' is no tag"),
        ("X-Per", 0, "'X-Per' is no tag"),
        ("b-Per", 0, "'b-Per' is no tag"),
    ],
)
def test_a_tag_that_marks_nothing_is_a_problem_of_its_word(tags, word, found):
    (bad,) = [run for run in runs(tags.split()) if isinstance(run, BadTag)]
    assert (bad.word, bad.problem.found, bad.problem.kind) == (word, found, "tag-impossible")


def test_entities_that_share_a_word_have_no_tags():
    with pytest.raises(ValueError, match="shares a word"):
        bio(3, [Run(0, 2, "Per"), Run(1, 3, "Loc")])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["Per", "Lo-c", None]))))
def test_runs_read_what_bio_writes(pieces):
    entities, end = [], 0
    for gap, length, type_ in pieces:
        entities.append(Run(end + gap, end + gap + length, type_))
        end += gap + length
    assert list(runs(bio(end + 1, entities))) == entities
