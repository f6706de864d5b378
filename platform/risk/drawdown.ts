/** How far a series has fallen from its highest value, with the times of both ends. */
interface Drawdown {
  /** 1 − value / peak. */
  readonly fraction: number;
  readonly peakAtMs: number;
  readonly troughAtMs: number;
}

/** A series as far as it has been followed: what the next value is measured against. */
export interface DrawdownSoFar {
  readonly peak: number;
  readonly peakAtMs: number;
  /** Of the latest value. */
  readonly fraction: number;
  /** The deepest ever. */
  readonly deepest: Drawdown;
}

/** A series begins at its peak: a loss at the very start is a drawdown, too. */
export function beginDrawdown(value: number, atMs: number): DrawdownSoFar {
  const deepest = { fraction: 0, peakAtMs: atMs, troughAtMs: atMs };
  return { peak: value, peakAtMs: atMs, fraction: 0, deepest };
}

export function nextDrawdown(before: DrawdownSoFar, value: number, atMs: number): DrawdownSoFar {
  const rises = value > before.peak;
  const peak = rises ? value : before.peak;
  const peakAtMs = rises ? atMs : before.peakAtMs;
  const fraction = peak > 0 ? 1 - value / peak : 0;
  const deepest =
    fraction > before.deepest.fraction ? { fraction, peakAtMs, troughAtMs: atMs } : before.deepest;
  return { peak, peakAtMs, fraction, deepest };
}
