"""The lines that a dictated talk prints: states, drafts, sentences and captions as they come."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import Final, TextIO

from infra.local.dictation.talk_record import ReadCaption, SaidSentence, ShownDraft, TalkRecord

_CLEAR: Final = "\r\x1b[2K"


@dataclass(slots=True)
class TalkLines:
    """On a terminal the draft is one line that changes, and stands below the others."""

    record: TalkRecord
    output: TextIO = sys.stdout
    _draft: str = ""

    def state(self, text: str) -> None:
        """What the recogniser does."""
        self._print(f"{'':>4}  {text}")

    def draft(self, draft: ShownDraft) -> None:
        """Words that are not a sentence yet."""
        line = f"{draft.sequence:>4}  {'draft':<7}  {'':>8}  {draft.text}"
        if self.output.isatty():
            self._draft = line if draft.text else ""
            self._show_draft()
        elif draft.text:
            self._print(line)

    def said(self, sentence: SaidSentence) -> None:
        """A sentence, and the seconds since the end of its sound."""
        self._draft = ""
        seconds = sentence.at - self.record.sounded_at(sentence.end_ms)
        self._print(_line(sentence.sequence, "said", seconds, sentence.text))

    def caption(self, caption: ReadCaption) -> None:
        """A caption, and the seconds since the end of its sentence's sound."""
        sentence = self.record.said[caption.sequence - 1]
        seconds = caption.at - self.record.sounded_at(sentence.end_ms)
        mark = "[untranslated] " if caption.untranslated else ""
        self._print(_line(caption.sequence, caption.language, seconds, mark + caption.text))

    def _print(self, line: str) -> None:
        if self.output.isatty():
            self.output.write(_CLEAR)
        print(line, file=self.output)
        self._show_draft()

    def _show_draft(self) -> None:
        if self.output.isatty():
            # A line that wraps could not be cleared. What is new stands at its end.
            room = shutil.get_terminal_size().columns - 1
            shown = self._draft if len(self._draft) <= room else f"…{self._draft[-room + 1 :]}"
            self.output.write(_CLEAR + shown)
        self.output.flush()


def _line(sequence: int, what: str, seconds: float, text: str) -> str:
    return f"{sequence:>4}  {what:<7}  {seconds:>6.1f} s  {text}"
