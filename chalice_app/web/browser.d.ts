/**
 * What browsers have and TypeScript's DOM library lacks, for `make check` alone: browsers do not load
 * this file. Chromium and Safari name the recognition with their prefix.
 */
interface SpeechRecognition extends EventTarget {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  onresult: ((event: SpeechRecognitionEvent) => void) | null;
  onerror: ((event: SpeechRecognitionErrorEvent) => void) | null;
  onend: (() => void) | null;
  start(): void;
  stop(): void;
  abort(): void;
}

interface Window {
  readonly SpeechRecognition?: new () => SpeechRecognition;
  readonly webkitSpeechRecognition?: new () => SpeechRecognition;
}

/** An audio worklet's own world. */
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
