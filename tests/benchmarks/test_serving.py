from __future__ import annotations

import json
import subprocess
import sys


def test_answers_stand_alone_whatever_libraries_print() -> None:
    script = (
        "from qbert_lightning.benchmarks.serving import serve\n"
        "def do(task):\n"
        "    print('a library says hello')\n"
        "    return {'twice': 2 * task['x']}\n"
        "serve(do)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input='{"x": 1}\n{"x": 4}\n',
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers == [{"twice": 2}, {"twice": 8}]
    assert "a library says hello" in done.stderr
