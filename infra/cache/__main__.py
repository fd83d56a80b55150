"""The cache's tool: `python -m infra.cache stats|purge|warm`.

Which stage, and how one on this machine is reached: see `infra.stage_options`.

    python -m infra.cache stats --stage local --dynamodb http://127.0.0.1:NNNN
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from chalice_app.bootstrap.adapters import aws_adapters
from chalice_app.bootstrap.application import Application
from chalice_app.cache.lookup import cache_key
from chalice_app.domain.errors import BroadcasterError, InvalidLanguage
from chalice_app.glossary.wording import NO_WORDING, Wording
from chalice_app.settings import ConfigurationError
from chalice_app.wire.incoming import parse_language
from infra.cache.purge import purge_entry, purge_pair
from infra.cache.stats import DOLLARS_A_CHARACTER, as_json, as_table, gather
from infra.cache.warm import Script, Warmed, Warming, read_script
from infra.glossary_file import read_glossary_file
from infra.interruption import run_command
from infra.stage_options import (
    add_stage_options,
    error_line,
    log_to_stderr,
    stage_settings,
    use_endpoints,
)

if TYPE_CHECKING:
    from chalice_app.bootstrap.application import Application

_BAR: Final = 30


def run(application: Application, arguments: argparse.Namespace) -> None:
    """One command.

    Raises:
        BroadcasterError: what was asked for cannot be done.
    """
    match arguments.command:
        case "stats":
            _stats(application, arguments)
        case "purge":
            _purge(application, arguments)
        case "warm":
            _warm(application, arguments)


def _stats(application: Application, arguments: argparse.Namespace) -> None:
    adapters = application.adapters
    stats = gather(
        application.adapters.recency,
        adapters.cache,
        adapters.clock.now_ms(),
        application.settings.max_cache_entries,
        arguments.top,
    )
    _print(arguments, as_json(stats), as_table(stats))


def _purge(application: Application, arguments: argparse.Namespace) -> None:
    recency, store = application.adapters.recency, application.adapters.cache
    source, target = _language(arguments.source), _language(arguments.target)
    if arguments.text is None:
        purged = purge_pair(recency, source, target)
    else:
        key = cache_key(source, target, arguments.text)
        purged = purge_entry(recency, store, key)
    _print(arguments, {"purged": purged}, f"{_counted(purged, 'translation')} withdrawn")


def _warm(application: Application, arguments: argparse.Namespace) -> None:
    source = _language(arguments.source)
    targets = list(dict.fromkeys(map(_language, arguments.to.split(","))))
    # An engine that does not answer would fail one sentence after the other.
    application.engine.list_languages()
    # As those who speak and listen are resolved, or the entries would never be found.
    source = application.engine.require_language(source)
    resolved = dict.fromkeys(map(application.engine.require_language, targets))
    targets = [target for target in resolved if target != source]
    script = _script(arguments.file)
    wording = Wording(read_glossary_file(arguments.glossary)) if arguments.glossary else NO_WORDING
    # Other callers treat a cache that is down as a miss; here each miss would be paid for again.
    application.adapters.cache.get_entries([cache_key(source, source, "")])
    warming = Warming(
        application.cache, application.engine, source, targets, arguments.budget, wording
    )
    bar = _Bar(len(script.sentences), arguments.budget)
    try:
        warmed = warming.warm(script.sentences, bar.show)
    finally:
        bar.end()
    dollars = round(warmed.characters * DOLLARS_A_CHARACTER, 6)
    values = {**asdict(warmed), "too_long": script.skipped, "dollars": dollars}
    _print(arguments, values, _summary(warmed, script, dollars))
    if warmed.failed:
        sys.exit(1)


def _summary(warmed: Warmed, script: Script, dollars: float) -> str:
    made = f"{_counted(warmed.translated, 'translation')} made, {warmed.cached} found"
    failed = f"{warmed.failed} failed" + (f" ({warmed.reason})" if warmed.failed else "")
    bill = f"{_counted(warmed.characters, 'character')}, ${dollars:.4f}"
    lines = [f"{made}, {failed}: {bill}"]
    if warmed.unaffordable:
        lines.append(f"the budget is used up: left {_counted(warmed.unaffordable, 'sentence')}")
    if script.skipped:
        lines.append(f"too long for one sentence and left out: {_counted(script.skipped, 'line')}")
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _language(tag: str) -> str:
    try:
        return parse_language(tag)
    except InvalidLanguage as error:
        raise InvalidLanguage(f"{tag!r} is not a BCP-47 tag such as es or zh-TW") from error


def _script(name: str) -> Script:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not UTF-8") from error
    return read_script(text.splitlines())


class _Bar:
    """Progress on a terminal's stderr; silent where there is none."""

    def __init__(self, sentences: int, budget: int) -> None:
        self._sentences = max(1, sentences)
        self._budget = budget
        self._shown = sys.stderr.isatty()

    def show(self, warmed: Warmed) -> None:
        if self._shown:
            filled = _BAR * warmed.sentences // self._sentences
            bar = "#" * filled + "-" * (_BAR - filled)
            counts = f"{warmed.sentences}/{self._sentences} sentences, {warmed.characters:,}"
            sys.stderr.write(f"\r[{bar}] {counts} of {self._budget:,} characters")
            sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\n")


def _print(arguments: argparse.Namespace, values: Mapping[str, Any], text: str) -> None:
    print(json.dumps(values, ensure_ascii=False) if arguments.json else text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError("a whole number above 0")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    common = argparse.ArgumentParser(add_help=False)
    add_stage_options(common)
    common.add_argument("--json", action="store_true", help="for machines")
    top = argparse.ArgumentParser(prog="python -m infra.cache", description="The cache's tool.")
    commands = top.add_subparsers(dest="command", required=True)
    stats = commands.add_parser("stats", parents=[common], help="what is in it, what it is worth")
    stats.add_argument("--top", type=_positive, default=5, help="hottest and coldest to list")
    purge = commands.add_parser("purge", parents=[common], help="withdraw wrong translations")
    purge.add_argument("--source", required=True, help="language, such as en")
    purge.add_argument("--target", required=True, help="language, such as es")
    purge.add_argument("--text", help="one text only; all of the pair unless given")
    warm = commands.add_parser("warm", parents=[common], help="translate a script beforehand")
    warm.add_argument("file", metavar="FILE", help="one sentence a line; - is stdin")
    warm.add_argument("--source", default="en", help="language of the file")
    warm.add_argument("--to", required=True, help="languages, such as es,fr")
    warm.add_argument("--glossary", metavar="FILE", help="the session's terms, JSON or CSV")
    warm.add_argument("--budget", type=_positive, required=True, help="characters, never exceeded")
    return top


def main(words: Sequence[str] | None = None) -> None:
    """Run as a process of its own."""
    arguments = parser().parse_args(words)
    log_to_stderr("cache")
    use_endpoints(arguments, os.environ)
    try:
        settings = stage_settings(arguments.stage, os.environ)
        run(Application(settings, aws_adapters(settings)), arguments)
    except BroadcasterError as error:
        _fail(error)


def _fail(error: BroadcasterError) -> NoReturn:
    sys.exit(f"cache: {error_line(error)}")


if __name__ == "__main__":
    run_command("cache", main)
