/**
 * What the pages' modules hand to each other, for `make check` alone: browsers do not load this file,
 * so that its prose does not weigh on a hall's network.
 */

/** What lets a client in: the session's code, the listener's token of an earlier `joined`, or the speaker's. */
interface Pass {
  joinCode?: string;
  resumeToken?: string;
  token?: string;
}

/** Whether a session can be joined. "limited": too many join it, or from this address. */
type JoinState = "open" | "full" | "limited" | "ended" | "missing" | "unreachable";

interface JoinAnswer<State> {
  state: State;
  /** No handshake is let in before; 0 where the server names no time. */
  retryAfterMs: number;
}

type SocketState = "connecting" | "live" | "waiting" | "over";

interface SocketOptions {
  /** Called at each try. */
  address: () => string;
  /** Called after a refused handshake, because browsers do not show its status. */
  joinState: () => Promise<JoinAnswer<JoinState | "unsupported">>;
  onMessage: (message: ServerMessage) => void;
  /**
   * `why` is "" or a join state. While "waiting" it may be "refused": the session is open, and yet
   * handshake after handshake fails. When "over" it may be what `close` was called with. `waitMs`: the
   * next try comes after so many milliseconds; 0 where that is not known.
   */
  onState: (state: SocketState, why: string, waitMs: number) => void;
  /** The server has closed the socket. Without this function that is a loss like any other. */
  onServerClose?: () => void;
  /** Called before a renewal: true puts it off, for some seconds at most. */
  isBusy?: () => boolean;
  /** The server closes the former connection as soon as it admits the next one's handshake. */
  displaces?: boolean;
  /** The silence, in milliseconds, after which a heartbeat tests the socket. */
  quietMs: number;
}

/** Where captions are shown. A caption that is corrected or taken back may be gone from it. */
interface CaptionScreen {
  show: (caption: Caption) => void;
  correct: (caption: Caption) => void;
  retract: (sequence: number) => void;
}

/** What an overlay's address asks for. */
interface OverlayOptions {
  /** "" where it names none. */
  language: string;
  /** "" where it names none. */
  second: string;
  lines: number;
  /** Of the letters, in pixels on a page of 1080 lines. */
  size: number;
  /** Of the lines, in percent of the page. */
  width: number;
  isBlocks: boolean;
  align: string;
  isTop: boolean;
  background: string;
  /** What is wrong with it, for the producer. */
  problems: string[];
}

/** A line, or a block of lines, of an overlay. Times are those of `performance.now()`. */
interface FlowStep {
  sequence: number;
  /** Which of its caption's steps it is, from 0. */
  part: number;
  text: string;
  addedAt: number;
  /** It appears then at the latest. */
  dueAt: number;
  shownAt: number;
  /** When a reader has come to its end. */
  readAt: number;
}

/** When a sentence's first word began to sound and its last word ended, by `performance.now()`. */
interface SoundTimes {
  beganAt: number;
  endedAt: number;
}

/** A sentence of the speaker's. */
interface Sentence {
  text: string;
  /** Null where nobody knows: it was typed. */
  sound: SoundTimes | null;
  /** 0 until it is sent. */
  sequence: number;
  /** "said": the server has it, but its report was lost. "unanswered": nobody knows what became of it. */
  state: "queued" | "sent" | "said" | "failed" | "unanswered" | "reported";
  /** How often it was sent under its number since the server last said anything of it. */
  tries: number;
  /** Of its newest revision. */
  report: Spoken | Corrected | null;
  /** The newest one that the speaker asked for. */
  correction?: Correction;
}

interface Correction {
  /** "" takes the sentence back. */
  text: string;
  /** What the speaker asked for while this one was on its way. */
  following: string | null;
  state: "queued" | "sent" | "corrected" | "retracted" | "failed";
  tries: number;
  /** It was sent more than once, so that the first may have had its effect. */
  isRepeated: boolean;
  /** How many of it have no answer yet, on this connection. */
  open: number;
  /** How many reports of the former correction of this sentence may still come. */
  stale: number;
  /** Why it failed. */
  problem: string;
  /** The newest that the server has reported; 0 for none. */
  revision: number;
}

interface CorrectedSentence extends Sentence {
  correction: Correction;
}

/** A row of the glossary's table. `keep` outweighs what is in the languages' columns. */
interface TermRow {
  source: string;
  keep: boolean;
  caseSensitive: boolean;
  targets: Record<string, string>;
}

/** The glossary that this browser saved last, and for which session. */
interface KeptGlossary extends Glossary {
  sessionId: string;
  sourceLanguage: string;
}

/** A sentence that waits for the speaker's review. */
interface HeldSentence {
  text: string;
  /** As the recogniser had it. */
  heard: string;
  /** Absent after a reload: the page's clock began anew. */
  sound?: SoundTimes | null;
  /** "counting": goes by itself; "stopped": the speaker is or was in it; "ready": goes as soon as it may. */
  state: "counting" | "stopped" | "ready";
  /** By `performance.now()`; Infinity while nothing counts. */
  dueAt: number;
}

/** From what comes before sending to the outbox. */
interface Way {
  sessionId: string;
  /** The speaker's. */
  token: string;
  /** The tag of what is spoken. */
  language: string;
  /** Whether the page is connected, not paused and not displaced. */
  mayGo: () => boolean;
  /** Does nothing while the speaker may not send. */
  say: (text: string) => void;
  /** Also what was heard before a pause, or before another tab took over. */
  send: (text: string, sound?: SoundTimes | null) => void;
}

interface DirectedWay extends Way {
  direction: string;
}

/** A sentence or a heading of a prepared text. `mark`: what became of it, "waits" before the outbox has it. */
interface PreparedLine {
  text: string;
  isHeading: boolean;
  isParagraph: boolean;
  mark: "" | "waits" | Sentence["state"];
}

/** One result of the browser's speech recognition. */
interface RecognitionSlot {
  text: string;
  isFinal: boolean;
  /** Chrome on Android marks a guess as final with 0. */
  confidence?: number;
}

type MicrophoneEvent =
  /** The speaker's switch. "finish" waits for nothing. */
  | { type: "on" }
  | { type: "off" }
  | { type: "finish" }
  /** The recogniser's. `results` are all that it has, whatever its `resultIndex`. */
  | { type: "result"; results: RecognitionSlot[] }
  | { type: "error"; error: string }
  | { type: "end" }
  /** The clock's, at `wakeAt`. */
  | { type: "tick" }
  /** A pause before the next try has lost its reason. */
  | { type: "retry" };

type MicrophoneCommand =
  /** A new recogniser; "abort": it sends nothing any more, not even its end. */
  | { do: "start" }
  | { do: "stop" }
  | { do: "abort" }
  | { do: "say"; text: string }
  | { do: "interim"; text: string }
  /** `problem` is "", an error of the recogniser's, "unsteady" or "interrupted". */
  | { do: "show"; isOn: boolean; problem: string };

/** Of a recogniser. Times are whole milliseconds on the talk's audio clock: the audio captured since dictation began. */
interface HeardItem {
  content: string;
  kind: "word" | "punctuation";
  startMs: number;
  endMs: number;
  /** The recogniser will not change it. */
  stable: boolean;
}

interface HeardResult {
  id: string;
  partial: boolean;
  startMs: number;
  endMs: number;
  items: HeardItem[];
}

interface HeardSentence {
  text: string;
  startMs: number;
  endMs: number;
}

interface Heard {
  sentences: HeardSentence[];
  /** The words that are not yet a sentence, as they would be shown. */
  draft: string;
}

/** A word with the punctuation around it. */
interface HeardWord {
  text: string;
  before: string;
  after: string;
  startMs: number;
  endMs: number;
  isStable: boolean;
  isAfterStable: boolean;
  /** It is the last of a final result. */
  endsResult: boolean;
}

/** What the speaker asks for when a session is opened. "" leaves it to the stage. */
interface WantedSession {
  sourceLanguage: string;
  joinCode: string;
  profanity: string;
  formality: string;
  /** How long what was said is kept after the end; absent: as long as the stage keeps it by itself. */
  retentionHours?: number;
  /** Who may download it. "" is the speaker alone. */
  transcript: "" | "everyone";
}

/** Where the speaker signs in. `origins` are those that the page may ask. */
interface Provider {
  issuer: string;
  clientId: string;
  origins: string[];
}

/** The parts of a provider's description that the page uses (OpenID Connect Discovery 1.0, 3). */
interface ProviderMetadata {
  authorization_endpoint: string;
  token_endpoint: string;
}

/** What the tab keeps while the person is at the provider's. */
interface PendingSignIn {
  state: string;
  nonce: string;
  verifier: string;
  redirectUri: string;
  wanted: WantedSession;
}

/** A provider's answer. `finished` gets the token, or rejects with a SignInError. */
interface SignInAnswer {
  wanted: WantedSession | null;
  finished: () => Promise<void>;
}

/** Asks a provider: a GET, or a POST of the form. Rejects with a SignInError when nothing comes back. */
type Ask = (url: string, form?: Record<string, string>) => Promise<{ status: number; body: any }>;

/** A session that this page speaks in. */
interface HeldSession {
  sessionId: string;
  speakerToken: string;
  sourceLanguage: string;
  webSocketUrl: string;
  /** "" for none. */
  joinCode?: string;
  /** Absent: the stage's own. */
  retentionHours?: number;
  /** The languages that somebody listened to, in the order in which they came. */
  listened?: string[];
}

/** A session that has ended, of which something is kept. */
interface EndedSession extends HeldSession {
  /** In epoch milliseconds, by this browser's clock. */
  keptUntil: number;
}

/** A transcript that is asked for. `beside`: a second language; "" for none. */
interface WantedTranscript {
  sessionId: string;
  format: string;
  language: string;
  beside: string;
}

/** "nothing": none of it is kept, or it is not for this reader. */
type TranscriptProblem = "cancelled" | "offline" | "limited" | "nothing" | "failed";

/** What the panel "What remains" is about, and what it can do. */
interface RemainsOptions {
  session: HeldSession;
  languages: Language[];
  /** Everything that was said has been deleted. */
  onPurged: () => void;
  /** The switch of the overlays; null once the session is over. */
  overlays: OverlaySwitch | null;
}

/** What the overlays show, as far as this page knows. */
interface OverlaySwitch {
  readonly isHidden: boolean;
  /** Whether the server has not confirmed it yet. */
  readonly isPending: boolean;
  hide: (isHidden: boolean) => void;
  /** Called after each change. */
  onChange: () => void;
}

type AnyAlarm = Alarm | MissingAlarm;

/** Writes a value with its unit. */
type Unit = (value: number) => string;

/** A value's vertical place in a chart. */
type Scale = (value: number) => number;

interface Series {
  name: string;
  points: Minutes;
}

type Field =
  | "latencyMedian"
  | "latencyP99"
  | "sentences"
  | "cacheHitRate"
  | "cacheSize"
  | "rostersLag"
  | "cacheLag";

interface ChartSpec {
  title: string;
  unit: Unit;
  /** The chart's upper edge is not below it. */
  floor: number;
  /** The alarm's limit. */
  limit?: number;
  /** What the chart draws of the points. */
  as?: (points: Minutes) => Minutes;
  series: [name: string, field: Field][];
}

/** The tab's own storage, or the browser's. */
type StorageName = "sessionStorage" | "localStorage";

/** What makes sentences of results: `Segmenter` of segmenter.js. */
interface SpeechSegmenter {
  hear(result: HeardResult): Heard;
  advance(audioMs: number): Heard;
  finish(): Heard;
  restart(availableFromMs: number): Heard & { resumeMs: number };
}

/** Permission for a recogniser's stream, as `POST /sessions/{id}/transcription` answers it. */
interface Grant {
  url: string;
  /** In epoch milliseconds: until then a stream can be opened with it. */
  expiresAt?: number;
  /** Of the session's minutes; a session without a limit has no such field. */
  remainingSeconds?: number;
}

/** What TranscribeStream uses of a WebSocket. */
interface AudioSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

interface StreamClock {
  /** In milliseconds; it never goes back. */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
  /** Calls it again and again. Returns what ends that. */
  every(milliseconds: number, act: () => void): () => void;
}

interface StreamOptions {
  /** Rejects with an error that has `status`, `code` and `retryAfterMs` as ApiError has; `status` 0: no answer. */
  grant: () => Promise<Grant>;
  /** The stream is over: its minutes need not be counted any more. */
  release: () => void;
  openSocket: (url: string) => AudioSocket;
  segmenter: SpeechSegmenter;
  onSentence: (sentence: HeardSentence, sound: SoundTimes | null) => void;
  onDraft: (text: string) => void;
  onState: (state: StreamState) => void;
  /** Whether something else hears the speaker when this gives up. Without it, it goes on trying. */
  mayGiveUp?: () => boolean;
  /** How long `finish` waits for the last words; 5,000 ms. */
  finishMs?: number;
  clock?: StreamClock;
}

interface StreamState {
  /** "resting": a long pause has ended the stream. "over": it has given up; `start` tries anew. */
  state: "off" | "connecting" | "live" | "resting" | "over";
  /**
   * "wordless": sound, and no answer yet; "unanswering": for so long that the stream was opened anew.
   * "behind": the line is too slow. "spent", "unsupported" and "refused" are the grant's.
   */
  problem:
    | ""
    | "wordless"
    | "unanswering"
    | "unreachable"
    | "failing"
    | "limited"
    | "behind"
    | "spent"
    | "unsupported"
    | "refused";
  /** When it is over: so much of the latest speech has become no words. */
  unheardMs: number;
}

/** Who can hear the speaker: the stage's recogniser, the browser's own. */
interface Recognisers {
  stage: boolean;
  browser: boolean;
  any: boolean;
}

interface MicrophoneOptions extends Way {
  recognisers: Recognisers;
  /** The review: sentences go by it, and while it is on, what is heard is not shown to readers yet. */
  before: { heard: (text: string, sound: SoundTimes | null) => void; readonly isOn: boolean };
  roster: { readonly codes: string[] };
  outbox: { readonly next: number };
  socket: { send: (message: ClientMessage) => boolean };
}

interface StageDictationOptions {
  sessionId: string;
  token: string;
  language: string;
  mayGiveUp: () => boolean;
  onInterim: (text: string) => void;
  onSentence: (text: string, sound: SoundTimes | null) => void;
  /** `notice` and `heardBy` are texts; "" for none. */
  onChange: (isOn: boolean, notice: string, heardBy: string) => void;
  /** The microphone's stream; null when there is none any more. */
  onStream: (stream: MediaStream | null) => void;
  /** Somebody else must hear the speaker; with the reason as a text. */
  onGaveUp: (why: string) => void;
}

/** A sentence, or a part of it, that is to be heard: at an address, or as words for the device's own voice. */
interface Sound {
  sequence: number;
  language: string;
  /** At its own pace. 0: nobody knows. */
  durationMs: number;
  part?: number;
  parts?: number;
  url?: string;
  text?: string;
}

interface QueuedSound extends Sound {
  part: number;
  arrivedAt: number;
  /** When it would be heard by somebody who is never late: later parts of a sentence follow the first. */
  dueAt: number;
}

/** Why a sentence is not heard. */
type SkipReason = "behind" | "missing" | "failed" | "pause";

/** "blocked": the browser wants a tap first. "failing": several sounds in a row could not be played. */
type PlayerState = "off" | "on" | "paused" | "blocked" | "failing";

type Outcome = "ended" | "failed" | "blocked" | "stopped";

/** What sounds: one sound at a time. */
interface VoiceSource {
  /** These will be played soon. */
  prepare: (sounds: QueuedSound[]) => void;
  /** It will not be played, or not again. */
  forget: (sound: QueuedSound) => void;
  /** Resolves when it is over. `onDuration`: it begins now, and is so long. */
  play: (sound: QueuedSound, rate: number, onDuration: (durationMs: number) => void) => Promise<Outcome>;
  setRate: (rate: number) => void;
  /** Resolves when nothing sounds any more. */
  stop: () => Promise<void>;
  /** False: what was playing has to begin again. */
  pause: () => boolean;
  resume: () => void;
  /** Nothing is to be heard now: the page stays ready to play, or not. */
  rest: (isOn: boolean) => void;
}

interface PlayerClock {
  /** In milliseconds. */
  now: () => number;
  /** Returns what cancels it. */
  after: (milliseconds: number, act: () => void) => () => void;
}

interface PlayerOptions {
  source: VoiceSource;
  clock: PlayerClock;
  onSkip: (sequences: number[], why: SkipReason) => void;
  onState: (state: PlayerState) => void;
}

interface ListeningOptions {
  list: import("./listener/caption-list.js").CaptionList;
  /** Whether the stage has a voice for any language. */
  hasVoices: () => boolean;
  /** The server has to hear of the wish. */
  onWish: () => void;
  /** What plays the voice could not be loaded. */
  onFailed: () => void;
}

interface VoiceParts extends ListeningOptions {
  /** Unlocked by a tap. */
  audio: HTMLAudioElement;
  /** The address of a second of silence. */
  silence: string;
  /** Whether a voice is heard now. */
  onReads: (reads: boolean) => void;
}

interface PlayerBarOptions {
  onPause: () => void;
  onResume: () => void;
  onVolume: (volume: number, isMuted: boolean) => void;
  onDevice: (isWanted: boolean) => void;
}

/** Several rows of the event report together: when and what of the first, `latencyMs` of the slowest. */
interface RowSum extends Omit<ReportRow, "cached" | "untranslated"> {
  /** The languages of the untranslated ones. */
  untranslated: string[];
  cached: number;
  rows: number;
}
