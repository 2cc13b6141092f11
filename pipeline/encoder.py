"""Fetch a pretrained encoder and freeze it for inference: params -> models/encoder.

How it is frozen and proven equal to TensorFlow: pipeline/encoding/freeze.py.

    encoder.xml, .bin   (B, P) int32 piece ids -> (B, P, H) float32, without a mask: every row of a batch has the same length
    tokenizer.json      for the `tokenizers` library
    manifest.json       name, revision, weights' sha256, layers, width, piece limit, special pieces, fingerprint, files' checksums
"""

from __future__ import annotations

import time

from pipeline.core import params
from pipeline.core.stage import Output, run
from pipeline.encoding.freeze import build


def main(encoder: Output) -> str:
    """Fetch the pretrained encoder that params.yaml names and freeze it for inference."""
    began = time.perf_counter()
    params.check()
    settings = params.read(params.Encoder)
    description, cosine = build(settings, encoder)
    layers = ", ".join(map(str, settings.layers))
    seconds = time.perf_counter() - began
    return f"encoder: {settings.name}, layers {layers}, {description.width}-d, cosine to TensorFlow {cosine:.6f}, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
