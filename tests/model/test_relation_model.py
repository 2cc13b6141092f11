"""A model's life on disk."""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.model.manifest import WEIGHTS
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.project import ROOT


def test_a_new_process_predicts_the_same_without_the_training_code(tmp_path):
    model = RelationModel(tiny.config(sharing="soft", layer_mix="scalar"))
    model.save(tmp_path)
    expected = predict(model, tiny.examples())
    np.savez(tmp_path / "expected.npz", probabilities=expected.probabilities, tag_ids=np.concatenate(expected.tag_ids))
    code = """if True:
        import sys, pathlib, numpy as np
        from pipeline.model.predictions import predict
        from pipeline.model.relation_model import RelationModel
        from tests.support import tiny
        folder, config = pathlib.Path(sys.argv[1]), tiny.config(sharing="soft", layer_mix="scalar")
        said, expected = predict(RelationModel.load(config, folder), tiny.examples()), np.load(folder / "expected.npz")
        assert (said.probabilities == expected["probabilities"]).all()
        assert (np.concatenate(said.tag_ids) == expected["tag_ids"]).all()
        assert "pipeline.train" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)


def test_weights_that_do_not_fit_the_config_are_an_error(tmp_path):
    RelationModel(tiny.config()).save(tmp_path)
    with pytest.raises(InputError, match="do not fit"):
        RelationModel.load(tiny.config(lstm_units=5), tmp_path)


def test_truncated_weights_are_an_error(tmp_path):
    RelationModel(tiny.config()).save(tmp_path)
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        RelationModel.load(tiny.config(), tmp_path)


def test_a_missing_model_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        RelationModel.load(tiny.config(), tmp_path)
