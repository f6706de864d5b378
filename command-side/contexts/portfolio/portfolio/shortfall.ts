import { type Refusal, refused } from "../../../../platform/kernel/decider.ts";
import { type Decimal, decimalText, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { ShortfallPolicy } from "./commands.ts";
import { ASSUMED_BASIS } from "./cost.ts";
import { acquire, type Draft, held, isCash } from "./draft.ts";
import { transfer } from "./ledger.ts";

export interface Refused {
  readonly outcome: "refused";
  readonly refusal: Refusal;
}

export interface Covered {
  readonly outcome: "covered";
  /** What was missing and is taken as held without a basis. */
  readonly assumed: Decimal;
}

/** Sees to it that what is to be given up is held: an import may take the missing part as held. */
export function cover(
  draft: Draft,
  needed: { readonly asset: string; readonly quantity: Decimal },
  onShortfall: ShortfallPolicy,
): Covered | Refused {
  const { asset, quantity } = needed;
  const missing = quantity.minus(held(draft, asset).quantity);
  if (missing.lte(0)) return { outcome: "covered", assumed: ZERO };
  if (onShortfall === "refuse") return insufficient(draft, asset, quantity);
  acquire(draft, asset, { quantity: missing, ...ASSUMED_BASIS });
  transfer(draft.ledger, { asset, amount: missing, from: "assumed", to: "held" });
  return { outcome: "covered", assumed: missing };
}

function insufficient(draft: Draft, asset: string, quantity: Decimal): Refused {
  const required = decimalText(quantity);
  const available = decimalText(held(draft, asset).quantity);
  const code = isCash(draft, asset) ? "INSUFFICIENT_FUNDS" : "INSUFFICIENT_HOLDING";
  return refused(code, `${required} ${asset} are required, ${available} are available`, {
    asset,
    required,
    available,
  });
}
