/** Reads and writes the browser's storage. Where the browser allows none, nothing is kept. */

/** @param {string} name @param {StorageName} storage */
export function recall(name, storage = "localStorage") {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value "" removes it @param {StorageName} storage */
export function keep(name, value, storage = "localStorage") {
  try {
    if (value) window[storage].setItem(name, value);
    else window[storage].removeItem(name);
  } catch {
    // Not allowed, or full.
  }
}
