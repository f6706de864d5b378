/** Open lots of one asset; a further acquisition is refused. About 0.5 KB each in memory. */
export const MAX_OPEN_LOTS_PER_ASSET = 100_000;
/** Assets one portfolio may ever hold. */
export const MAX_ASSETS = 1_000;
/** Newest trades, deposits and withdrawals of which it is known how to undo them: 6.5 KB each. */
export const MAX_REVERSIBLE_MOVEMENTS = 100;
/** Used-up lots kept for undoing, over all those movements. */
export const MAX_LOTS_KEPT_FOR_REVERSAL = 10_000;
