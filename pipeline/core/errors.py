"""Errors for the person who made the mistake: the place, what was found there, what to do.

A stage collects every problem of its input and raises them as one `InputError`; `stage.run` prints it, lists its problems in a file
and exits with 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

SINGLE = 10  # problems that are told one by one; more are grouped by kind
SHOWN = 3  # problems of a kind that are told then, and names of a list
FOUND_CHARACTERS, HINT_CHARACTERS = 200, 400  # that are told; the list of problems has them whole

# The sorts of mistakes in annotations, by the word that people know each by. A word once released stays.
FILE_KINDS = {
    "folder-missing": "the folder of annotations is not there",
    "folder-unreadable": "a folder may not be read",
    "split-missing": "no file gives the rows of train or of test",
    "file-unexpected": "the name of a file does not tell its split, or it is a link that leads nowhere",
    "split-ambiguous": "the name of a file tells two splits, or the patterns of two splits match it",
    "pattern-unmatched": "a pattern of parse.splits matches no file",
    "file-name": "the name of a file is not in UTF-8",
    "file-not-utf8": "a whole file is not in UTF-8",
    "file-not-json": "a file, or the rest of it, is not JSON of the form that its format has",
    "file-cut-short": "the rest of a file cannot be read, for something in it never ends",
    "format-unknown": "a file is of no format that can be read",
    "format-ambiguous": "a file is of several formats",
    "format-unexpected": "a file is of another format than the one asked for",
    "file-empty": "a file has no annotation",
    "exclude-unknown": "the list of what is left out has an id or a kind that no row has",
    "name-unknown": "parse.rename or parse.symmetric has a name that nothing in the corpus has",
}
ROW_KINDS = {  # the rows that have one can be left out by it
    "not-utf8": "a document's file, or a sentence to predict, is not in UTF-8",
    "file-alone": "one of two files that belong together is not there",
    "line-unexpected": "a line belongs to no annotation",
    "line-malformed": "a line of annotation lacks a part, or has it in a form of its own",
    "json-malformed": "a line is not JSON, or no object",
    "key-repeated": "an object has a key twice",
    "key-unknown": "an object has a key that the format does not have",
    "key-missing": "an object lacks a key",
    "value-malformed": "a text, a relation or a type is not a string, is blank, or is no Unicode",
    "text-too-long": "a text has more characters than a row may have",
    "columns-unexpected": "a row of a table has more or fewer columns than its format, or a column of another kind",
    "words-missing": "a document has no words",
    "tag-impossible": "a tag is none of its scheme, or continues no entity",
    "id-missing": "an annotation has no id where the format needs one",
    "id-malformed": "an id is neither a string nor a whole number, or is blank",
    "id-repeated": "an id is that of another row",
    "quote-missing": "a sentence is not in double quotes; the line may be cut short",
    "marker-missing": "an entity has one of its two markers",
    "marker-repeated": "a marker occurs more than once",
    "markers-swapped": "an entity closes before it opens",
    "span-malformed": "the offsets of an entity are not two whole numbers",
    "span-impossible": "the offsets of an entity are no stretch of the text",
    "fragments-overlap": "the fragments of one entity share characters",
    "entity-text-differs": "the text that an annotation quotes is not what stands at its offsets",
    "entity-repeated": "two entities of a document have one id, or one entity is given twice",
    "entity-unknown": "a relation names an entity that the document does not have",
    "entity-ambiguous": "an entity may be more than one place of the text",
    "entity-unmarked": "an entity has no markers",
    "entity-empty": "an entity holds no word",
    "entities-identical": "both entities are the same characters",
    "entities-overlap": "the entities share a word, or one holds the other, which markers and tags do not express",
    "entities-unordered": "e2 stands before e1 where the format has them in reading order",
    "entity-absent": "an entity that is given by its text alone is not in the sentence",
    "entity-fragmented": "an entity has several fragments, where one stretch is wanted",
    "types-several": "an entity has more than one type",
    "relations-missing": "a file is an export that leaves relations out",
    "relation-missing": "a sentence has no relation",
    "relation-malformed": "a relation is neither a name nor a name with a direction",
    "type-malformed": "a type is no name",
    "relation-unknown": "train has no row of a relation",
    "relations-several": "a pair of entities has several relations",
    "direction-unknown": "the direction of a relation is none that the format has",
    "direction-missing": "a relation has no direction, and other rows of it have one",
    "direction-unexpected": "the relation that stands for none has a direction",
}
LATER_KINDS = {  # they depend on what stages behind parse are asked to do, or are of sentences to predict
    "entities-given-twice": "the entities are given by markers and by offsets",
    "entities-far-apart": "the entities are further apart than the window of words is wide",
    "type-missing": "an entity has no type, and the tags need one",
    "format-narrow": "the format that annotations are converted to cannot hold them whole",
}
FINDING_KINDS = {  # what checks of annotations find (pipeline/corpus/findings.py), most of it warnings unless parse.strict is set
    "entity-invisible": "an entity is made of characters that show nothing",
    "entity-inside-word": "an entity begins or ends inside a word",
    "labels-contradict": "a pair of entities has different labels",
    "rows-repeated": "a split has a row more than once",
    "rows-shared": "two splits have the same row",
    "labels-alike": "labels differ only by case, blanks, Unicode form or invisible characters",
    "types-alike": "types differ only by case, blanks, Unicode form or invisible characters",
    "negative-unnamed": "a label looks like the one that stands for no relation, and parse.negative_label names another",
    "label-alone": "train has one label only",
    "label-rare": "train has few rows of a label",
    "label-absent": "a split has no row of a label",
    "types-unusual": "a relation joins entities of two types once only",
    "types-differ": "an entity has another type than the same string has elsewhere",
    "text-escaped": "a text has HTML entities",
    "words-unknown": "the encoder does not know many of the words",
}
REVIEW_KINDS = {  # of items that come home from an annotation tool
    "item-unknown": "an export has an item that was not sent",
    "item-repeated": "an export has an item twice",
    "item-edited": "the text of an item was changed in the tool",
    "item-stale": "an item is no longer in data/raw as it was sent",
}
KINDS = FILE_KINDS | ROW_KINDS | LATER_KINDS | FINDING_KINDS | REVIEW_KINDS


@dataclass(frozen=True)
class Problem:
    """One mistake in the input.

    Args: found: what is wrong; hint: what to do; kind: a word of KINDS, empty where the mistake is in no annotation;
        source: file:line, empty while unknown; row: file:line of the row that the problem belongs to, which may begin above;
        row_id: None where it cannot be read, or there is no row.

    >>> problem = Problem("<e2> opens at character 31 and never closes", "add </e2>", "marker-missing")
    >>> print(problem.at("data/raw/train.txt:412"))
    data/raw/train.txt:412: <e2> opens at character 31 and never closes
      hint: add </e2>
    """

    found: str
    hint: str
    kind: str = ""
    source: str = ""
    row: str = ""
    row_id: str | None = None

    def __str__(self) -> str:
        return f"{self.source}: {_cut(self.found, FOUND_CHARACTERS)}\n  hint: {_cut(self.hint, HINT_CHARACTERS)}"

    def at(self, source: str, row: str = "", row_id: str | None = None) -> Problem:
        """The problem placed at a line, which is where its row begins unless `row` says otherwise."""
        return replace(self, source=source, row=row or source, row_id=row_id)

    def or_exclude(self) -> Problem:
        """The problem with one more hint, to leave its row out, where the row has an id."""
        if self.row_id is None:
            return self
        quoted = f'"{self.row_id}"'  # YAML would read an id of digits as a number
        return replace(self, hint=f"{self.hint}, or list id {quoted} under parse.exclude in params.yaml")

    def as_row(self) -> dict[str, Any]:
        """The problem as a row of a JSON-lines file; what is not known is null.

        >>> Problem("e1 is empty", "put a word there", "entity-empty").at("train.txt:3", row_id="7").as_row()["line"]
        3
        """
        return {**placed(self.source), "id": self.row_id, "kind": self.kind or None, "found": self.found, "hint": self.hint}


def placed(source: str) -> dict[str, Any]:
    """A source, file:line or a file alone, as the first columns of a row.

    >>> placed("train.txt:3"), placed("params.yaml")
    ({'file': 'train.txt', 'line': 3}, {'file': 'params.yaml', 'line': None})
    """
    path, _, line = source.rpartition(":")
    return {"file": path, "line": int(line)} if path and line.isdecimal() else {"file": source, "line": None}


def _cut(text: str, n_characters: int) -> str:
    return text if len(text) <= n_characters else f"{text[: n_characters - 1]}\N{HORIZONTAL ELLIPSIS}"


class InputError(Exception):
    """The input cannot be used; carries all its problems. It tells each of them, or the first of each kind where they are many."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems) if len(self.problems) <= SINGLE else _grouped(self.problems)))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """How the error comes home from another process, with its problems."""
        return type(self), (self.problems,)

    @classmethod
    def of(cls, source: object, found: str, hint: str, kind: str = "") -> InputError:
        """An error of one problem."""
        return cls([Problem(found, hint, kind, str(source))])


def for_all(make: Callable[[Given], Made], each: Iterable[Given], known: Iterable[Problem] = ()) -> list[Made]:
    """What is made of each of many, in order.

    Args: known: what is known to be wrong already.
    Raises: InputError with the problems of all of them, not of the first alone.
    """
    made: list[Made] = []
    problems = list(known)
    for one in each:
        try:
            made.append(make(one))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return made


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def sift(items: Iterable[Made | Problem]) -> tuple[list[Made], list[Problem]]:
    """What was made of each of many, and the problems of those of which nothing could be made, both in order."""
    made: list[Made] = []
    problems: list[Problem] = []
    for item in items:
        if isinstance(item, Problem):
            problems.append(item)
        else:
            made.append(item)
    return made, problems


def _grouped(problems: Sequence[Problem]) -> Iterable[str]:
    """Lines that tell problems by kind: the kind of most problems first, of as many the one that comes first."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    for kind, of_kind in sorted(kinds.items(), key=lambda item: -len(item[1])):
        yield f"{kind or 'other'}, {len(of_kind):,} of {len(problems):,} problems{f': {KINDS[kind]}' if kind in KINDS else ''}"
        yield from map(str, of_kind[:SHOWN])
        if len(of_kind) > SHOWN:
            yield f"... and {len(of_kind) - SHOWN:,} more"
