"""Ways to deliver wrongly, each made by substituting one part of the production stage."""

from tests.simulation.delivery import wrong_keeping as keeping
from tests.simulation.delivery import wrong_stages as wrong
from tests.simulation.delivery import wrong_voices as voices
from tests.simulation.delivery.stage import Stage
from tests.simulation.designs import Design


def _delivery(name: str, stage: type[Stage]) -> Design:
    return Design(f"delivery: {name}", stage=stage)


MUTANTS = (
    _delivery("roster read by an index", wrong.with_roster(wrong.IndexRoster)),
    _delivery("roster read eventually consistently", wrong.with_roster(wrong.StaleRoster)),
    _delivery("roster of the first session of the name", wrong.with_roster(wrong.NamesakesRoster)),
    _delivery("roster's first page alone", wrong.with_roster(wrong.FirstPageRoster)),
    _delivery("roster read before the claim", wrong.RosterBeforeClaim),
    _delivery("roster without those who returned after an overtaken one", wrong.NeverOvertaken),
    _delivery("roster with those who had a sentence replayed", wrong.AlwaysOvertaken),
    _delivery("last sequence noted after the captions", wrong.noted_late()),
    _delivery("corrections not noted", wrong.with_sessions(wrong.CorrectionsUnnoted)),
    _delivery("replay without corrections", wrong.with_replay(wrong.CorrectionsSkipped)),
    _delivery("number claimed by all who ask", wrong.with_sentences(wrong.UnconditionalClaim)),
    _delivery("replay reads stale sentences", wrong.with_sentences(wrong.StaleSentences)),
    _delivery("replay without order", wrong.with_sentences(wrong.UnorderedSentences)),
    _delivery("replay skips the first sentence", wrong.with_replay(wrong.FirstSkipped)),
    _delivery("replay skips the last sentence", wrong.with_replay(wrong.LastSkipped)),
    _delivery("replay of what was heard", wrong.with_replay(wrong.AllAgain)),
    _delivery("replay without a limit", wrong.with_replay(wrong.NoLimit)),
    _delivery("counted before the replay", wrong.with_catch_up(wrong.CountedFirst)),
    _delivery("no rest for those whom the speaker overtook", wrong.with_catch_up(wrong.NothingDue)),
    _delivery("counted, whatever was spoken", wrong.with_commit(wrong.whatever_was_spoken)),
    _delivery("end of the replay not noted", wrong.with_commit(wrong.from_the_beginning)),
    _delivery("counted before the handshake is over", wrong.with_notifier(wrong.HandshakesIgnored)),
    _delivery("forgotten after a long handshake", wrong.NeverPutOff),
    _delivery("replay without a greeting", wrong.with_notifier(wrong.Ungreeted)),
    _delivery("a slice lost", wrong.with_halls(wrong.SliceLost)),
    _delivery("slices overlap", wrong.with_halls(wrong.SlicesOverlap)),
    _delivery("a slice sent by each invocation", wrong.with_tallies(wrong.ClaimedTwice)),
    _delivery("a report without the slices", wrong.with_tallies(wrong.TallyOfOne)),
    _delivery("a dead slice reported as delivered", wrong.with_halls(wrong.DeadDelivered)),
    _delivery("a report without those who are gone", wrong.with_reports(wrong.gone_omitted)),
    _delivery("a report of the failed as delivered", wrong.with_reports(wrong.failed_delivered)),
    _delivery("a report of the late as delivered", wrong.with_reports(wrong.dropped_delivered)),
    _delivery("rows of young sockets deleted", wrong.YoungDeleted),
    _delivery("captions posted again", wrong.PostedAgain),
    _delivery("an end that asks an index", wrong.EndedByIndex),
    _delivery("voices: everybody hears", wrong.with_roster(voices.EverybodyHears)),
    _delivery("voices: nobody hears", wrong.with_roster(voices.NobodyHears)),
    _delivery("voices: those who are gone hear", voices.with_voices(voices.GoneHear)),
    _delivery("voices: those without a caption hear", voices.with_voices(voices.LateHear)),
    _delivery("voices: corrections are spoken", voices.with_voices(voices.CorrectionsSpoken)),
    _delivery("voices: a sentence is asked for twice", voices.with_voices(voices.AskedTwice)),
    _delivery("voices: a slice's are not the first", wrong.with_halls(voices.UnorderedSlices)),
    _delivery("kept: after the speaker is told", keeping.SpokenFirst),
    _delivery("kept: one language's report", wrong.with_sentences(keeping.OneLanguageKept)),
    _delivery("kept: the second report", wrong.with_sentences(keeping.ReportReplaced)),
    _delivery("kept: by the name alone", wrong.with_sentences(keeping.WithoutEpoch)),
    _delivery(
        "kept: captions of what is corrected", wrong.with_sentences(keeping.CaptionsOverCorrection)
    ),
    _delivery(
        "kept: captions through corrections",
        wrong.with_sentences(keeping.CaptionsOutliveCorrection),
    ),
    _delivery("kept: numbers freed by anybody", wrong.with_sentences(keeping.ReleasedByAnybody)),
    _delivery("kept: rows deleted before the purge is noted", keeping.DeletedFirst),
    _delivery("kept: a purge that is not noted", keeping.PurgeUnnoted),
    _delivery("kept: what was on its way through a purge", keeping.NeverForgotten),
)
