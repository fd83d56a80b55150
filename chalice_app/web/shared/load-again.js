// Loads the page again where one of its scripts did not come: without it, nothing on the page answers. A phone
// that is just given its addresses in a Wi-Fi drops all that it loads (ERR_NETWORK_CHANGED). A classic script, run
// before the others are asked for.
(() => {
  const FIRST_PAUSE_MS = 1_000;
  const NEXT_PAUSE_MS = 10_000;

  window.addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLScriptElement)) return;
    const isAgain = performance.getEntriesByType("navigation").some((visit) => "type" in visit && visit.type === "reload");
    // Random, so that a hall does not come at once.
    setTimeout(() => location.reload(), (isAgain ? NEXT_PAUSE_MS : FIRST_PAUSE_MS) * (1 + Math.random()));
  }, true);
})();
