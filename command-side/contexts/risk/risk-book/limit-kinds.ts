/** What a limit can be set on; money in the base currency, ratios as fractions of 1. */
export const limitKinds = [
  "gross_exposure",
  "position_notional",
  "order_notional",
  "open_positions",
  "leverage",
  "concentration",
  "drawdown",
  "daily_loss",
  "volatility",
  "value_at_risk",
  "expected_shortfall",
] as const;

export type LimitKind = (typeof limitKinds)[number];

/** Kinds that may also be set on one asset. */
const PER_ASSET: readonly LimitKind[] = ["position_notional", "concentration"];
/** Kinds that are measured from a start, which a reset moves. */
const WINDOWED: readonly LimitKind[] = ["drawdown", "daily_loss"];

/** Mildest first: what a breach of the limit stops (`close` also asks for the positions' sale). */
export const limitActions = ["alert", "block_new", "reduce_only", "close"] as const;

export type LimitAction = (typeof limitActions)[number];

export function mayNameAsset(kind: LimitKind): boolean {
  return PER_ASSET.includes(kind);
}

export function hasWindow(kind: LimitKind): boolean {
  return WINDOWED.includes(kind);
}

/** One limit per kind and asset. */
export function limitIdOf(kind: LimitKind, asset: string | null): string {
  return asset === null ? kind : `${kind}:${asset}`;
}
