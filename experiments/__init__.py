"""Experiments: DVC pipelines beside the main one, which answer a question about the model.

Both train variants of the model (variants, train_variant), keep what each says of the test rows (runs) and compare them
(comparison); a folder an experiment holds its pipeline and its page.
"""
