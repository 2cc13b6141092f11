"""A model's life on disk."""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.model.manifest import WEIGHTS
from pipeline.model.network import members_of
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.project import ROOT


def test_a_new_process_predicts_the_same_without_the_training_code(tmp_path):
    model = RelationModel(tiny.config(sharing="soft", layer_mix="normalised"))
    model.save(tmp_path)
    expected = predict(model, tiny.examples())
    np.savez(tmp_path / "expected.npz", probabilities=expected.probabilities, tag_ids=np.concatenate(expected.tag_ids))
    code = """if True:
        import sys, pathlib, numpy as np
        from pipeline.model.predictions import predict
        from pipeline.model.relation_model import RelationModel
        from tests.support import tiny
        folder, config = pathlib.Path(sys.argv[1]), tiny.config(sharing="soft", layer_mix="normalised")
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


def test_the_members_of_a_model_are_averaged(tmp_path):
    config = tiny.config(members=3)
    RelationModel(config).save(tmp_path)
    together, batch = RelationModel.load(config, tmp_path), tiny.examples().inputs(np.arange(4))
    alone = []
    for network, one in zip(members_of(together.network), config.members, strict=True):
        model = RelationModel(one)
        model.network.set_weights(network.get_weights())
        alone.append((model.forward(batch), model.transitions))
    for task, said in together.forward(batch).items():
        np.testing.assert_allclose(said, np.mean([outputs[task] for outputs, _ in alone], axis=0), atol=1e-6)
    np.testing.assert_allclose(together.transitions, np.mean([transitions for _, transitions in alone], axis=0), atol=1e-6)
    assert np.abs(alone[0][0]["relation"] - alone[1][0]["relation"]).max() > 1e-3
