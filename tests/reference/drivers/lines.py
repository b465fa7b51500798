"""Answers one JSON question a line from stdin with one JSON answer a line on stdout."""

import json
import sys


def answer_all(answer):
    """Calls `answer(question)` for every line. A number that is not finite is a bug here, never an answer."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), allow_nan=False))
