import type { PortfolioEvent, TradeRecorded, TradeReversed } from "./events.ts";
import { book, type Figures, unbook } from "./figures.ts";
import { findTrade, forget, remember } from "./movements.ts";
import {
  type FundsContent,
  fundsNaturalKey,
  markReversed,
  type NaturalKey,
  tradeKey,
  tradeNaturalKey,
} from "./natural-keys.ts";
import { type OpenState, openState } from "./open-state.ts";

/** Rises when the state or `evolve` change. */
export const STATE_VERSION = 3;

/**
 * Closed is the tombstone: nothing new is accepted any more, so nothing is kept but whose it was
 * and the natural keys, by which what was recorded is known when it is sent again.
 */
export type PortfolioState =
  | { readonly status: "not opened" }
  | OpenState
  | ({ readonly status: "closed" } & Pick<OpenState, "owner" | "knownKeys">);

export function initialState(): PortfolioState {
  return { status: "not opened" };
}

export function evolve(state: PortfolioState, event: PortfolioEvent): PortfolioState {
  switch (event.type) {
    case "PortfolioOpened":
      return openState(event.data);
    case "PortfolioClosed": {
      const { owner, knownKeys } = mustBeOpen(state, event);
      return { status: "closed", owner, knownKeys };
    }
    default:
      evolveOpen(mustBeOpen(state, event), event);
      return state;
  }
}

function mustBeOpen(state: PortfolioState, event: PortfolioEvent): OpenState {
  if (state.status === "open") return state;
  throw new RangeError(`${event.type} while ${state.status}`);
}

type OpenEvent = Exclude<PortfolioEvent, { type: "PortfolioOpened" | "PortfolioClosed" }>;

function evolveOpen(state: OpenState, event: OpenEvent): void {
  switch (event.type) {
    case "FundsDeposited":
      moveFunds(state, "deposit", event.data);
      return;
    case "FundsWithdrawn":
      moveFunds(state, "withdrawal", { ...event.data, unitCost: null });
      return;
    case "TradeRecorded":
      recordTrade(state, event.data, event.occurredAtMs);
      return;
    case "TradeReversed":
      reverseTrade(state, event.data);
      return;
  }
}

function moveFunds(
  state: OpenState,
  type: "deposit" | "withdrawal",
  funds: FundsContent & Figures,
): void {
  const { externalReference } = funds;
  remember(state.movements, { type, externalReference, legs: book(state, funds) });
  know(state, fundsNaturalKey(type, funds));
}

function recordTrade(state: OpenState, trade: TradeRecorded, occurredAtMs: number): void {
  const { instrumentId, tradeId, tradeNumber, postings } = trade;
  const { realisedNet: net, realisedGross: gross, feeRealised: fee } = trade;
  const entry = { instrumentId, tradeId, tradeNumber, postings, realised: { net, gross, fee } };
  remember(state.movements, { type: "trade", ...entry, legs: book(state, trade) });
  know(state, tradeNaturalKey(trade, occurredAtMs));
  state.tradeCount = tradeNumber;
  state.latestTradeMs = Math.max(state.latestTradeMs, occurredAtMs);
}

function reverseTrade(state: OpenState, reversed: TradeReversed): void {
  const movement = findTrade(state.movements, reversed);
  if (movement === null) throw new RangeError(`reversed, but not known: ${reversed.tradeId}`);
  unbook(state, reversed, movement);
  forget(state.movements, movement);
  const key = tradeKey(reversed);
  know(state, { key, content: markReversed(state.knownKeys.get(key) ?? "") });
}

function know(state: OpenState, { key, content }: NaturalKey): void {
  state.knownKeys.set(key, content);
}
