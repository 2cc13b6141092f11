"""TensorFlow's one import, each time in a process of its own."""

import os
import subprocess
import sys

from tests.support.project import ROOT


def run(code):
    """What a fresh process says, all its output streams together."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_it_is_quiet_and_so_is_the_crf_though_tensorflow_addons_imports_tensorflow_too():
    assert run("import pipeline.model.crf; from pipeline.core.tensorflow import tf; tf.zeros(1)") == ""


def test_keras_works_after_the_models_of_transformers_are_imported():
    assert run("from pipeline.core.tensorflow import tf; import transformers.modeling_tf_utils; tf.keras.layers.Dense(1)") == ""
