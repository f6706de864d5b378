import { type Decimal, product, ZERO } from "../kernel/decimal.ts";

/** A position in units of the base currency; `value` is null where no price is known. */
export interface Valued {
  readonly value: Decimal | null;
}

/** Quantity times price, rounded once; null without a price. */
export function worthOf(quantity: Decimal, price: Decimal | null): Decimal | null {
  return price === null ? null : product(quantity, price);
}

interface Held {
  readonly quantity: Decimal;
  /** Of one unit in the base currency. */
  readonly price: Decimal | null;
}

interface Worth {
  readonly value: Decimal | null;
  readonly share: number;
}

/** Positions with their worth, and each with its share of the gross exposure. */
export function withShares<Position extends Held>(
  positions: readonly Position[],
): readonly (Position & Worth)[] {
  const valued = positions.map((position) => {
    return { ...position, value: worthOf(position.quantity, position.price) };
  });
  const { gross } = exposures(valued);
  return valued.map((position) => ({ ...position, share: shareOf(position.value, gross) }));
}

/** Σ|v| and Σv of what has a price. */
export function exposures(positions: readonly Valued[]): { gross: Decimal; net: Decimal } {
  let [gross, net] = [ZERO, ZERO];
  for (const { value } of positions) {
    if (value === null) continue;
    gross = gross.plus(value.abs());
    net = net.plus(value);
  }
  return { gross, net };
}

/** |v| / Σ|v|; 0 of what has no price, and where nothing is exposed. */
export function shareOf(value: Decimal | null, gross: Decimal): number {
  return value === null || gross.isZero() ? 0 : value.abs().toNumber() / gross.toNumber();
}

/** Gross exposure / equity; null when the equity is not above zero: insolvent, not infinite. */
export function leverageOf(gross: Decimal, equity: Decimal): number | null {
  return equity.gt(0) ? gross.toNumber() / equity.toNumber() : null;
}

/** How much the exposure hangs on few positions. */
export interface Concentration {
  /** The largest share. */
  readonly largest: number;
  /** Herfindahl-Hirschman index: Σ share². Its inverse is the effective number of positions. */
  readonly herfindahl: number;
}

/** Of shares of the gross exposure that add up to 1; null where nothing is exposed. */
export function concentrationOf(shares: readonly number[]): Concentration | null {
  const exposed = shares.filter((share) => share > 0);
  if (exposed.length === 0) return null;
  const herfindahl = exposed.reduce((sum, share) => sum + share * share, 0);
  return { largest: Math.max(...exposed), herfindahl };
}
