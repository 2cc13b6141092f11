"""A review on a Label Studio server, which a transport stands in for here; tests/tools has the real one."""

from __future__ import annotations

import json

import httpx
import pyarrow as pa
import pytest

from pipeline.annotation.label_studio import TOKEN, LabelNames, labelling_config, names_of_corpus, pull, push, token_of_environment
from pipeline.core.errors import InputError

REGION = {"id": "e1", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["New"]}}
TASK = {"id": 7, "data": {"text": "Ann left.", "review_why": "doubtful"}, "predictions": [{"result": [REGION]}]}
NAMES = LabelNames(["Person"], ["Uses"])


class Server(httpx.MockTransport):
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self, **answers):
        self.asked, self.answers = [], answers
        super().__init__(self.answer)

    def answer(self, request):
        name = request.url.path.strip("/").split("/")[-1]
        self.asked.append((request.method, str(request.url), request.headers.get("Authorization", "")))
        self.body = json.loads(request.content) if request.content else None
        status, body = self.answers.get(name, (200, {"id": 3}))
        return httpx.Response(status, json=body)


def test_a_project_is_made_and_filled():
    server = Server()
    assert push([TASK], "review", NAMES, "http://a:8080/", "secret", server) == "http://a:8080/projects/3"
    assert [asked[:2] for asked in server.asked] == [
        ("POST", "http://a:8080/api/projects/"),
        ("POST", "http://a:8080/api/projects/3/import"),
    ]
    assert {asked[2] for asked in server.asked} == {"Token secret"}
    assert server.body == [{"data": TASK["data"], "predictions": TASK["predictions"]}]


def test_a_project_that_cannot_be_filled_goes_again():
    server = Server(**{"import": (400, {"detail": "no\x1b[2J text"})})
    with pytest.raises(InputError, match=r"http://a:8080/api/projects/3/import: the server refuses \(400\): .*no"):
        push([TASK], "review", NAMES, "http://a:8080", "secret", server)
    assert server.asked[-1][:2] == ("DELETE", "http://a:8080/api/projects/3/")


def test_a_personal_token_is_exchanged_for_one_that_lasts_minutes():
    server = Server(refresh=(200, {"access": "short"}))
    push([TASK], "review", NAMES, "http://a:8080", "head.load.sign", server)
    assert [asked[2] for asked in server.asked] == ["", "Bearer short", "Bearer short"]


def test_a_refused_token_is_told_with_its_variable_and_never_shown():
    with pytest.raises(InputError) as error:
        pull("http://a:8080/projects/3", "secret", Server(export=(401, {"detail": "Invalid token"})))
    assert f"set {TOKEN} to a token of this server" in str(error.value)
    assert "secret" not in str(error.value)


def test_no_redirect_takes_the_token_elsewhere():
    with pytest.raises(InputError, match=r"the server refuses \(302\)"):
        pull("http://a:8080/projects/3", "secret", Server(export=(302, {})))


def test_a_project_is_named_by_the_address_that_the_browser_has():
    server = Server(export=(200, [TASK]))
    assert pull("http://a/studio/projects/12/data?tab=3", "secret", server) == [TASK]
    assert server.asked[0][1] == "http://a/studio/api/projects/12/export?exportType=JSON&download_all_tasks=true"
    with pytest.raises(InputError, match="no address of a project"):
        pull("http://a/studio", "secret", server)


def test_a_server_that_is_not_there_is_an_error_of_its_address():
    def refuse(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(InputError, match=r"does not answer as Label Studio does: ConnectError"):
        pull("http://a:8080/projects/3", "secret", httpx.MockTransport(refuse))


def test_the_names_of_the_interface_are_those_of_the_corpus_without_directions_and_of_the_tasks():
    entities = pa.array([[{"type": "City"}], None], pa.list_(pa.struct([("type", pa.string())])))
    table = pa.table(
        {"relation": ["Uses(e2,e1)", None], "e1_type": ["Person", None], "e2_type": [None, None], "entities": entities}
    )
    assert names_of_corpus([table, table.select(["entities"])]) == LabelNames(["City", "Person"], ["Uses"])
    server = Server()
    server.answers["projects"] = (500, {})
    with pytest.raises(InputError):
        push([TASK], "review", NAMES, "http://a", "secret", server)
    assert server.body["label_config"] == labelling_config(LabelNames(["New", "Person"], ["Uses"]), ["review_why"])


def test_names_are_escaped_in_the_interface():
    assert '<Relation value="a&lt;b&gt;&amp;"/>' in labelling_config(LabelNames((), ["a<b>&"]))
    assert '<Label value="Entity"/>' in labelling_config(LabelNames((), ()))


def test_a_missing_token_is_an_error(monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(InputError, match="the environment has no token"):
        token_of_environment()
