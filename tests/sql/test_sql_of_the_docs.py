"""The restore runbook is read under pressure: its statements parse."""

from __future__ import annotations

import re
from pathlib import Path

from meridian.sql import Statement
from meridian.sql.grammar import PROGRAM, grammar_problems

ROOT = Path(__file__).parents[2]


def runbook() -> list[Statement]:
    text = (ROOT / "docs/data.md").read_text()
    blocks = re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert all(line.endswith(";") for line in lines), "one statement a line"
    return [
        Statement(key=f"runbook:{number}", kind="manual", text=line.removesuffix(";"), why="the runbook")
        for number, line in enumerate(lines)
    ]


def test_every_statement_of_the_restore_runbook_parses() -> None:
    made = runbook()
    assert {each.text.split()[0] for each in made} >= {"SHOW", "RESTORE", "ALTER"}
    assert grammar_problems(ROOT / ".meridian/bin" / PROGRAM, made) == []


def test_a_statement_that_does_not_parse_would_be_told() -> None:
    broken = Statement(key="runbook:x", kind="manual", text="RESTORE DATABASE app FROM", why="broken")
    assert grammar_problems(ROOT / ".meridian/bin" / PROGRAM, [broken])
