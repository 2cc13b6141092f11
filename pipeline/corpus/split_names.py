"""The split that the name of a file or folder tells."""

from __future__ import annotations

import re

WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development"),
    "test": ("test", "testing"),
}
SPLIT_OF = {word: split for split, words in WORDS.items() for word in words}
BEGINNINGS = {"train": "train", "valid": "validation", "dev": "validation", "test": "test"}
LETTERS = re.compile(r"[^\W\d_]+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # trainSet, XMLTrain


def splits_in(name: str) -> frozenset[str]:
    """The splits whose words stand in a name.

    >>> sorted(splits_in("conll04_train.json")), sorted(splits_in("TrainDev-2.txt")), sorted(splits_in("latest.json"))
    (['train'], ['train', 'validation'], [])
    """
    words = (word.lower() for run in LETTERS.findall(name) for word in CAMEL.split(run))
    return frozenset(SPLIT_OF[word] for word in words if word in SPLIT_OF)


def split_of_beginning(name: str) -> str | None:
    """The split that a name begins with, whatever follows.

    >>> split_of_beginning("TRAINSET.txt"), split_of_beginning("device.txt"), split_of_beginning("notes.txt")
    ('train', 'validation', None)
    """
    return next((split for beginning, split in BEGINNINGS.items() if name.lower().startswith(beginning)), None)
