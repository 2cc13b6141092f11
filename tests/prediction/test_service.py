"""The HTTP interface before a predictor, without a network."""

import asyncio
import re
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipeline.core.errors import InputError, Problem
from pipeline.prediction.answers import answers, as_json
from pipeline.prediction.readers import Request
from pipeline.prediction.service import Limits, create_app
from pipeline.prediction.types import Prediction, Sentence
from tests.support.stand_in import StandIn

TEXTS = ["here Ann met Bob", "<e1>Ann</e1> uses <e2>Bob</e2>", "<e1>open", "please refuse"]


def client(limits: Limits = Limits(), predictor: Any = None) -> TestClient:  # noqa: B008
    return TestClient(create_app(predictor or StandIn(), limits))


def test_texts_get_the_answers_of_the_command_line_in_order() -> None:
    said = client().post("/predict", json={"texts": TEXTS})
    asked = [Request.of(number, None, text) for number, text in enumerate(TEXTS, 1)]
    expected = [as_json(*each) for each in answers(StandIn(), asked)]  # type: ignore[arg-type]
    assert said.status_code == 200
    assert said.json() == {"model": "stand-in-1", "answers": expected}
    assert [answer.get("error") for answer in expected[:2]] == [None, None]
    assert all(answer["error"] for answer in expected[2:])


@pytest.mark.parametrize("body", [{}, {"texts": []}, {"texts": "Ann"}, []])
def test_what_is_no_list_of_texts_is_refused(body: Any) -> None:
    assert client().post("/predict", json=body).status_code == 422


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r'"\ud800"', "half of a pair"),
        ('""', "the text is blank"),
        ("NaN", "a JSON number"),
        ("null", "a JSON null"),
        ("true", "a JSON boolean"),
        ("[1e999]", "a JSON array"),
        ("{}", "a JSON object"),
    ],
)
def test_a_faulty_text_has_its_error_in_its_place_and_the_others_are_answered(text: str, found: str) -> None:
    body = f'{{"texts": ["here Ann", {text}, "here Bob"]}}'
    said = client().post("/predict", content=body, headers={"content-type": "application/json"})
    assert said.status_code == 200
    first, faulty, last = said.json()["answers"]
    assert (first["text"], last["text"]) == ("here Ann", "here Bob")
    assert found in faulty["error"]
    assert faulty["hint"]


@pytest.mark.parametrize("body", [r'{"texts": "\ud800"}', '{"texts": NaN}', "NaN", "{", r'{"\ud800": 1}'])
def test_a_request_of_another_form_is_refused_without_its_input(body: str) -> None:
    said = client().post("/predict", content=body, headers={"content-type": "application/json"})
    assert (said.status_code, sorted(said.json())) == (422, ["error", "hint"])
    assert said.json()["error"].startswith("body")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"texts": ["café"]}'.encode("latin-1"), "not UTF-8 at byte 15"),
        (b"[" * 100_000, "not JSON"),
        (b'{"texts": [' + b"1" * 6_000 + b"]}", "a number has thousands of digits"),
        (b'{"texts": ["a"], "texts": ["b", "c"]}', "the key 'texts' 2 times"),
        (b'{"tasks": [{"data": {"text": "a", "text": "b"}}]}', "the key 'text' 2 times"),
        (b"NaN", "no object"),
        (b"[]", "no object"),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/label-studio/predict"])
def test_a_body_that_cannot_be_read_whole_is_refused(path: str, body: bytes, found: str) -> None:
    said = client().post(path, content=body, headers={"content-type": "application/json"})
    assert (said.status_code, sorted(said.json())) == (422, ["error", "hint"])
    assert found in said.json()["error"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_said_to_be_json_is_told_to_be_said_so(content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    said = client().post("/predict", content=b'{"texts": ["Ann"]}', headers=headers)
    assert (said.status_code, said.json()["hint"]) == (415, "send it with content-type: application/json")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"[" * 100_000, "body: not JSON that can be read: brackets nest a thousand deep"),
        (b'{"texts": [' + b"1" * 6_000 + b"]}", "body: a number has thousands of digits"),
        (b"null", "body: null is no object"),
    ],
)
def test_what_is_wrong_with_a_body_is_told_in_the_words_of_json(body: bytes, found: str) -> None:
    said = client().post("/predict", content=body, headers={"content-type": "application/json"})
    assert said.json()["error"] == found


@pytest.mark.parametrize(("path", "status"), [("/predict", 405), ("/nothing", 404), ("/label-studio/nothing", 404)])
def test_what_no_route_takes_is_refused_as_everything_is(path: str, status: int) -> None:
    said = client().get(path)
    assert (said.status_code, sorted(said.json())) == (status, ["error", "hint"])
    assert said.headers.get("allow") == ("POST" if status == 405 else None)


def test_a_request_whose_fault_is_at_half_of_a_character_is_refused() -> None:
    body = r'{"tasks": [{"data": {"\ud800": 1}}]}'
    said = client().post("/label-studio/predict", content=body, headers={"content-type": "application/json"})
    assert said.status_code == 422


def test_of_many_faults_of_a_request_some_are_told_and_the_others_counted() -> None:
    said = client().post("/label-studio/predict", json={"tasks": [{}] * 1000})
    assert "; 997 more" in said.json()["error"]
    assert said.json()["error"].count("Field required") == 3


def test_the_interface_says_that_a_text_is_a_string() -> None:
    texts = client().get("/openapi.json").json()["components"]["schemas"]["Texts"]["properties"]["texts"]
    assert texts["items"] == {"type": "string"}


def test_the_interface_has_the_form_of_refusals() -> None:
    interface = client().get("/openapi.json").json()
    told = interface["paths"]["/predict"]["post"]["responses"]["422"]["content"]["application/json"]["schema"]
    assert told == {"$ref": "#/components/schemas/Refusal"}


def test_a_request_that_ends_in_an_unforeseen_error_is_counted() -> None:
    class Unforeseen(StandIn):
        def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
            raise ZeroDivisionError

    service = TestClient(create_app(Unforeseen(), Limits()), raise_server_exceptions=False)  # type: ignore[arg-type]
    said = service.post("/predict", json={"texts": ["Ann"]})
    assert (said.status_code, sorted(said.json())) == (500, ["error", "hint"])
    assert 'requests_total{status="500"} 1.0' in service.get("/metrics").text.splitlines()


def test_a_request_that_is_too_large_is_refused_unread() -> None:
    said = client(Limits(body_bytes=100)).post("/predict", json={"texts": ["Ann " * 100]})
    assert (said.status_code, said.json()["hint"]) == (413, "send fewer texts at once")


def test_a_request_that_hides_its_length_is_refused() -> None:
    said = client().post("/predict", content=(part for part in [b'{"texts": ', b'["Ann"]}']))
    assert said.status_code == 411


class Held(StandIn):
    """A predictor that answers when it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        self.asked.set()
        self.go.wait()
        return super().predict(sentences)


def test_a_text_that_comes_while_too_many_wait_is_told_to_come_again() -> None:
    held = Held()
    with client(Limits(texts=1), held) as service:
        first = threading.Thread(target=service.post, args=["/predict"], kwargs={"json": {"texts": ["Ann"]}})
        first.start()
        held.asked.wait()
        said = service.post("/predict", json={"texts": ["Bob"]})
        held.go.set()
        first.join()
    assert (said.status_code, said.headers["retry-after"]) == (503, "1")


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    held = Held()
    with client(Limits(seconds=0.05), held) as service:
        said = service.post("/predict", json={"texts": ["Ann"]})
        held.go.set()
    assert said.status_code == 504


class Endless(StandIn):
    """A predictor that answers the text "endless" until nobody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.left = threading.Event(), threading.Event()

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        if sentences and sentences[0].text == "endless":
            self.asked.set()
            try:
                while True:
                    self.before_batch()
                    time.sleep(0.001)
            finally:
                self.left.set()
        return super().predict(sentences)


def test_what_nobody_waits_for_is_not_answered_to_its_end() -> None:
    endless = Endless()
    with client(Limits(seconds=0.05), endless) as service:
        assert service.post("/predict", json={"texts": ["endless"]}).status_code == 504
        assert endless.left.wait(10)
        assert service.post("/predict", json={"texts": ["Ann"]}).status_code == 200


async def told(app: Any, path: str, body: bytes, leaves: threading.Event | None = None, *, is_whole: bool = True) -> list[int]:
    """The statuses that a client gets which sends a body, whole or a part of it, and leaves when it is told to."""
    left = [body]
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": not is_whole}
        if leaves is None:
            return await asyncio.Future()
        await asyncio.to_thread(leaves.wait, 10)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "http_version": "1.1"}
    await asyncio.wait_for(app(scope, receive, send), 20)
    return statuses


@pytest.mark.parametrize(
    ("path", "body"),
    [("/predict", b'{"texts": ["endless"]}'), ("/label-studio/predict", b'{"tasks": [{"data": {"text": "endless"}}]}')],
)
def test_what_a_client_that_has_left_asked_for_is_not_answered_to_its_end(path: str, body: bytes) -> None:
    endless = Endless()
    app = create_app(endless, Limits(seconds=10))  # type: ignore[arg-type]
    began = time.monotonic()
    assert asyncio.run(told(app, path, body, endless.asked)) == [499]
    assert endless.left.is_set()
    assert time.monotonic() - began < 5


def test_a_request_that_does_not_come_whole_in_time_is_refused() -> None:
    app = create_app(StandIn(), Limits(seconds=0.05))  # type: ignore[arg-type]
    assert asyncio.run(told(app, "/predict", b'{"texts": [', is_whole=False)) == [408]


def test_a_client_that_leaves_before_its_request_is_whole_is_counted_as_such() -> None:
    app = create_app(StandIn(), Limits())  # type: ignore[arg-type]
    gone = threading.Event()
    gone.set()
    asyncio.run(told(app, "/predict", b'{"texts": [', gone, is_whole=False))
    assert 'requests_total{status="499"} 1.0' in TestClient(app).get("/metrics").text.splitlines()


class Broken(StandIn):
    """A predictor whose model gives no numbers."""

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        raise InputError.of("model", "the model gives values that are infinite", "train again")


def test_a_fault_of_the_model_is_told_without_a_traceback() -> None:
    said = client(predictor=Broken()).post("/predict", json={"texts": ["Ann"]})
    assert (said.status_code, said.json()) == (500, {"error": "the model gives values that are infinite", "hint": "train again"})


def test_requests_and_texts_are_counted() -> None:
    service = client()
    service.post("/predict", json={"texts": ["Ann", "Bob"]})
    service.post("/predict", json={})
    said = service.get("/metrics").text
    for line in ('requests_total{status="200"} 1.0', 'requests_total{status="422"} 1.0', "texts_total 2.0", "texts_held 0.0"):
        assert line in said.splitlines()


def test_health_names_the_model() -> None:
    assert client().get("/health").json() == {"status": "UP", "model": "stand-in-1"}


def test_the_page_of_the_interface_loads_nothing_from_elsewhere() -> None:
    service = client()
    page = service.get("/docs").text
    loaded = re.findall(r"""(?:src|href)="([^"]*)\"""", page)
    assert loaded
    assert all(service.get(address).status_code == 200 for address in loaded)
    assert "/predict" in service.get("/openapi.json").json()["paths"]


def test_label_studio_gets_regions_and_relations_a_task() -> None:
    said = client().post("/label-studio/predict", json={"tasks": [{"id": 5, "data": {"text": text}} for text in TEXTS]})
    model, results = said.json()["model_version"], said.json()["results"]
    assert model == "stand-in-1"
    assert [sorted({row["type"] for row in each["result"]}) for each in results] == [["labels", "relation"], [], [], []]
    assert results[0]["result"][0]["value"]["start"] == 5


@pytest.mark.parametrize("text", ["\ufeffhere Ann met Bob", "<e1> Ann </e1> met <e2> Bob </e2>", "<e1> Ann met Bob"])
def test_label_studio_gets_offsets_in_the_text_of_the_task_as_it_is(text: str) -> None:
    said = client().post("/label-studio/predict", json={"tasks": [{"data": {"text": text}}]})
    values = [row["value"] for row in said.json()["results"][0]["result"] if row["type"] == "labels"]
    assert [text[value["start"] : value["end"]] for value in values] == ["Ann", "Bob"]


def test_a_task_that_no_unicode_holds_gets_nothing_and_the_others_are_answered() -> None:
    body = r'{"tasks": [{"data": {"text": "Ann \ud800"}}, {"data": {"text": " "}}, {"data": {"text": "Ann met Bob"}}]}'
    said = client().post("/label-studio/predict", content=body, headers={"content-type": "application/json"})
    assert [len(each["result"]) for each in said.json()["results"]] == [0, 0, 4]


def test_tasks_without_any_text_are_refused() -> None:
    said = client().post("/label-studio/predict", json={"tasks": [{"data": {"image": "x.png"}}]})
    assert (said.status_code, said.json()["error"]) == (422, "no task has 'text' in its data")


def test_tasks_of_which_no_text_is_unicode_have_their_errors() -> None:
    body = r'{"tasks": [{"data": {"text": "Ann \ud800"}}]}'
    said = client().post("/label-studio/predict", content=body, headers={"content-type": "application/json"})
    [result] = said.json()["results"]
    assert (said.status_code, result["result"]) == (200, [])
    assert "half of a pair" in result["error"]


def test_a_task_without_a_text_has_its_error_in_its_place_and_the_others_are_answered() -> None:
    data: list[dict[str, Any]] = [{"text": "here Ann met Bob"}, {"text": None}, {"image": "x.png"}, {"text": " "}]
    said = client().post("/label-studio/predict", json={"tasks": [{"data": each} for each in data]})
    results = said.json()["results"]
    assert [len(each["result"]) for each in results] == [4, 0, 0, 0]
    assert [each.get("line") for each in results] == [None, 2, 3, None]
    assert all(each["error"] and each["hint"] for each in results[1:3])


def test_label_studio_is_told_which_model_answers() -> None:
    assert client().post("/label-studio/setup", json={"project": "1"}).json() == {"model_version": "stand-in-1"}
    assert client().get("/label-studio/health").json()["status"] == "UP"


@pytest.mark.parametrize("path", ["/health", "/label-studio/health"])
def test_health_answers_a_head_without_a_body(path: str) -> None:
    said = client().head(path)
    assert (said.status_code, said.content) == (200, b"")


def test_options_need_no_length() -> None:
    assert client().options("/predict").status_code == 405


def test_a_request_in_chunks_is_refused_whatever_length_it_states() -> None:
    said = client().post("/predict", json={"texts": ["Ann"]}, headers={"transfer-encoding": "chunked"})
    assert said.status_code == 411
