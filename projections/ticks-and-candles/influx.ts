import { compareKeys } from "../runner/key-order.ts";
import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import type { Row } from "../runner/projection.ts";
import type { StoredRow } from "../runner/read-store.ts";
import { integer, text } from "../runner/sql-row.ts";
import { InfluxTimeline } from "../stores/influx/timeline.ts";
import { type InfluxVersions, tagIn } from "../stores/influx/versions.ts";
import { shaped } from "./influx-shapes.ts";
import { InfluxMarketSource } from "./influx-source.ts";
import { KeptSeconds } from "./kept-seconds.ts";
import { candlesOf, lastPriceOf, tickerOf, vwapOf } from "./market-figures.ts";
import { instrumentOf, placeOf, tickOf } from "./rows.ts";
import type {
  CandlePage,
  CandlesRequest,
  Instrument,
  LastPrice,
  MarketReader,
  SpotPrice,
  Tick,
  Ticker,
  TickPage,
  TickPlace,
  TimeRange,
  Vwap,
} from "./store.ts";

/** Prices asked for at once. */
const PRICES_AT_ONCE = 8;
/** A page asks for more points than it has ticks, for those of its last millisecond are cut off. */
const POINTS_BESIDE_PAGE = 8;

/** The market read model in InfluxDB. */
export class InfluxMarketReader implements MarketReader {
  readonly #versions: InfluxVersions;
  readonly #kept: KeptSeconds;

  constructor(versions: InfluxVersions, kept: KeptSeconds) {
    this.#versions = versions;
    this.#kept = kept;
  }

  /** What makes readers of one generation, which keep the seconds that any of them has folded. */
  static maker(): (versions: InfluxVersions) => InfluxMarketReader {
    const kept = new KeptSeconds();
    return (versions) => new InfluxMarketReader(versions, kept);
  }

  async instruments(page: PageRequest<string>): Promise<Page<Instrument, string>> {
    const [all = []] = await this.#versions.rows([shaped.instruments]);
    const after = page.after ?? "";
    const ids = all.map(idOf).filter((id) => compareKeys([id], [after]) > 0);
    const found = await this.#instruments(ids.slice(0, page.limit + 1));
    return pageOf(found, page.limit, ({ instrumentId }) => instrumentId);
  }

  async instrument(instrumentId: string): Promise<Instrument | null> {
    const [found] = await this.#instruments([instrumentId]);
    return found ?? null;
  }

  async lastPrice(instrumentId: string): Promise<LastPrice | null> {
    return lastPriceOf(await this.#source(instrumentId));
  }

  async spotPrices(assets: readonly string[]): Promise<readonly SpotPrice[]> {
    const known = new Set(assets);
    const [all = []] = await this.#versions.rows([shaped.instruments]);
    const spot = all.filter(({ row }) => {
      return isSpot(row) && known.has(text(row, "base")) && known.has(text(row, "quote"));
    });
    const prices: SpotPrice[] = [];
    for (let from = 0; from < spot.length; from += PRICES_AT_ONCE) {
      const asked = spot.slice(from, from + PRICES_AT_ONCE).map((one) => this.#spotPrice(one));
      for (const price of await Promise.all(asked)) if (price !== null) prices.push(price);
    }
    return prices;
  }

  async ticker(instrumentId: string, endMs: number | null): Promise<Ticker | null> {
    return tickerOf(await this.#source(instrumentId), endMs);
  }

  async ticks(
    instrumentId: string,
    range: TimeRange,
    page: PageRequest<TickPlace> & { readonly newestFirst?: boolean },
  ): Promise<TickPage> {
    const [[instrument] = []] = await this.#versions.rows(
      [shaped.instruments],
      tagIn("instrumentId", [instrumentId]),
    );
    const found = instrument === undefined ? [] : await this.#ticksOf(instrument, range, page);
    return pageOf(found, page.limit, placeOf);
  }

  async candles(instrumentId: string, request: CandlesRequest): Promise<CandlePage> {
    return candlesOf(await this.#source(instrumentId), request);
  }

  async vwap(instrumentId: string, range: TimeRange): Promise<Vwap> {
    return vwapOf(await this.#source(instrumentId), range);
  }

  #source(instrumentId: string): Promise<InfluxMarketSource | null> {
    const [versions, kept] = [this.#versions, this.#kept];
    return InfluxMarketSource.open({ versions, instrumentId, kept });
  }

  async #instruments(ids: readonly string[]): Promise<Instrument[]> {
    if (ids.length === 0) return [];
    const { instruments, symbols, steps, versions, delistings, aliases } = shaped;
    const [found = [], ...others] = await this.#versions.rows(
      [instruments, symbols, steps, versions, delistings, aliases],
      tagIn("instrumentId", ids),
    );
    return found.map((instrument) => instrumentFrom(instrument, others));
  }

  async #spotPrice(instrument: StoredRow): Promise<SpotPrice | null> {
    const span = { ...EVER, newestFirst: true };
    const last = await this.#timeline(instrument).first(span);
    if (last === null) return null;
    return {
      instrumentId: idOf(instrument),
      base: text(instrument.row, "base"),
      quote: text(instrument.row, "quote"),
      price: text(last.row, "price"),
      atMs: integer(last.row, "timeMs"),
    };
  }

  /** One more than the page has, if there are so many. */
  async #ticksOf(
    instrument: StoredRow,
    range: TimeRange,
    page: PageRequest<TickPlace> & { readonly newestFirst?: boolean },
  ): Promise<(Tick & TickPlace)[]> {
    const { limit, after, newestFirst = false } = page;
    const span = {
      ...rangeBeyond(range, { after, newestFirst }),
      newestFirst,
      firstPoints: limit + POINTS_BESIDE_PAGE,
    };
    const found: (Tick & TickPlace)[] = [];
    for await (const piece of this.#timeline(instrument).rows(span)) {
      const ticks = piece.map(({ row }) => tickOf(row));
      found.push(...ticks.filter((tick) => isBeyond(tick, { after, newestFirst })));
      if (found.length > limit) break;
    }
    return found.slice(0, limit + 1);
  }

  #timeline(instrument: StoredRow): InfluxTimeline {
    const of = { series: [idOf(instrument)], partitions: [instrument.partition] };
    return new InfluxTimeline(this.#versions, shaped.ticks, of);
  }
}

interface Start {
  readonly after: TickPlace | null;
  readonly newestFirst: boolean;
}

function rangeBeyond(range: TimeRange, { after, newestFirst }: Start): TimeRange {
  if (after === null) return range;
  return newestFirst
    ? { ...range, toMs: Math.min(range.toMs, after.timeMs + 1) }
    : { ...range, fromMs: Math.max(range.fromMs, after.timeMs) };
}

function isBeyond(tick: TickPlace, { after, newestFirst }: Start): boolean {
  if (after === null) return true;
  const order = compareKeys(keyOfPlace(tick), keyOfPlace(after));
  return newestFirst ? order < 0 : order > 0;
}

function keyOfPlace({ timeMs, orderId, ordinal, era }: TickPlace): readonly number[] {
  return [timeMs, orderId, ordinal, era];
}

const EVER = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** Events of the first version say no kind; they were of spot instruments. */
function isSpot(row: Row): boolean {
  return row["kind"] === "spot" || row["kind"] === "";
}

/** `others`: rows of symbols, steps, versions, delistings and aliases. */
function instrumentFrom(
  instrument: StoredRow,
  others: readonly (readonly StoredRow[])[],
): Instrument {
  const id = idOf(instrument);
  const [symbol, steps, version, delisting, aliases = []] = others.map((rows) => {
    return rows.filter((row) => idOf(row) === id).map(({ row }) => row);
  });
  const delisted = delisting?.[0] ?? null;
  const row = {
    ...steps?.[0],
    ...symbol?.[0],
    ...version?.[0],
    ...instrument.row,
    delistedMs: delisted === null ? null : integer(delisted, "effectiveMs"),
    delistedReason: delisted === null ? null : text(delisted, "reason"),
  };
  return instrumentOf(
    row,
    aliases.map((alias) => text(alias, "symbol")),
  );
}

function idOf({ row }: StoredRow): string {
  return text(row, "instrumentId");
}
