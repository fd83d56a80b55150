"""What the layout promises, read from the source.

The direction of imports between modules is import-linter's (`lint-imports`, see pyproject.toml);
here is what it cannot say.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import app as functions

ROOT = Path(functions.__file__).parent
SOURCES = sorted([*ROOT.glob("chalice_app/**/*.py"), *ROOT.glob("streams/**/*.py")])
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
DECORATORS = {
    "on_ws_connect",
    "on_ws_message",
    "on_ws_disconnect",
    "on_dynamodb_record",
    "schedule",
    "lambda_function",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def environment_reads(tree: ast.AST) -> list[ast.AST]:
    """The places where code looks at the process's environment."""
    return [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT)
        or (isinstance(node, ast.alias) and node.name in ENVIRONMENT)
    ]


def stream_arns(tree: ast.AST) -> list[ast.expr]:
    """What streams are subscribed to: Chalice wants to know it when the module is imported."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "stream_arn"
    ]


def handlers(tree: ast.Module, of: str) -> set[str]:
    """The functions that are registered with a Chalice app or blueprint of that name."""
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and isinstance(decorator.func.value, ast.Name)
        and (decorator.func.value.id, decorator.func.attr) in {(of, each) for each in DECORATORS}
    }


def test_the_sources_are_found() -> None:
    assert {
        "chalice_app/routes/requests.py",
        "chalice_app/aws/dynamodb/table.py",
        "streams/rosters.py",
    } <= {name(path) for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_environment_is_read_by_the_settings_and_for_stream_arns_alone(path: Path) -> None:
    tree = parsed(path)
    if name(path) != "chalice_app/settings.py":
        allowed = [read for arn in stream_arns(tree) for read in environment_reads(arn)]
        assert environment_reads(tree) == allowed


def test_the_settings_take_the_environment_as_an_argument() -> None:
    (default,) = environment_reads(parsed(ROOT / "chalice_app" / "settings.py"))
    assert ast.unparse(default) == "os.environ"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_aws_is_spoken_to_by_its_adapters_alone(path: Path) -> None:
    if not name(path).startswith("chalice_app/aws/"):
        packages = {module.partition(".")[0] for module in imported(parsed(path))}
        assert not {each for each in packages if each.startswith(("boto", "types_boto", "aiobot"))}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_adapters_are_built_by_the_composition_root_alone(path: Path) -> None:
    if not name(path).startswith(("chalice_app/bootstrap/", "chalice_app/aws/")):
        modules = set(imported(parsed(path)))
        assert not {module for module in modules if module.startswith("chalice_app.aws")}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_threads_carry_what_their_lines_are_to_say(path: Path) -> None:
    if name(path) != "chalice_app/observability/logs.py":
        assert "concurrent.futures.ThreadPoolExecutor" not in imported(parsed(path))


def test_every_handler_logs_as_an_invocation() -> None:
    logged = {
        node.name
        for path in SOURCES
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef)
        if "logs.invoked" in map(ast.unparse, node.decorator_list)
    }
    declared = {each for path in SOURCES for each in handlers(parsed(path), "functions")}
    assert declared | {"connect", "message", "disconnect"} == logged


@pytest.mark.parametrize("path", sorted(ROOT.glob("infra/**/*.py")), ids=name)
def test_what_is_operated_needs_no_tests(path: Path) -> None:
    assert not {module for module in imported(parsed(path)) if module.partition(".")[0] == "tests"}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_deployed_code_knows_no_local_stage(path: Path) -> None:
    modules = {module.partition(".")[0] for module in imported(parsed(path))}
    assert not modules & {"infra", "tests", "moto", "ministack", "pytest"}


def test_app_py_re_exports_every_handler_that_lambda_names_in_it() -> None:
    # Chalice deploys `app.<name>` for a handler of the app, whatever module it stands in.
    websocket = {
        config.handler_string.removeprefix("app.")
        for config in functions.app.websocket_handlers.values()
    }
    assert websocket <= handlers(parsed(ROOT / "chalice_app" / "routes" / "websocket.py"), "app")
    assert websocket == {"connect", "message", "disconnect"}
    assert set(functions.__all__) >= websocket | {"app"}
    assert all(callable(getattr(functions, each)) for each in functions.__all__)


def test_every_handler_is_registered_with_the_app() -> None:
    in_streams = {
        f"{path.stem}.{handler}"
        for path in SOURCES
        if name(path).startswith("streams/")
        for handler in handlers(parsed(path), "functions")
    }
    registered = {
        ".".join(handler.handler_string.split(".")[-2:])
        for handler in functions.app.pure_lambda_functions + functions.app.event_sources
        if handler.handler_string.startswith("streams.")
    }
    assert in_streams
    assert registered == in_streams


def test_every_call_of_the_protocol_has_its_route() -> None:
    routes = {
        (path, method) for path, methods in functions.app.routes.items() for method in methods
    }
    assert routes >= {
        ("/", "GET"),
        ("/health", "GET"),
        ("/languages", "GET"),
        ("/sessions", "POST"),
        ("/sessions/{session_id}", "GET"),
        ("/sessions/{session_id}", "DELETE"),
    }
