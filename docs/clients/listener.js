/**
 * Follows a talk, in a page (import { listen } from "./listener.js"), in deno or in node:
 * deno run --allow-net listener.js https://HOST/STAGE wss://HOST/STAGE golden-eagle-427 es [JOIN-CODE]
 * `show` gets a Map of all captions by number, and the number of the one that has changed.
 */
export function listen(show, http, url, sessionId, targetLanguage, joinCode = "") {
  const query = new URLSearchParams({ sessionId, targetLanguage, ...(joinCode && { joinCode }) });
  const [revisions, captions] = [new Map(), new Map()];
  let [newest, joined, pause] = [null, null, 1000];

  function change(sequence, revision, text) {
    if (revision <= (revisions.get(sequence) ?? -1)) return;
    revisions.set(sequence, revision); // infinite where it was taken back: it stays away
    if (text === null) captions.delete(sequence);
    else captions.set(sequence, text);
    // A caption may overtake a few others: who comes back asks for the last ten again.
    query.set("lastSequence", Math.max(query.get("lastSequence"), Math.max(...revisions.keys()) - 10));
    show(captions, sequence);
  }

  function open() {
    const line = (newest = new WebSocket(`${url}?${query}`));
    let silences = 0;
    const test = () => (silences++ > 1 ? line.close() : line.send('{"action":"heartbeat"}'));
    const heartbeat = setInterval(test, 60_000);
    line.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      silences = 0;
      if (message.type === "caption") change(message.sequence, message.revision ?? 0, message.text);
      if (message.type === "retracted") change(message.sequence, Infinity, null);
      if (message.type === "renew") setTimeout(open, Math.random() * message.withinMs);
      if (message.type !== "joined") return;
      query.set("resumeToken", message.resumeToken);
      if (!query.has("lastSequence")) query.set("lastSequence", Math.max(0, message.lastSequence - 3));
      joined?.close(); // the former line has served until now
      [joined, pause] = [line, 1000];
    };
    line.onclose = async (closed) => {
      clearInterval(heartbeat);
      if (line !== newest || closed.code === 1000) return; // another line serves, or all is over
      const [token, code] = [query.get("resumeToken"), encodeURIComponent(joinCode)];
      const headers = token ? { "X-Resume-Token": token } : code ? { "X-Join-Code": code } : {};
      const state = await fetch(`${http}/sessions/${sessionId}?joining=refused`, { headers }).catch(() => null);
      if (state?.status === 404 || (state?.ok && !(await state.json()).isActive)) return;
      setTimeout(open, Math.random() * (pause = Math.min(2 * pause, 30_000)));
    };
  }
  open();
}

if (import.meta.main) {
  const { argv } = await import("node:process");
  listen((captions, changed) => console.log(changed, captions.get(changed) ?? "(taken back)"), ...argv.slice(2));
}
