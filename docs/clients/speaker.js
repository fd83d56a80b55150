/**
 * Opens a session and speaks, in a page (import { speak } from "./speaker.js"), in deno or in node:
 * deno run --allow-net speaker.js https://HOST/STAGE en < lines.txt
 * `texts` is any iterable, also an asynchronous one; `print` gets the session, then every report.
 */
export async function speak(texts, print, http, sourceLanguage) {
  const call = (method, path, headers, body) => fetch(http + path, { method, headers, body });
  const wish = JSON.stringify({ sourceLanguage });
  const answer = await call("POST", "/sessions", { "Content-Type": "application/json" }, wish);
  if (!answer.ok) throw new Error(await answer.text());
  const { sessionId, speakerToken: token, webSocketUrl } = await answer.json();
  print({ sessionId, webSocketUrl });
  const path = `/sessions/${sessionId}`;
  const headers = { Authorization: `Bearer ${token}` };
  let [newest, joined, pause, spoken] = [null, null, 1000, null]; // `spoken`: what has no report yet

  const send = () => spoken && joined?.readyState === 1 && joined.send(JSON.stringify(spoken.message));
  function open() {
    const line = (newest = new WebSocket(`${webSocketUrl}?${new URLSearchParams({ sessionId, token })}`));
    const test = () => (line.send('{"action":"heartbeat"}'), send());
    const heartbeat = setInterval(test, 30_000);
    line.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      const { type, code, details, retryAfterMs } = message;
      if (line !== newest && type === "error") return; // of a line whose successor has taken over
      if (type === "joined") [, joined, pause] = [joined?.close(), line, 1000];
      if (type === "renew") setTimeout(open, Math.random() * message.withinMs);
      // A number that was heard before is refused, so that nothing is said twice.
      else if (type === "joined" || !type) send();
      else if (retryAfterMs) setTimeout(send, retryAfterMs);
      else if (spoken && (message.sequence ?? details?.sequence) === spoken.message.sequence) spoken.settle(print(message));
    };
    line.onclose = async ({ code }) => {
      clearInterval(heartbeat);
      if (line !== newest || code === 1000) return; // another line serves, or all is over
      const state = await call("GET", path, headers).catch(() => null);
      if (state?.status === 404 || (state?.ok && !(await state.json()).isActive)) return;
      setTimeout(open, Math.random() * (pause = Math.min(2 * pause, 30_000)));
    };
  }
  open();
  let sequence = 0;
  for await (const text of texts) {
    const message = { action: "speak", sequence: ++sequence, text };
    await new Promise((settle) => ((spoken = { message, settle }), send()));
    spoken = null;
  }
  await call("DELETE", path, headers);
}

if (import.meta.main) {
  const { argv, stdin } = await import("node:process");
  const { createInterface } = await import("node:readline");
  await speak(createInterface({ input: stdin }), console.log, ...argv.slice(2));
}
