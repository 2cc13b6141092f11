"""A review on a Label Studio server: a project with its tasks, and what its annotators made of them.

The token is that of the user's account page, from the environment variable LABEL_STUDIO_API_KEY: a personal access token, which is
exchanged for one that lasts minutes, or a legacy token. It goes to the server that was named alone: redirects are not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

import httpx
import pyarrow as pa

from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.labels import undirected
from pipeline.core.untrusted import shown
from pipeline.corpus.formats.label_studio_task import REGION, RELATION, results
from pipeline.corpus.mend_entities import TYPE

TOKEN = "LABEL_STUDIO_API_KEY"  # noqa: S105 (the name of a variable)
SECONDS = 120  # of a request: a server makes an export while we wait
BATCH = 200  # tasks of a request
PROJECT = re.compile(r"(https?://[^/\s]+(?:/[^/\s]+)*?)/projects/(\d+)(?:/.*)?")
TITLE_CHARACTERS = 50  # that a server takes
SHOWN_CHARACTERS = 200  # of what a server answers
WHY = "review_why"


class LabelNames(NamedTuple):
    """The types of entities and the relations that annotators choose from."""

    types: Sequence[str]
    relations: Sequence[str]


def token_of_environment() -> str:
    """Raises: InputError where it is not set."""
    if token := os.environ.get(TOKEN, "").strip():
        return token
    raise InputError.of(TOKEN, "the environment has no token of Label Studio", f"export {TOKEN}=... (Account & Settings there)")


def names_of_corpus(tables: Iterable[pa.Table]) -> LabelNames:
    """The names in rows of data/parsed, and in its sentences, without directions."""
    types: set[str] = set()
    relations: set[str] = set()
    for table in tables:
        lists = table["entities"].combine_chunks()
        columns = [table[name] for name in ("e1_type", "e2_type") if name in table.column_names]
        columns += [lists.flatten().field("type")] if len(lists) else []
        types.update(name for column in columns for name in column.unique().to_pylist())
        labels = table["relation"].unique().to_pylist() if "relation" in table.column_names else []
        relations.update(undirected(label) for label in labels if label is not None)
    return LabelNames(sorted(types - {None}), sorted(relations))


def names_of(tasks: Iterable[Row], names: LabelNames) -> LabelNames:
    """Names and those that pre-annotations have beside them, in order."""
    found = [
        result
        for task in tasks
        for one in task.get("predictions") or []
        for result in results(one, REGION) + results(one, RELATION)
    ]
    types = [name for each in found if each["type"] == REGION for name in each["value"]["labels"]]
    relations = [name for each in found if each["type"] == RELATION for name in each["labels"]]
    return LabelNames(sorted({*names.types, *types}), sorted({*names.relations, *relations}))


def labelling_config(names: LabelNames, shows: Collection[str] = ()) -> str:
    """The interface of a project, as Label Studio's XML; entities without type can be marked as TYPE.

    Args: shows: keys of the data that a person sees above the text.

    >>> print(labelling_config(LabelNames(["A & B"], ["works at"])))
    <View>
      <Relations>
        <Relation value="works at"/>
      </Relations>
      <Labels name="label" toName="text">
        <Label value="A &amp; B"/>
      </Labels>
      <Text name="text" value="$text"/>
    </View>
    """
    return "\n".join(
        [
            "<View>",
            *(f'  <Header value="${key}" size="5"/>' for key in shows),
            "  <Relations>",
            *(f"    <Relation value={quoteattr(name)}/>" for name in names.relations),
            "  </Relations>",
            '  <Labels name="label" toName="text">',
            *(f"    <Label value={quoteattr(name)}/>" for name in names.types or (TYPE,)),
            "  </Labels>",
            '  <Text name="text" value="$text"/>',
            "</View>",
        ]
    )


def push(
    tasks: Sequence[Row], title: str, names: LabelNames, url: str, token: str, transport: httpx.BaseTransport | None = None
) -> str:
    """Make a project of tasks, with their pre-annotations; it is not there where they cannot all be.

    Args: tasks: as label_studio_predictions.write writes them; names: of the corpus; transport: for tests.
    Returns: the address of the project.
    Raises: InputError where the server does not do as it is asked.
    """
    base = url.rstrip("/")
    shows = [WHY] if all(WHY in task["data"] for task in tasks) else []
    config = labelling_config(names_of(tasks, names), shows)
    with _Server(base, token, transport) as server:
        project = server.ask(
            "POST", "/api/projects/", json={"title": title[:TITLE_CHARACTERS].ljust(3, "-"), "label_config": config}
        )
        place = f"/api/projects/{int(project['id'])}"
        try:
            for start in range(0, len(tasks), BATCH):
                server.ask("POST", f"{place}/import", json=[_without_id(task) for task in tasks[start : start + BATCH]])
        except BaseException:
            server.ask("DELETE", f"{place}/")
            raise
    return f"{base}/projects/{int(project['id'])}"


def _without_id(task: Row) -> Row:
    """A task for import: the server numbers tasks itself, and keeps the data."""
    return {key: value for key, value in task.items() if key != "id"}


def pull(project: str, token: str, transport: httpx.BaseTransport | None = None) -> list[Any]:
    """The tasks of a project, as its JSON export has them.

    Args: project: its address, .../projects/3; transport: for tests.
    Raises: InputError where it is no address of a project, or the server does not give it.
    """
    match = PROJECT.fullmatch(project.strip())
    if not match:
        raise InputError.of(project, "this is no address of a project", "give it as the browser has it: http://.../projects/3")
    with _Server(match[1], token, transport) as server:
        found = server.ask("GET", f"/api/projects/{match[2]}/export", params={"exportType": "JSON", "download_all_tasks": "true"})
    if not isinstance(found, list):
        raise InputError.of(project, "the server's export is no list of tasks", "export it in the page, as JSON, and name the file")
    return found


class _Server:
    """A server that is asked as a user."""

    def __init__(self, base: str, token: str, transport: httpx.BaseTransport | None) -> None:
        if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*)?", base):
            raise InputError.of(base, "this is no address of a server", "give it as http://host:8080")
        self.base = base
        self._client = httpx.Client(timeout=SECONDS, transport=transport)
        self._headers = {"Authorization": f"Token {token}"}
        if token.count(".") == 2:  # a personal access token: header.payload.signature
            self._headers = {}
            access = self.ask("POST", "/api/token/refresh", json={"refresh": token})
            self._headers = {"Authorization": f"Bearer {access['access']}"}

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """What the server answers, as JSON; None where it says nothing.

        Raises: InputError where it does not answer, or refuses.
        """
        place = f"{self.base}{path}"
        try:
            answer = self._client.request(method, place, headers=self._headers, **request)
            if answer.is_success:
                return answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            found = f"the server does not answer as Label Studio does: {type(error).__name__}"
            raise InputError.of(place, found, "is it running there, and is this its address?") from None
        said = shown(" ".join(answer.text.split()))[:SHOWN_CHARACTERS]
        hint = f"set {TOKEN} to a token of this server" if answer.status_code in (401, 403) else "see the server's log"
        raise InputError.of(place, f"the server refuses ({answer.status_code}): {said}", hint)
