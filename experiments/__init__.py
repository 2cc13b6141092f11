"""Experiments: DVC pipelines beside the main one, which answer a question about the model or the annotations.

claim and options train variants of the model (variants, train_variant), doubtful and crossvalidate a network a fold (dealt_out,
held_out), annotation on labels made wrong and on more and more rows; what each says of the test rows is kept (runs) and compared
(comparison). A folder an experiment holds its pipeline and its page.
"""
