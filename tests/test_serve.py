"""The server as a process."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline import serve
from pipeline.core import stage
from tests.support import project


def test_it_answers_on_this_machine_and_ends_when_told(models: tuple[Path, dict[str, Any]]) -> None:
    folder = models[0]
    model = next(path.parent for path in sorted(folder.glob("*/weights.safetensors")))
    command = [sys.executable, "-m", "pipeline.serve", str(model), "--port", "0"]
    server = subprocess.Popen(command, cwd=project.ROOT, env=project.environment(), stderr=subprocess.PIPE, text=True)
    assert server.stderr
    try:
        line = server.stderr.readline()
        address = re.fullmatch(r"serve: (http://127\.0\.0\.1:\d+)/docs\n", line)
        assert address, line
        asked = {"texts": ["The <e1>cat</e1> sat on the <e2>mat</e2>."]}
        [answer] = httpx.post(f"{address[1]}/predict", json=asked, timeout=60).json()["answers"]
        assert answer["e1"]["text"] == "cat"
    finally:
        server.send_signal(signal.SIGTERM)
    assert server.wait() in (0, -signal.SIGTERM)
    assert server.stderr.read() == ""


@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_seconds_without_end_are_a_wrong_command_line(
    seconds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["serve", "nowhere", "--most-seconds", seconds])
    with pytest.raises(SystemExit) as ended:
        stage.run(serve.main)
    assert ended.value.code == 2
    assert "--most-seconds" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", "[::1]", "192.0.2.1", "", "a\0b", "\u00e9..x"])
def test_an_address_that_cannot_be_had_is_told_with_a_hint_before_the_model_is_loaded(
    host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["serve", "nowhere", "--host", host, "--port", port])
        with pytest.raises(SystemExit) as ended:
            stage.run(serve.main)
    found, hint = str(ended.value.code).split("\n")  # a text, which ends the process with 1
    assert f":{port}: " in found
    assert hint.startswith("  hint: ")
    assert capsys.readouterr().err == ""
