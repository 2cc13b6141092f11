"""A real browser, Debian's chromium, with the made-up pages: `make test-browser` makes both environments and the pages."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PAGES = Path(os.environ.get("PAGES", ".venv-browser/pages")).resolve()
SCREENSHOTS = PAGES.parent / "screenshots"


class Opened:
    """A page in the browser, what it should not do, and what it was made of."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.file, self.folder = page, file, file.parent
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.complaints.append(request.url) if request.url != self.address else None)
        page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        page.goto(self.address)

    def _heard(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    @property
    def address(self) -> str:
        return self.file.as_uri()

    @property
    def predictions(self) -> list[dict[str, Any]]:
        lines = (self.folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def slices(self) -> dict[str, dict[str, list[str]]]:
        """The ids of each slice of each cut."""
        known: dict[str, dict[str, list[str]]] = json.loads((self.folder / "slices.json").read_text(encoding="utf-8"))
        return known

    def go(self, hash: str) -> None:
        """Show what an address asks for, as a link would."""
        self.page.evaluate("to => { window.location.hash = to }", hash)
        self.wait()

    def wait(self) -> None:
        """Until what is shown is what the address asks for."""
        is_shown = "() => document.getElementById('main').dataset.shown === window.location.hash"
        self.page.wait_for_function(is_shown)

    def ids(self) -> list[str]:
        """The ids of the sentences that the list has, on all its pages."""
        panel = self.page.locator("details.ids")
        if panel.get_attribute("open") is None:
            panel.locator("summary").click()
        self.page.wait_for_function("() => document.querySelector('details.ids textarea').value !== ''")
        return panel.locator("textarea").input_value().split("\n")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("no chromium: apt-get install chromium")
    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The report, or the page, of the test's parameter, "usual" without one: it must neither complain nor ask for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    name = getattr(request, "param", "usual")
    page = Opened(context.new_page(), PAGES / (name if name.endswith(".html") else f"{name}/report.html"))
    yield page
    context.close()
    assert page.complaints == []
