"""Habits that no linter knows: ordered sums, documented functions, no prints, no dates in outputs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src" / "cemfa"
SOURCES = sorted(SRC.rglob("*.py"))
NUMERIC = [file for file in SOURCES if file.relative_to(SRC).parts[0] in {"system", "simulation", "indicators"}]

# a line may say why its bits cannot depend on the width of a block: `# ordered: one column per sample`
REASON = re.compile(r"#.*\bordered: \S+")
SUMS = {"sum", "nansum", "einsum", "dot", "vdot", "inner", "matmul", "tensordot", "mean", "nanmean", "average", "trace"}


def name(file: Path) -> str:
    return str(file.relative_to(SRC))


def unordered_sums(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and form of every reduction whose order of additions numpy or BLAS chooses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield node.lineno, "@"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SUMS:
            yield node.lineno, f".{node.func.attr}()"


@pytest.mark.parametrize("file", NUMERIC, ids=name)
def test_sums_of_arrays_have_a_fixed_order(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = [
        f"{file}:{line}: {form}: use np.add.reduceat, additions in order (indicators.sums), or say why (# ordered: …)"
        for line, form in unordered_sums(ast.parse(text))
        if not REASON.search(lines[line - 1])
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("a @ b", ["@"]),
        ("np.sum(a)", [".sum()"]),
        ("a.sum(axis=0)", [".sum()"]),
        ("np.einsum('ij,j', a, b)", [".einsum()"]),
        ("np.add.reduceat(a, i)", []),
        ("sum(x for x in y)", []),
    ],
)
def test_unordered_sums_are_recognised(code: str, forms: list[str]) -> None:
    assert [form for _, form in unordered_sums(ast.parse(code))] == forms


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_no_print_assert_eval_or_bare_except(file: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and node.type is None):
            found.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.lineno] * (node.func.id in {"print", "eval", "exec", "input", "compile", "breakpoint"})
    assert not found, f"{file}: lines {found}"


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_everything_public_has_a_docstring(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not tree.body:
        return
    assert ast.get_docstring(tree), f"{file} has no docstring"
    bare = [
        f"{file}:{node.lineno}: {node.name}"
        for node in public(tree)
        if not ast.get_docstring(node) and not is_declaration(node)
    ]
    assert not bare, "\n".join(bare)


def is_declaration(node: ast.AST) -> bool:
    """Return whether this only states a signature, as in a Protocol."""
    return isinstance(node, ast.FunctionDef) and ast.unparse(node.body[-1]) == "..."


def public(
    body: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in body.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_functions_stay_short(file: Path) -> None:
    long = [
        f"{file}:{node.lineno}: {node.name} has {lines} lines"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (lines := body_lines(node)) > 60
    ]
    assert not long, "\n".join(long)


def body_lines(function: ast.FunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_nothing_depends_on_the_clock(file: Path) -> None:
    clocks = {"now", "today", "utcnow", "time_ns"} if name(file) != "cli/clock.py" else set()
    found = [
        f"{file}:{node.lineno}"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_random_numbers_come_from_a_seed(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"np\.random\.(seed|rand|randn|normal|uniform|choice)\(|default_rng\(\)|import random\b", text)
    assert not re.search(r"\bif (not )?seed(:| else| and| or)", text), "seed 0 is a seed"
