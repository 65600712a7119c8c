"""What the README shows, works."""
import re

import pytest
from conftest import PYTHON_CLIENT


class Enough(Exception):
    pass


class Kept(dict):
    """What the consumer keeps: it ends with the first token, after the existing records."""

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        if name == "token":
            raise Enough


def test_the_programs(grid, server, archive, capsys):
    readme = (PYTHON_CLIENT / "README.md").read_text(encoding="utf-8")
    program, consumer = re.findall("```python\n(.*?)```", readme, re.DOTALL)
    names = {}
    exec(program.replace("localhost:50051", server.address), names)
    shown = capsys.readouterr().out
    assert shown.startswith("p 2\n{'Project': 1}\nPARENT_NOT_FOUND (Violation(subject='Experiment/c/p/none'")
    exec(consumer, names)
    kept = Kept()
    with pytest.raises(Enough):
        names["follow"](archive, kept)
    assert set(kept) == {"p", "token"}
