/** A phone that goes dark in the middle of a talk is of no use to its owner. */
export function stayAwake() {
  // The system forgets it whenever the page is out of sight.
  document.addEventListener("visibilitychange", ask);
  ask();
}

async function ask() {
  try {
    if (!document.hidden) await navigator.wakeLock?.request("screen");
  } catch {
    // Low battery: the system knows better.
  }
}
