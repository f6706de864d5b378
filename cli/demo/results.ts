import { z } from "zod";
import { table } from "../output.ts";
import type { Session } from "../session.ts";

/** Of so many instruments the most traded are shown. */
const INSTRUMENTS_ASKED = 200;
const INSTRUMENTS_SHOWN = 6;
const CANDLES_SHOWN = 5;
const PORTFOLIOS_SHOWN = 4;
const VWAP_WINDOW_MS = 3_600_000;

const instruments = z.array(z.object({ instrumentId: z.string() }));
const lastPrice = z.object({ price: z.string(), timestamp: z.int() }).nullable();
const vwap = z.object({ vwap: z.string().nullable(), volume: z.string(), trades: z.int() });
const candles = z.array(
  z.object({
    openTime: z.string(),
    open: z.string(),
    high: z.string(),
    low: z.string(),
    close: z.string(),
    volume: z.string(),
    trades: z.int(),
  }),
);
const portfolios = z.array(
  z.object({
    portfolioId: z.string(),
    name: z.string(),
    costMethod: z.string(),
    baseCurrency: z.string(),
    realisedNet: z.string(),
  }),
);
const holdings = z.array(
  z.object({
    asset: z.string(),
    quantity: z.string(),
    averageCost: z.string().nullable(),
    realisedNet: z.string(),
  }),
);

type Say = (text: string) => void;

/** A few answers of the query API as tables; and how to ask for them, where one still can. */
export async function showResults(
  session: Session,
  { say, goesOn }: { readonly say: Say; readonly goesOn: boolean },
): Promise<void> {
  const ask = async <T>(schema: z.ZodType<T>, path: string) => {
    return schema.parse((await session.query(path)).data);
  };
  const traded = await mostTraded(ask);
  const instrumentId = traded[0]?.id;
  if (traded.length > 0) say(`\n${priceTable(traded)}`);
  if (instrumentId !== undefined) await showCandles(instrumentId, ask, say);
  const traders = await ask(portfolios, `/v1/portfolios?limit=${PORTFOLIOS_SHOWN}`);
  for (const portfolio of traders) await showPortfolio(portfolio, ask, say);
  if (!goesOn) return;
  say("\nTry:");
  for (const path of pathsToTry(instrumentId, traders[0]?.portfolioId)) {
    say(`  curl ${path.startsWith("/v1/stream/") ? "-N " : ""}'${session.address}${path}'`);
  }
}

type Ask = <T>(schema: z.ZodType<T>, path: string) => Promise<T>;

interface Traded {
  readonly id: string;
  readonly price: string;
  /** Of the hour before the last trade. */
  readonly window: z.output<typeof vwap>;
}

async function mostTraded(ask: Ask): Promise<readonly Traded[]> {
  const known = await ask(instruments, `/v1/instruments?limit=${INSTRUMENTS_ASKED}`);
  const traded: Traded[] = [];
  for (const { instrumentId: id } of known) {
    const path = `/v1/instruments/${encodeURIComponent(id)}`;
    const last = await ask(lastPrice, `${path}/last-price`);
    if (last === null) continue;
    const [from, to] = [last.timestamp + 1 - VWAP_WINDOW_MS, last.timestamp + 1];
    const window = await ask(vwap, `${path}/vwap?from=${from}&to=${to}`);
    traded.push({ id, price: last.price, window });
  }
  const byTrades = traded.sort((one, two) => two.window.trades - one.window.trades);
  return byTrades.slice(0, INSTRUMENTS_SHOWN);
}

function priceTable(traded: readonly Traded[]): string {
  const rows = traded.map(({ id, price, window }) => {
    return [id, price, rounded(window.vwap), window.volume, String(window.trades)];
  });
  const columns = ["instrument", "last price", "VWAP of its last hour", "volume", "trades"];
  return table(columns, rows, columns.slice(1));
}

async function showCandles(id: string, ask: Ask, say: Say): Promise<void> {
  const path = `/v1/instruments/${encodeURIComponent(id)}/candles`;
  const found = await ask(candles, `${path}?interval=1m&limit=${CANDLES_SHOWN}`);
  const rows = found.map(({ openTime, open, high, low, close, volume, trades }) => {
    return [openTime, open, high, low, close, volume, String(trades)];
  });
  const columns = ["minute", "open", "high", "low", "close", "volume", "trades"];
  say(`\n${id}, one-minute candles\n${table(columns, rows, columns.slice(1))}`);
}

async function showPortfolio(
  portfolio: z.output<typeof portfolios>[number],
  ask: Ask,
  say: Say,
): Promise<void> {
  const { portfolioId, name, costMethod, baseCurrency, realisedNet } = portfolio;
  const held = await ask(holdings, `/v1/portfolios/${encodeURIComponent(portfolioId)}/holdings`);
  const rows = held.map((one) => {
    return [one.asset, one.quantity, rounded(one.averageCost), rounded(one.realisedNet)];
  });
  const columns = ["asset", "quantity", "average cost", "realised"];
  const profit = `${rounded(realisedNet)} ${baseCurrency} realised`;
  say(`\n${portfolioId} (${name}, ${costMethod}): ${profit}`);
  say(table(columns, rows, columns.slice(1)));
}

/** For the eye: eight places; the API has them all. */
function rounded(text: string | null): string {
  if (text === null) return "";
  const [whole = "", places = ""] = text.split(".");
  return places.length <= 8 ? text : `${whole}.${places.slice(0, 8)}…`;
}

function pathsToTry(instrumentId: string | undefined, portfolioId: string | undefined): string[] {
  const market =
    instrumentId === undefined
      ? []
      : [
          `/v1/instruments/${instrumentId}/candles?interval=5m&limit=12`,
          `/v1/instruments/${instrumentId}/ticker`,
          `/v1/stream/candles/${instrumentId}`,
        ];
  const portfolio =
    portfolioId === undefined
      ? []
      : [
          `/v1/portfolios/${portfolioId}/holdings`,
          `/v1/portfolios/${portfolioId}/realised`,
          `/v1/portfolios/${portfolioId}/ledger?limit=20`,
          `/v1/portfolios/${portfolioId}/risk`,
          `/v1/portfolios/${portfolioId}/equity-curve`,
        ];
  return [...market, ...portfolio, "/v1/projections", "/metrics"];
}
