"""The pages for readers agree with the code: what they name exists, and what exists is named."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import pytest

from chalice_app.observability import metrics
from chalice_app.settings import Settings
from infra import install

ROOT = Path(__file__).parents[2]
README_WORDS = 900
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", "infra/**/*.md", "tests/**/*.md", ".github/**/*.md")
    for path in sorted(ROOT.glob(pattern))
}
EVERYTHING = "\n".join(PAGES.values())
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)|\bsrc=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ +(.+)$", re.M)
NUMBER = re.compile(r"(?<![\w.,])-?\d[\d.,]*")
COMMANDS = [
    *FENCE.findall(EVERYTHING),
    *CODE.findall(FENCE.sub("", EVERYTHING)),
]
"""Everything in the pages that is set as code."""

Row = Mapping[str, str]


def tables(page: str, section: str = "") -> Iterator[Sequence[Row]]:
    """The tables of a page, or of one of its sections: rows by the names of their columns."""
    text = PAGES[page]
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        names, _, *rows = (
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
            for line in block.splitlines()
        )
        yield [dict(zip(names, cells, strict=True)) for cells in rows]


def name(cell: str) -> str:
    """The one thing that a cell sets as code."""
    (only,) = CODE.findall(cell)
    return str(only)


def anchors(page: str) -> set[str]:
    """What can be linked to in a page, as GitHub spells it."""
    titles = [title.lower() for title in HEADING.findall(FENCE.sub("", PAGES[page]))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links() -> Iterator[tuple[str, str]]:
    """Every link and picture of every page that leads to somewhere in this repository."""
    for page, text in PAGES.items():
        prose = CODE.sub("`", FENCE.sub("", text))
        for target in chain.from_iterable(LINK.findall(prose)):
            if target and not re.match(r"https?://", target):
                yield page, target


def command_modules() -> Iterator[str]:
    """The modules of infra that are commands."""
    for path in sorted(ROOT.glob("infra/**/*.py")):
        if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8"):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")


def options(module: str) -> Mapping[str, str | None]:
    """The options that a command's help shows; with their defaults, where these are constants."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add_argument"):
            option = ast.literal_eval(node.args[0])
            given = {each.arg: each.value for each in node.keywords}
            if option.startswith("--") and ast.unparse(given.get("help", node)) != (
                "argparse.SUPPRESS"
            ):
                default = given.get("default")
                constant = isinstance(default, ast.Constant)
                found[option] = str(ast.literal_eval(default)) if constant and default else None
    return found


class Environment(Mapping[str, str]):
    """An environment that notes what is looked for in it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return self._variables[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


SETTINGS = {name(row["setting"]): row for row in next(tables("docs/settings.md"))}
FIGURES = [row for table in tables("docs/figures.md") for row in table]


def by_default() -> tuple[Settings, set[str]]:
    """The settings where only the required ones are set, and what was looked for."""
    required = [key for key, row in SETTINGS.items() if row["default"] == "required"]
    environment = Environment(dict.fromkeys(required, "x"))
    return Settings.from_env(environment), environment.asked


def subscriptions() -> set[str]:
    """The settings that Chalice needs already when the streams' modules are imported."""
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("streams/*.py"))
    return set(re.findall(r'stream_arn=os\.environ\.get\("(\w+)"', sources))


def test_the_pages_are_found() -> None:
    assert {"README.md", "CHANGELOG.md", "docs/settings.md", "infra/README.md"} <= PAGES.keys()


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= README_WORDS


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page, target in links():
        path, _, anchor = target.partition("#")
        to = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        known = anchors(to.relative_to(ROOT).as_posix()) if anchor and to.exists() else {anchor}
        if not to.exists() or anchor not in known:
            broken.append(f"{page}: {target}")
    assert broken == []


def test_every_page_is_linked_to() -> None:
    reached = {((ROOT / page).parent / target.partition("#")[0]).resolve()
               for page, target in links()}  # fmt: skip
    assert {page for page in PAGES if ROOT / page not in reached} <= {"README.md"}


def test_the_settings_are_those_that_are_read() -> None:
    assert len(subscriptions()) == 2
    assert set(SETTINGS) == by_default()[1] | subscriptions()


def test_the_defaults_are_those_in_force() -> None:
    settings = by_default()[0]
    in_force = {**asdict(settings.limits), **asdict(settings)}
    shown = {key: row["default"] for key, row in SETTINGS.items() if row["default"].isdigit()}
    assert len(shown) > 10
    assert shown == {key: str(in_force[key.lower()]) for key in shown}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_has_every_cell_and_is_used_where_it_says(setting: str) -> None:
    assert all(SETTINGS[setting].values())
    assert (ROOT / name(SETTINGS[setting]["where it is used"])).is_file()


def test_the_variables_of_make_are_told_with_their_defaults() -> None:
    (rows,) = tables("docs/settings.md", "make")
    shown = {name(row["variable"]): row["default"].strip("`") for row in rows}
    defaults = dict(re.findall(r"^([A-Z_]+) \?= (.*?)\\?$", MAKEFILE, re.M))
    assert defaults.keys() <= shown.keys()
    without_default = re.findall(r"\$\((ARGS|LOCK_OPTIONS|DOMAIN|CERTIFICATE|ADDRESS)\)", MAKEFILE)
    assert shown.keys() - defaults.keys() == set(without_default)
    assert {key: value for key, value in shown.items() if value not in {"all", "none"}} == {
        key: value for key, value in defaults.items() if shown[key] != "all"
    }


def test_the_options_of_the_stage_are_told_with_their_defaults() -> None:
    modules = ("infra/local/__main__.py", "infra/local/say.py")
    for rows, module in zip(tables("docs/settings.md", "The local stage"), modules, strict=True):
        shown = {name(row["option"]): row["default"].strip("`") for row in rows}
        taken = options(module)
        assert taken.keys() == {option for option in shown if option.startswith("--")}
        assert [each for each, default in taken.items() if default not in {None, shown[each]}] == []


def test_every_target_of_make_that_help_shows_is_in_the_pages() -> None:
    offered = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    assert len(offered) > 10
    assert offered - {target for _, target in make_calls()} == set()


def test_every_target_of_make_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    assert [call for call in make_calls() if call[1] not in targets] == []


def make_calls() -> Sequence[tuple[str, str]]:
    """What the pages say after `make`."""
    return [each for code in COMMANDS for each in re.findall(r"(\bmake) ([a-z][a-z-]*)", code)]


def test_every_command_of_infra_is_in_the_pages() -> None:
    said = "\n".join(COMMANDS)
    commands = list(command_modules())
    assert {"infra.local", "infra.cost"} <= set(commands)
    for module in commands:
        path = f"{module.replace('.', '/')}.py"
        assert re.search(rf"python -m {re.escape(module)}(?![.\w])", said) or path in said, module


def test_every_command_of_python_in_the_pages_exists() -> None:
    for code in COMMANDS:
        for module in re.findall(r"python -m ((?:infra|tests)[.\w]*)", code):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), code
        for script in re.findall(r"python ([a-z_/]+\.py)", code):
            assert (ROOT / script).exists(), code
        for benchmark in re.findall(r"BENCHMARKS=(\w+)", code):
            assert (ROOT / f"tests/benchmarks/{benchmark}.py").exists(), code


def test_every_metric_is_in_the_pages_with_its_unit() -> None:
    (rows,) = tables("infra/README.md", "Metrics")
    units = {"percent": "Percent", "milliseconds": "Milliseconds", "seconds": "Seconds"}
    shown = {name(row["metric"]): units.get(row["unit"], "Count") for row in rows}
    assert shown == metrics.UNITS


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: " ".join(row.values())[:60])
def test_a_figure_has_a_command_and_one_number_a_cell(row: Row) -> None:
    command = name(row["command"])
    assert re.match(r"make [a-z]|\.venv/bin/python |du ", command)
    assert NUMBER.search(row["figure"])
    for column, cell in row.items():
        assert column == "command" or len(NUMBER.findall(cell)) <= 1, cell


def test_the_figures_of_the_start_have_their_place() -> None:
    assert next(tables("docs/figures.md", "Start"))


def test_the_hooks_before_a_commit_are_the_checks_of_make() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^(check-\w+):\n\t(.*)$", MAKEFILE, re.M))
    assert re.findall(r"^CHECKS := (.*)$", MAKEFILE, re.M) == [" ".join(recipes)]
    checks = [each.replace("$(BIN)", ".venv/bin") for each in recipes.values()]
    assert re.findall(r"entry: (.+)", hooks) == checks
    assert set(re.findall(r"repo: (.+)", hooks)) == {"local"}
    assert hooks.count("language: system") == hooks.count("pass_filenames: false") == len(checks)


def test_continuous_integration_runs_the_test_command_on_supported_pythons() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"run: (\S+)", workflow) == [".ci/run"]
    (versions,) = re.findall(r"python: \[(.+)\]", workflow)
    assert set(re.findall(r"[\d.]+", versions)) <= set(install.PYTHONS)
