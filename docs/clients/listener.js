/**
 * Follows a talk, in a page (import { listen } from "./listener.js"), in deno or in node:
 * deno run --allow-net listener.js https://HOST/STAGE wss://HOST/STAGE NAME es [JOIN-CODE]
 * `show` gets each sentence's number and words; again when they are corrected, and null for the
 * words when they are taken back.
 */
export function listen(show, http, url, sessionId, targetLanguage, joinCode = "") {
  const query = new URLSearchParams({ sessionId, targetLanguage, ...(joinCode && { joinCode }) });
  const revisions = new Map(); // of the sentences shown; infinite where one was taken back
  let pause = 1000;

  function change(sequence, revision, text) {
    if (revision <= (revisions.get(sequence) ?? -1)) return;
    revisions.set(sequence, revision);
    // A caption may overtake a few others: who comes back asks for the last ten again.
    query.set("lastSequence", Math.max(query.get("lastSequence"), sequence - 10));
    show(sequence, text);
  }

  function open() {
    const line = new WebSocket(`${url}?${query}`);
    let silences = 0;
    const test = () => (silences++ > 1 ? line.close() : line.send('{"action":"heartbeat"}'));
    const heartbeat = setInterval(test, 60_000);
    line.onmessage = ({ data }) => {
      const { type, ...message } = JSON.parse(data);
      silences = 0;
      if (type === "caption") change(message.sequence, message.revision ?? 0, message.text);
      if (type === "retracted") change(message.sequence, Infinity, null);
      if (type === "renew") setTimeout(() => line.close(), Math.random() * message.withinMs);
      if (type === "sessionEnded") line.onclose = () => clearInterval(heartbeat);
      if (type !== "joined") return;
      pause = 1000;
      query.set("lastSequence", query.get("lastSequence") ?? Math.max(0, message.lastSequence - 3));
      if (message.resumeToken) query.set("resumeToken", message.resumeToken);
    };
    line.onclose = async () => {
      clearInterval(heartbeat);
      const headers = { "X-Join-Code": encodeURIComponent(joinCode) };
      const asked = fetch(`${http}/sessions/${sessionId}?joining=refused`, { headers });
      const state = await asked.catch(() => null);
      if (state?.status === 404 || (state?.ok && !(await state.json()).isActive)) return;
      setTimeout(open, Math.random() * (pause = Math.min(2 * pause, 30_000)));
    };
  }
  open();
}

const print = (sequence, text) => console.log(sequence, text ?? "(taken back)");
if (import.meta.main) listen(print, ...process.argv.slice(2));
