/** The browser's download of what a page has made or fetched. */

/** The saved file is read after the click, so its address lives on for a while. */
const SAVED_MS = 60_000;

/** Saves it where the browser saves downloads. @param {{blob: Blob, name: string}} file */
export function saveFile({ blob, name }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_MS);
}
