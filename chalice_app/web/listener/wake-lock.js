/** Keeps a phone's screen on while captions are read (the Screen Wake Lock API). */
export function keepScreenOn() {
  // The system releases the lock when the page is hidden.
  document.addEventListener("visibilitychange", requestLock);
  requestLock();
}

async function requestLock() {
  try {
    if (!document.hidden) await navigator.wakeLock?.request("screen");
  } catch {
    // The system refuses it, for example because the battery is low.
  }
}
