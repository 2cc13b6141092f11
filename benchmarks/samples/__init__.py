"""Real corpora through every format: they lie outside the project, so this is no test of pytest's."""
