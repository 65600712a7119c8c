"""What the README shows, works."""
import re

from conftest import PYTHON_CLIENT


def test_the_first_program(grid, server, capsys):
    [program] = re.findall("```python\n(.*?)```", (PYTHON_CLIENT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(program.replace("localhost:50051", server.address), {})
    shown = capsys.readouterr().out
    assert shown.startswith("p 2\n{'Project': 1}\nPARENT_NOT_FOUND (Violation(subject='Experiment/c/p/none'")
