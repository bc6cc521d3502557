"""What is built can be installed and used from any folder: the package alone, without the checkout."""

import ast
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORTED_AS = {"PyYAML": "yaml", "python-docx": "docx"}
BY_OTHERS = {"typing_extensions", "markupsafe"}  # come with pydantic and jinja2
BEHIND_OTHERS = {
    "h5netcdf",
    "h5py",
    "defusedxml",
}  # xarray writes through the first two, openpyxl reads through the last


def run(*command: str | Path, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a new environment that holds the wheel; libraries are those of this environment.

    A path file lends it the libraries, without this environment's own path files and so without the checkout.
    """
    home = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home, folder=ROOT)
    python = home / "bin" / "python"
    run(
        sys.executable,
        *("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel),
        folder=home,
    )
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=home).stdout.strip()
    (Path(site) / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
    return python.parent


@pytest.mark.wheel
def test_the_wheel_holds_code_texts_and_library(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in (ROOT / "src" / "cemfa").rglob("*"):
        if folder.suffix in {".py", ".yaml", ".json", ".txt", ".html", ".css", ".csv", ".docx", ".md", ".typed"}:
            assert str(folder.relative_to(ROOT / "src")) in names
    for kind in ("models", "scenarios"):
        for file in (ROOT / kind).rglob("*"):
            assert not file.is_file() or f"cemfa/_library/{kind}/{file.relative_to(ROOT / kind)}" in names
    assert not [name for name in names if name.startswith("tests") or name.endswith(".pyc")]


@pytest.mark.wheel
def test_the_wheel_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    cemfa = installed / "cemfa"
    where = run(installed / "python", "-c", "import cemfa; print(cemfa.__file__)", folder=tmp_path).stdout
    assert str(ROOT / "src") not in where
    assert re.fullmatch(r"cemfa \d+\.\d+\.\d+\n", run(cemfa, "--version", folder=tmp_path).stdout)
    assert run(cemfa, "check", "first_steps_2030", folder=tmp_path).stdout == ""
    listed = json.loads(run(cemfa, "list", "--json", folder=tmp_path).stdout)
    assert {"organics_2030", "ben_tre", "first_steps", "rice_straw"} <= {row["id"] for row in listed}


@pytest.mark.wheel
def test_the_wheel_starts_a_province(installed: Path, tmp_path: Path) -> None:
    cemfa = installed / "cemfa"
    run(cemfa, "new", "my_province", folder=tmp_path)
    assert run(cemfa, "check", "my_province", "my_province_2030.yaml", folder=tmp_path).stdout == ""
    run(cemfa, "new", "my_straw", "--from", "rice_straw", folder=tmp_path)
    assert run(cemfa, "check", "my_straw", folder=tmp_path).stdout == ""


@pytest.mark.wheel
def test_the_wheel_compares_and_reports(installed: Path, tmp_path: Path) -> None:
    done = run(
        *(installed / "cemfa", "compare", "first_steps_2030", "--replications", "3", "--workers", "1", "--json"),
        folder=tmp_path,
    )
    assert json.loads(done.stdout)
    made = {file.name for file in (tmp_path / "first_steps_2030-1").iterdir()}
    tables = {"tables.xlsx", "losses.csv", "money.csv", "operation_months.csv"}
    assert made == {"report.html", "report.docx", "results.nc", "run.json", *tables}


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(lines: list[str]) -> set[str]:
        named = [re.split(r"[><=\[ ]", line)[0] for line in lines]
        return {IMPORTED_AS.get(name, name.lower()) for name in named}

    declared = names(project["dependencies"])
    optional = {name for lines in project["optional-dependencies"].values() for name in names(lines)}
    imported = {
        name.split(".")[0]
        for file in (ROOT / "src").rglob("*.py")
        if file.name != "testing.py"  # its users have hypothesis
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    foreign = imported - set(sys.stdlib_module_names) - {"cemfa", "__future__"} - BY_OTHERS
    assert foreign <= declared | optional, foreign - declared
    assert declared <= foreign | BEHIND_OTHERS, declared - foreign


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
    assert pins
    assert all(re.match(r"[\w.\[\]-]+==\S+ ?(;.*)?\\$", pin) for pin in pins)
    others = [line.strip() for line in lines if line.startswith((" ", "-"))]
    assert all(line.startswith(("--hash=sha256:", "#")) for line in others)
    assert not [line for line in lines if "://" in line]
    names = {re.split(r"==|\[", pin)[0].lower() for pin in pins}
    assert {"numpy", "hatchling", "playwright", "pytest"} <= names
