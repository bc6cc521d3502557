"""Run a page of documentation as its reader would: type the commands, paste the blocks, in a folder of its own.

Blocks that do something: `console` (lines that begin with `$ ` are run, lines between are looked for in what
they print; with `exit=N` the last command ends with that code), `python` (one session per page; lines that begin
with `>>> ` print what follows them), and `yaml`, `csv` with `add-to=FILE` (pasted at the end
of a file, which is made if need be, or with `under=KEY` at the end of that top-level section).
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its attributes, its text and the line it starts on."""

    language: str
    attributes: dict[str, str]
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    content = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(content):
        pairs = (part.split("=", 1) for part in found[2].split() if "=" in part)
        yield Block(found[1], dict(pairs), found[3], content[: found.start()].count("\n") + 1)


def run(page: Path, folder: Path) -> int:
    """Run every block of a page in `folder`; return how many did something."""
    session: dict[str, object] = {}
    done = 0
    for block in blocks(page):
        place = f"{page.name}:{block.line}"
        if block.language == "console":
            _type(block.text, folder, place, int(block.attributes.get("exit", "0")))
        elif block.language == "python" and block.text.startswith(">>> "):
            _ask(block, session, place)
        elif block.language == "python":
            exec(compile(block.text, place, "exec"), session)  # noqa: S102  # the page is ours, this is its test
        elif "add-to" in block.attributes:
            _paste(block, folder / block.attributes["add-to"])
        else:
            continue
        done += 1
    return done


def _type(text: str, folder: Path, place: str, last: int) -> None:
    output = ""
    commands = [line for line in text.splitlines() if line.startswith("$ ")]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CEMFA_LANG": "en",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    expected = [0] * (len(commands) - 1) + [last]
    for line in text.splitlines():
        if line.startswith("$ "):
            ran = subprocess.run(
                line[2:], shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
            )
            output = ran.stdout + ran.stderr
            assert ran.returncode == expected.pop(0), f"{place}: {line}\n{output}"
        elif line.strip() and line.strip() != "…":
            assert line.strip() in output, f"{place}: the page promises {line.strip()!r}, the command printed\n{output}"


def _ask(block: Block, session: dict[str, object], place: str) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, session, place, place, block.line)
    test.globs = session
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    assert not runner.failures, "".join(said)


def _paste(block: Block, file: Path) -> None:
    content = file.read_text(encoding="utf-8") if file.exists() else ""
    key = block.attributes.get("under")
    if key is None:
        file.write_text("\n".join(filter(None, (content.rstrip("\n"), block.text))), encoding="utf-8")
        return
    lines = content.splitlines(keepends=True)
    start = lines.index(f"{key}:\n")
    end = next((i for i in range(start + 1, len(lines)) if re.match(r"\S", lines[i])), len(lines))
    pasted = "".join(f"  {line}" if line.strip() else line for line in block.text.splitlines(keepends=True))
    file.write_text("".join([*lines[:end], pasted, *lines[end:]]), encoding="utf-8")
