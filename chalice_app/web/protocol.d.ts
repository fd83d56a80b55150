/**
 * What the server sends, as docs/protocol.md and chalice_app/operations/messages.py describe it, for
 * `make check` alone: browsers do not load this file. Each `...At` and each `at`, `begin` and `since`
 * is in epoch milliseconds.
 */

interface Language {
  code: string;
  name: string;
  nativeName: string;
  direction: "ltr" | "rtl";
  quality?: string;
  /** How good the stage's recogniser is, where it has one for the language. */
  dictation?: string;
  /** How good the stage's voice is, where it has one for the language. */
  voice?: string;
}

/** Listeners by language. */
type Counts = Record<string, number>;

interface Session {
  sessionId: string;
  sourceLanguage: string;
  isActive: boolean;
  isFull?: boolean;
  listenerCount: number;
  languages: Counts;
  voices?: Counts;
  createdAt: number;
  expiresAt: number;
  title?: string | null;
  drafts?: "source" | "off";
  /** How long what was said is kept after the end. */
  retentionHours?: number;
  /** Who may download the transcript. */
  transcript?: "speaker" | "everyone";
  /** For its speaker alone. */
  refused?: Refused;
}

interface OpenedSession {
  sessionId: string;
  speakerToken: string;
  sourceLanguage: string;
  webSocketUrl: string;
  expiresAt: number;
}

/** It stays as it is, or is said so in each language. */
interface GlossaryTerm {
  source: string;
  keep?: boolean;
  targets?: Record<string, string>;
  caseSensitive?: boolean;
}

interface Glossary {
  terms: GlossaryTerm[];
  blocked: string[];
}

interface Joined {
  type: "joined";
  sessionId: string;
  role: "speaker" | "listener";
  sourceLanguage: string;
  targetLanguage?: string;
  lastSequence: number;
  resumeToken?: string;
  /** The speaker has emptied all overlays. */
  overlaysHidden?: boolean;
}

interface Caption {
  type: "caption";
  sessionId: string;
  sequence: number;
  language: string;
  text: string;
  sourceLanguage: string;
  spokenAt: number;
  untranslated?: boolean;
  /** A correction: it replaces the caption of that sequence. Absent: as it was spoken. */
  revision?: number;
}

/** Words of the sentence to come, which may still change; an empty text clears them. */
interface Draft {
  type: "draft";
  sequence: number;
  language: string;
  text: string;
}

/** A sentence's sound, or a part of it, for those who asked for the voice; after its caption, or never. */
interface Speech {
  type: "speech";
  sequence: number;
  language: string;
  /** Answers a GET for a day. */
  url: string;
  durationMs: number;
  contentType: string;
  /** From 1; absent where a sentence is in one part. */
  part?: number;
  parts?: number;
}

/** A sentence was taken back. */
interface Retracted {
  type: "retracted";
  sequence: number;
}

interface LanguageReport {
  listeners: number;
  delivered: number;
  gone: number;
  dropped: number;
  cached: boolean;
  failed?: boolean;
  overBudget?: boolean;
}

/** A sentence's delivery report. */
interface Spoken {
  type: "spoken";
  sequence: number;
  languages: Record<string, LanguageReport>;
  durationMs: number;
}

/** The delivery report of a correction, or of a retraction. */
interface Corrected {
  type: "corrected";
  sequence: number;
  revision: number;
  languages: Record<string, LanguageReport>;
  durationMs?: number;
}

/** No voice could be made of a sentence: the engine failed, or the session's budget is spent. */
interface SpeechFailed {
  type: "speechFailed";
  sequence: number;
  language: string;
  reason: "failed" | "overBudget";
}

interface RosterMessage {
  type: "roster";
  listenerCount: number;
  languages: Counts;
  /** Of these, who also hears the language's voice. */
  voices?: Counts;
}

interface SessionStatus extends Session {
  type: "sessionStatus";
  /** The speaker has emptied all overlays. */
  overlaysHidden?: boolean;
}

/** The speaker empties all overlays, or fills them again. */
interface Overlays {
  type: "overlays";
  hidden: boolean;
}

interface Renew {
  type: "renew";
  withinMs: number;
}

interface SessionEnded {
  type: "sessionEnded";
  reason: string;
}

interface HeartbeatAck {
  type: "heartbeatAck";
}

interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  requestId?: string;
  retryAfterMs?: number;
  /** `lastSequence`: the sentence's number was spoken before. `term`, `blocked`: which of the glossary's is wrong, from 0. */
  details?: { sequence?: number; lastSequence?: number; retryAfterMs?: number; term?: number; blocked?: number };
}

type ServerMessage =
  | Joined
  | Caption
  | Draft
  | Speech
  | Retracted
  | Spoken
  | Corrected
  | SpeechFailed
  | RosterMessage
  | SessionStatus
  | Overlays
  | Renew
  | SessionEnded
  | HeartbeatAck
  | ErrorMessage;

/** When a sentence's first word began to sound and its last word ended, in milliseconds before the message was sent. */
interface SpokenSound {
  beganMsAgo: number;
  endedMsAgo: number;
}

type ClientMessage =
  | { action: "speak"; sequence: number; text: string; sound?: SpokenSound; sourceLanguage?: string }
  | { action: "draft"; sequence: number; text: string }
  | { action: "correct"; sequence: number; text: string }
  | { action: "changeLanguage"; targetLanguage: string; voice?: boolean }
  | { action: "overlays"; hidden: boolean }
  | { action: "heartbeat" }
  | { action: "status" }
  | { action: "end" };

/** One value a minute, oldest first; null where nothing was measured. */
type Minutes = (number | null)[];

interface Alarm {
  name: string;
  state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  since: number;
  value: number | null;
  unit: "Percent" | "Count" | "Milliseconds";
  threshold: number;
  comparison: string;
  /** The length of one period. */
  minutes: number;
  periods: number;
}

/** An alarm that the stage does not have. */
interface MissingAlarm {
  name: string;
  state: "MISSING";
}

interface Measurements {
  begin: number;
  latencyMedian: Minutes;
  latencyP99: Minutes;
  sentences: Minutes;
  cacheHitRate: Minutes;
  cacheSize: Minutes;
  lags: { rosters?: Minutes; cache?: Minutes };
  alarms: (Alarm | MissingAlarm)[];
}

/** Handshakes, by the error's code, of the last minutes. */
interface Refused {
  minutes: number;
  reasons: Record<string, number>;
}

interface OperatedSession {
  sessionId: string;
  sourceLanguage: string;
  listenerCount: number;
  languages: Counts;
  voices?: Counts;
  hasSpeaker: boolean;
  refused: Refused;
  lastSequence: number;
  createdAt: number;
  expiresAt: number;
  title?: string | null;
}

interface StageState {
  stage: string;
  at: number;
  sessions: OperatedSession[];
  hasMoreSessions: boolean;
  measurements: Measurements | null;
}

/** A row of the event report: one sentence in one language. */
interface ReportRow {
  sequence: number;
  spokenAt: number;
  language: string;
  listeners: number;
  delivered: number;
  gone: number;
  dropped: number;
  failed: number;
  latencyMs: number;
  cached: boolean;
  untranslated: boolean;
}

/** Who listened from that time on; an entry wherever it changed. */
interface AudienceAt {
  at: number;
  languages: Counts;
  voices: Counts;
}

/** `GET /sessions/{id}/report`. */
interface EventReport {
  sessionId: string;
  title: string | null;
  sourceLanguage: string;
  startedAt: number;
  /** null while the session runs. */
  endedAt: number | null;
  asOf: number;
  sentences: ReportRow[];
  listeners: AudienceAt[];
  totals: { listeners: number; delivered: number; gone: number; dropped: number; failed: number };
  figures: {
    sentences: number;
    unreported: number;
    corrected: number;
    retracted: number;
    mostListeners: number;
    mostVoices: number;
    /** Empty where nothing was delivered. */
    latencyMs: { p50?: number; p95?: number; p99?: number };
    untranslated: number;
    overBudget: number;
    charactersTranslated: number;
    charactersSaved: number;
    dollars: number;
  };
  /** null where it could not be read. */
  refused: Record<string, number> | null;
}
