"""Experiments: DVC pipelines beside the main one, which answer a question about the model."""
