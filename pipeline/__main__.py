"""The commands that people run by hand, under one name.

    relation-pipeline --help
    relation-pipeline predict models/relation --text "Ann Lee founded Acme in Oslo."
    relation-pipeline --install-completion     # of the shell it runs in

`python -m pipeline.predict` is the same, and so for the others. The stages are `dvc repro`'s to run.
"""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from pipeline.core import stage

COMMANDS = {  # the modules of this folder that are no stages
    "predict": "Find entities and relations in text.",
    "serve": "Answer over HTTP, and to Label Studio.",
    "report": "Copy the report with its commit and a comparison.",
    "convert": "Turn annotations of one format into another.",
    "review": "Send what is worth a look to an annotation tool.",
    "adopt": "Bring corrections home from the tool.",
    "compare": "What changed between two versions of the data.",
    "agreement": "How far annotators agree.",
}


class Commands(TyperGroup):
    """The commands by name, each imported when it is asked for: some take seconds to load."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None for another name."""
        if cmd_name not in COMMANDS:
            return None
        return stage.command(importlib.import_module(f"pipeline.{cmd_name}").main)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line of help for each command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(cls=Commands, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def commands() -> None:
    """From relation-annotated text to an evaluated multi-task model, and back to the annotations."""


def main() -> None:
    """Run the command that the command line names."""
    stage.prepare()
    app(prog_name="relation-pipeline")


if __name__ == "__main__":
    main()
