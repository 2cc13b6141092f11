"""A Label Studio server on loopback with one user, its page in a browser, and what an annotator does in both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.tools.servers import HOST, free_ports

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv-label-studio/bin/label-studio"
CHROMIUM = shutil.which("chromium") or ""
USER, PASSWORD, TOKEN = "ann@example.com", "a password of 127.0.0.1", "0123456789abcdef0123456789abcdef01234567"
PATIENCE_S = 600  # it makes its tables first, on a busy machine for minutes
PAGE_MS = 120_000
PLACE = """
word => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(word);
    if (at < 0 || !node.parentElement.closest('[class*="htx"], [class*="richtext"]')) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.left, box.right, (box.top + box.bottom) / 2];
  }
  return null;
}
"""


class Studio:
    """A server that runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, body: Any = None) -> Any:
        """What its API answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 (of loopback)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def tasks(self, project: str) -> dict[str, Any]:
        """The tasks of a project by the ids of their items."""
        found = self.ask(f"/api/tasks?project={project}&fields=all&page_size=100")["tasks"]
        return {task["data"]["review_id"]: task for task in found}

    def annotate(self, task: dict[str, Any], result: list[dict[str, Any]] | None) -> None:
        """Submit a result for a task, or skip it."""
        body = {"result": result or [], "was_cancelled": result is None}
        self.ask(f"/api/tasks/{task['id']}/annotations/", body)

    @contextmanager
    def page(self, project: str, task: dict[str, Any]) -> Iterator[Page]:
        """The page of a task, in a browser."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.set_default_timeout(PAGE_MS)
            page.goto(f"{self.url}/user/login/")
            page.fill("input[name=email]", USER)
            page.fill("input[name=password]", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_url(lambda url: "login" not in url)
            page.goto(f"{self.url}/projects/{project}/data?task={task['id']}")
            page.wait_for_selector("button:has-text('Submit')")
            yield page
            browser.close()


def select(page: Page, word: str, hotkey: str) -> None:
    """Mark a word of the text as an entity of the type that a key stands for."""
    page.wait_for_function(PLACE, arg=word)
    left, right, middle = page.evaluate(PLACE, word)
    page.keyboard.press(hotkey)
    page.wait_for_timeout(500)
    page.mouse.move(left + 0.5, middle)
    page.mouse.down()
    page.mouse.move(left + 10, middle, steps=5)
    page.mouse.move(right, middle, steps=10)
    page.mouse.up()
    page.wait_for_timeout(1000)


@contextmanager
def running(folder: Path) -> Iterator[Studio]:
    """A server with its data in a folder, until the block ends; it phones nobody."""
    (port,) = free_ports(1)
    command = [str(PROGRAM), "start", "--no-browser", "--internal-host", HOST, "--port", str(port)]
    command += ["--username", USER, "--password", PASSWORD, "--user-token", TOKEN]
    settings = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        **dict.fromkeys(("COLLECT_ANALYTICS", "LATEST_VERSION_CHECK"), "False"),
        **dict.fromkeys(("SENTRY_DSN", "FRONTEND_SENTRY_DSN"), ""),
    }
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | settings
    studio = Studio(f"http://{HOST}:{port}")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
    try:
        end = time.monotonic() + PATIENCE_S
        while not serves(studio):
            said = (folder / "server.log").read_text()[-2000:]
            assert process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.5)
        yield studio
    finally:
        process.kill()
        process.wait()


def serves(studio: Studio) -> bool:
    """Whether it answers its user."""
    with suppress(OSError):
        return studio.ask("/api/projects/") is not None
    return False
