import re
import textwrap

import pytest

from pipeline.corpus.document import Document
from pipeline.corpus.formats import doccano, dygie, fewrel, opennre, spert, tacred

MODULES = (doccano, dygie, fewrel, opennre, spert, tacred)
TOKENS = {dygie: 1, fewrel: 1, opennre: 2, spert: 1, tacred: 1}  # documents of the example of each


@pytest.fixture
def example(tmp_path):
    def example(module):
        path = tmp_path / "example"
        block = re.search(r"\n\n((?:    .*\n)+)", module.__doc__)
        path.write_text(textwrap.dedent(block[1]), encoding="utf-8")
        return path

    return example


@pytest.mark.parametrize("module", TOKENS)
def test_the_example_of_a_format_is_read_without_problems(example, module):
    documents = list(module.read(example(module)))
    assert [type(document) for document in documents] == [Document] * TOKENS[module]


@pytest.mark.parametrize("module", TOKENS)
def test_the_example_of_a_format_is_recognised_by_it_alone(example, module):
    path = example(module)
    assert [other for other in MODULES if other.recognises(path)] == [module]


@pytest.mark.parametrize("module", TOKENS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_mark_is_skipped_and_another_encoding_is_one_problem(example, module, encoding):
    path = example(module)
    text = path.read_text(encoding="utf-8").replace("Ada", "Adé").replace("ada", "adé")
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    readings = list(module.read(path))
    if encoding == "utf-8-sig":
        assert all(isinstance(document, Document) for document in readings)
    else:
        assert [reading.kind for reading in readings if not isinstance(reading, Document)] == ["file-not-utf8"]
