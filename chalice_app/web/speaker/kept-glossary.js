/** The words that this browser saved last: the same speaker's next session can use them. */
import { keep, recall } from "./browser-storage.js";

const KEY = "glossary";

/** Those of an earlier session in the same language. @param {HeldSession} session @returns {KeptGlossary | null} */
export function keptGlossary({ sessionId, sourceLanguage }) {
  try {
    const kept = JSON.parse(recall(KEY) ?? "null");
    const isOther = kept?.sourceLanguage === sourceLanguage && kept.sessionId !== sessionId;
    return isOther && kept.terms.length + kept.blocked.length > 0 ? kept : null;
  } catch {
    return null;
  }
}

/** @param {HeldSession} session @param {Glossary} glossary */
export function keepGlossary({ sessionId, sourceLanguage }, { terms, blocked }) {
  keep(KEY, JSON.stringify({ sessionId, sourceLanguage, terms, blocked }));
}
