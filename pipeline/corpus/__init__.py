"""From annotation files to sentences: formats, words, splits, checks."""
