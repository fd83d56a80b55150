/**
 * Opens a session and speaks, in a page (import { speak } from "./speaker.js"), in deno or in node:
 * deno run --allow-net speaker.js https://HOST/STAGE en < lines.txt
 * `texts` is any iterable, asynchronous too; `print` gets the session, then each report's JSON.
 */
export async function speak(texts, print, http, sourceLanguage) {
  const wish = { method: "POST", headers: { "Content-Type": "application/json" } };
  const body = JSON.stringify({ sourceLanguage });
  const answer = await fetch(`${http}/sessions`, { ...wish, body });
  if (!answer.ok) throw new Error(await answer.text());
  const { sessionId, speakerToken: token, webSocketUrl } = await answer.json();
  print({ sessionId, webSocketUrl });
  const headers = { Authorization: `Bearer ${token}` };
  let [joined, pause, sequence, spoken, settle] = [null, 1000, 0, null, null];

  // Says what has no report yet. A number that was heard is refused: nothing is said twice.
  const send = () => joined?.readyState === 1 && spoken && joined.send(JSON.stringify(spoken));
  function open() {
    const line = new WebSocket(`${webSocketUrl}?${new URLSearchParams({ sessionId, token })}`);
    const heartbeat = setInterval(() => line.send('{"action":"heartbeat"}'), 30_000);
    line.onmessage = ({ data }) => {
      const { type, code, retryAfterMs, ...message } = JSON.parse(data);
      if (type === "joined") [joined, pause] = [line, 1000];
      if (type === "joined" || !type || retryAfterMs) setTimeout(send, retryAfterMs ?? 0);
      else if (type === "renew") line.close();
      else if (code === "NOT_SPEAKER") line.onclose = () => clearInterval(heartbeat);
      else if ((message.sequence ?? message.details?.sequence) === sequence) settle(data);
    };
    line.onclose = async () => {
      clearInterval(heartbeat);
      const state = await fetch(`${http}/sessions/${sessionId}`, { headers }).catch(() => null);
      if (state?.status === 404 || (state?.ok && !(await state.json()).isActive)) return;
      setTimeout(open, Math.random() * (pause = Math.min(2 * pause, 30_000)));
    };
  }
  open();
  for await (const text of texts) {
    spoken = { action: "speak", sequence: ++sequence, text };
    print(await new Promise((reported) => ((settle = reported), send())));
  }
  spoken = { action: "end" };
  send();
}

if (import.meta.main) {
  const lines = (await import("node:readline")).createInterface({ input: process.stdin });
  // Its iterator is made at once: lines that come before there is one are lost.
  await speak(lines[Symbol.asyncIterator](), console.log, ...process.argv.slice(2));
}
