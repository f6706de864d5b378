import { z } from "zod";
import { tryDecimal } from "../../platform/kernel/decimal.ts";

/** What was there before the first fill. */
export interface Deposit {
  readonly asset: string;
  readonly amount: string;
  /** Of one unit, in the base currency. */
  readonly unitCost?: string;
}

const FORM = /^([A-Z0-9][A-Z0-9._]{0,31})=([^@]+)(?:@(.+))?$/;
const RULE = "must be ASSET=AMOUNT or ASSET=AMOUNT@UNITCOST, as in USDT=20000 or BTC=0.01@9200";

/** `--deposit BTC=0.01@9200`, as often as there are assets. */
export const depositOption = z.array(z.string()).transform((texts, context): Deposit[] => {
  return texts.flatMap((text) => {
    const deposit = parseDeposit(text);
    if (deposit !== null) return [deposit];
    context.addIssue({ code: "custom", message: `${text} ${RULE}` });
    return [];
  });
});

function parseDeposit(text: string): Deposit | null {
  const [, asset, amount, unitCost] = FORM.exec(text) ?? [];
  if (asset === undefined || amount === undefined || tryDecimal(amount) === null) return null;
  if (unitCost === undefined) return { asset, amount };
  return tryDecimal(unitCost) === null ? null : { asset, amount, unitCost };
}
