"""Cross-validation: scores of all labelled rows, for corpora that are too small for a test set."""
