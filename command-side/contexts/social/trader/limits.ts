/** Traders that one may follow, block or copy; a trader's followers have no limit. */
export const FOLLOWED_TRADERS = 10_000;
export const BLOCKED_TRADERS = 10_000;
export const COPIED_TRADERS = 100;
/** The most copiers that a trader may let in. */
export const COPIERS = 10_000;
