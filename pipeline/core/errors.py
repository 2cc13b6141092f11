"""Errors for the person who made the mistake: the place, what was found there, what to do.

A stage collects every problem of its input and raises them as one `InputError`; `stage.run` prints them and exits with 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

SHOWN = 50

# The sorts of mistakes in annotations, by the word that people know each by. A word once released stays.
KINDS = {
    "folder-missing": "the folder of annotations is not there",
    "split-missing": "no file gives the rows of train or of test",
    "file-unexpected": "the name of a file does not tell its split",
    "format-unknown": "a file is of no format that can be read",
    "format-ambiguous": "a file is of several formats",
    "format-unexpected": "a file is of another format than the one asked for",
    "file-empty": "a file has no annotation",
    "not-utf8": "a line, or the whole file, is not in UTF-8",
    "file-alone": "one of two files that belong together is not there",
    "line-unexpected": "a line belongs to no annotation",
    "line-malformed": "a line of annotation lacks a part, or has it in a form of its own",
    "json-malformed": "a line is not JSON, or no object",
    "key-repeated": "an object has a key twice",
    "key-unknown": "an object has a key that the format does not have",
    "key-missing": "an object lacks a key",
    "value-malformed": "a text, a relation or a type is not a string, is blank, or is no Unicode",
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
    "entities-given-twice": "the entities are given by markers and by offsets",
    "entities-overlap": "the entities share a word, or one holds the other, which markers and tags do not express",
    "entities-unordered": "e2 stands before e1 where the format has them in reading order",
    "entities-far-apart": "the entities are further apart than the window of words is wide",
    "types-several": "an entity has more than one type",
    "type-missing": "an entity has no type, and the tags need one",
    "entity-absent": "an entity that is given by its text alone is not in the sentence",
    "entity-fragmented": "an entity has several fragments, where one stretch is wanted",
    "relation-missing": "a sentence has no relation",
    "relation-malformed": "a relation is neither a name nor a name with a direction",
    "relation-unknown": "train has no row of a relation",
    "relations-several": "a pair of entities has several relations",
    "relations-missing": "a file is an export that leaves relations out",
    "direction-unknown": "the direction of a relation is none that the format has",
    "direction-missing": "a relation has no direction, and other rows of it have one",
    "direction-unexpected": "the relation that stands for none has a direction",
    "exclude-unknown": "the list of excluded ids has one that no row has",
}


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
        return f"{self.source}: {self.found}\n  hint: {self.hint}"

    def at(self, source: str, row: str = "", row_id: str | None = None) -> Problem:
        """The problem placed at a line, which is where its row begins unless `row` says otherwise."""
        return replace(self, source=source, row=row or source, row_id=row_id)

    def or_exclude(self) -> Problem:
        """The problem with one more hint, to leave its row out, where the row has an id."""
        if self.row_id is None:
            return self
        quoted = f'"{self.row_id}"'  # YAML would read an id of digits as a number
        return replace(self, hint=f"{self.hint}, or list id {quoted} under parse.exclude in params.yaml")


class InputError(Exception):
    """The input cannot be used; carries all its problems, and tells the first SHOWN."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - SHOWN
        rest = [f"... and {more:,} more problems"] if more > 0 else []
        super().__init__("\n".join([*map(str, self.problems[:SHOWN]), *rest]))

    @classmethod
    def of(cls, source: object, found: str, hint: str, kind: str = "") -> InputError:
        """An error of one problem."""
        return cls([Problem(found, hint, kind, str(source))])


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known name most like the unknown one.

    >>> nearest("learning_rat", ["epochs", "learning_rate"])
    'did you mean learning_rate?'
    >>> nearest("zzz", ["a", "b"])
    'use one of: a, b'
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"use one of: {', '.join(names)}"
