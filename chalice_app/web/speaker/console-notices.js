/** What the speaker's console says about its connection, its budget and other tabs. */

export const STATES = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", over: "Not connected" };
export const LOST = "The connection is lost. What you say is kept and sent as soon as it is back.";
export const REFUSED =
  "The server answers, but does not let this tab in. It is very busy, or another tab has opened the " +
  "session. This page keeps trying.";
export const LIMITED =
  "Too many connections come from your network at once. This page has to wait, a minute at most. " +
  "What you say is kept.";
export const OVER_BUDGET =
  "The session’s translation budget is used up. From now on listeners read your own words, and " +
  "translations only of sentences that were said before.";
export const DISPLACED =
  "Another tab or device speaks in this session now. What you type here is not sent.";
