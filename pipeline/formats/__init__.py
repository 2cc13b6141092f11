"""Readers of annotation formats, all with one signature: path in, annotations and problems out."""
