/** Copies what a page shows. Only secure pages may write to the clipboard; others copy what is selected. */

/** @param {HTMLElement} button says what became of it @param {string} text @param {HTMLElement} shown where it is to be seen */
export async function copyText(button, text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection()?.selectAllChildren(shown);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: copy it now";
  }
}
