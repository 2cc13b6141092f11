"""From relation-annotated text to a trained, evaluated multi-task model: a module a stage, beside the commands people run by hand.

Shapes in docstrings: N rows, B rows of a batch, T words of a sentence, P word pieces, H numbers of a word vector, K tags,
R relations.
"""

import os
import signal
import sys

if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Until core/stage.py takes over, Ctrl-C ends a command's imports, which take seconds, as it ends the command.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
