/** Double-entry postings: every transfer is two postings of one asset that sum to zero. */
import { type Decimal, ZERO } from "../../../../platform/kernel/decimal.ts";
import type { Posting } from "./events.ts";

export type Balances = ReadonlyMap<string, Decimal>;

/** The accounts that every asset has. */
const accounts = {
  held: (asset: string) => `assets:${asset}:free`,
  /** The counter account of conversions. */
  trading: (asset: string) => `trading:${asset}`,
  fees: (asset: string) => `fees:${asset}`,
  deposits: (asset: string) => `equity:deposits:${asset}`,
  /** What an import took as held. */
  assumed: (asset: string) => `equity:assumed:${asset}`,
  rebates: (asset: string) => `income:rebate:${asset}`,
};

type Account = keyof typeof accounts;

/** An amount of an asset on its way from one account to another. */
export interface Transfer {
  readonly asset: string;
  readonly amount: Decimal;
  readonly from: Account;
  readonly to: Account;
}

/** Collects the postings of one event, with each account's running balance. */
export interface Ledger {
  readonly before: Balances;
  readonly changed: Map<string, Decimal>;
  readonly postings: Posting[];
}

export function openLedger(before: Balances): Ledger {
  return { before, changed: new Map(), postings: [] };
}

/** Nothing is posted for an amount of zero. */
export function transfer(ledger: Ledger, { asset, amount, from, to }: Transfer): void {
  if (amount.isZero()) return;
  post(ledger, { account: accounts[to](asset), asset, amount });
  post(ledger, { account: accounts[from](asset), asset, amount: amount.negated() });
}

/** Posts the opposite of `postings`, the last one first. */
export function postReversed(ledger: Ledger, postings: readonly Posting[]): void {
  for (const { account, asset, amount } of postings.toReversed()) {
    post(ledger, { account, asset, amount: amount.negated() });
  }
}

function post(ledger: Ledger, { account, asset, amount }: Omit<Posting, "balance">): void {
  const before = ledger.changed.get(account) ?? ledger.before.get(account) ?? ZERO;
  const balance = before.plus(amount);
  ledger.changed.set(account, balance);
  ledger.postings.push({ account, asset, amount, balance });
}
