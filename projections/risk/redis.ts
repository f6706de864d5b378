import { compareKeys } from "../runner/key-order.ts";
import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import type { Row } from "../runner/projection.ts";
import { double, integer, text } from "../runner/sql-row.ts";
import type { Lookup } from "../stores/redis/query.ts";
import type { RedisQueries } from "../stores/redis/reader.ts";
import { byUsage } from "./indexes.ts";
import { assessmentOf, breachOf, limitOf, positionOf } from "./rows.ts";
import type { Breach, RiskLimit, RiskReader, RiskSummary, UsagePlace } from "./store.ts";

/** The risk read model in Redis. */
export class RedisRiskReader implements RiskReader {
  readonly #queries: RedisQueries;

  constructor(queries: RedisQueries) {
    this.#queries = queries;
  }

  async risk(portfolioId: string): Promise<RiskSummary | null> {
    const one = ["versions", "tradingStates", "assessments", "assessedVersions"];
    const [versions, states, assessments, assessed, positions = []] = await this.#queries.ask([
      ...one.map((table): Lookup => ({ kind: "get", table, key: [portfolioId] })),
      { kind: "up", table: "positions", under: [portfolioId] },
    ]);
    const version = versions?.[0];
    if (version === undefined) return null;
    const state = states?.[0];
    const tradingState = state === undefined ? "active" : text(state, "state");
    const assessment = assessmentIn(assessments?.[0], assessed?.[0], positions);
    return { tradingState, version: integer(version, "version"), assessment };
  }

  async limits(portfolioId: string): Promise<readonly RiskLimit[]> {
    const tables = ["limits", "limitStates", "limitValues"];
    const [limits = [], states = [], values = []] = await this.#queries.ask(
      tables.map((table): Lookup => ({ kind: "up", table, under: [portfolioId] })),
    );
    return limitsIn({ limits, states, values });
  }

  async breaches(portfolioId: string, page: PageRequest<number>): Promise<Page<Breach, number>> {
    const { after, limit } = page;
    const beyond = after === null ? undefined : [after];
    const columns = ["portfolioId", "breachId"];
    const [breaches = [], ends = [], acknowledgements = []] = await this.#queries.ask([
      { kind: "down", table: "breaches", under: [portfolioId], beyond, limit: limit + 1 },
      { kind: "follow", table: "breachEnds", lookup: 0, columns },
      { kind: "follow", table: "acknowledgements", lookup: 0, columns },
    ]);
    const found = breaches.map((breach) => breachIn(breach, ends, acknowledgements));
    return pageOf(found, limit, ({ sequence }) => sequence);
  }

  /** Each partition gives its highest; together they hold the highest of all. */
  async nearLimit(
    leastUsage: number,
    { after, limit }: PageRequest<UsagePlace>,
  ): Promise<Page<RiskLimit, UsagePlace>> {
    const found: RiskLimit[] = [];
    let place = after ?? { usage: Number.MAX_VALUE, portfolioId: "", limitId: "" };
    for (let more = true; more && found.length <= limit; ) {
      const asked = limit + 1 - found.length;
      const { values, limits } = await this.#nearest(leastUsage, place, asked);
      found.push(...limits);
      more = values.length === asked;
      place = usagePlace(values.at(-1)) ?? place;
    }
    return pageOf(found, limit, ({ usage, portfolioId, limitId }) => {
      return { usage: usage ?? 0, portfolioId, limitId };
    });
  }

  /** The next values below a place, and those of their limits that are set. */
  async #nearest(leastUsage: number, below: UsagePlace, limit: number) {
    const beyond = [below.usage, below.portfolioId, below.limitId];
    const columns = ["portfolioId", "limitId"];
    const range = { under: [], beyond, from: [leastUsage], limit };
    const [all = [], limits = [], states = []] = await this.#queries.ask([
      { kind: "down", table: "limitValues", index: byUsage, ...range },
      { kind: "follow", table: "limits", lookup: 0, columns },
      { kind: "follow", table: "limitStates", lookup: 0, columns },
    ]);
    const values = all.toSorted((a, b) => compareKeys(usageKey(b), usageKey(a))).slice(0, limit);
    const byKey = Map.groupBy(limits, limitKey);
    const inOrder = values.flatMap((value) => byKey.get(limitKey(value)) ?? []);
    return { values, limits: limitsIn({ limits: inOrder, states, values }) };
  }
}

/** Positions of an earlier assessment are no longer held. */
function assessmentIn(
  assessment: Row | undefined,
  assessed: Row | undefined,
  positions: readonly Row[],
): RiskSummary["assessment"] {
  if (assessment === undefined || assessed === undefined) return null;
  const sequence = integer(assessed, "sequence");
  const held = positions.filter((position) => integer(position, "sequence") === sequence);
  const order = (row: Row) => [-double(row, "share"), text(row, "asset")];
  const largestFirst = held.toSorted((a, b) => compareKeys(order(a), order(b)));
  return assessmentOf(assessment, largestFirst.map(positionOf));
}

/** Each limit with its state and what was measured last. */
function limitsIn(rows: {
  readonly limits: readonly Row[];
  readonly states: readonly Row[];
  readonly values: readonly Row[];
}): RiskLimit[] {
  const states = Map.groupBy(rows.states, limitKey);
  const values = Map.groupBy(rows.values, limitKey);
  return rows.limits.map((limit) => {
    const [state] = states.get(limitKey(limit)) ?? [];
    const [value] = values.get(limitKey(limit)) ?? [];
    return limitOf({
      ...{ ...limit, state: state?.["state"] ?? "ok", breachId: state?.["breachId"] ?? null },
      ...{ value: value?.["value"] ?? null, usage: value?.["usage"] ?? null },
    });
  });
}

/** A limit removed and set again numbers its breaches anew: the first end after one is its own. */
function breachIn(breach: Row, ends: readonly Row[], acknowledgements: readonly Row[]): Breach {
  const sequence = integer(breach, "sequence");
  const end = firstBetween(ends, breach, "endedBySequence", [sequence, Number.MAX_SAFE_INTEGER]);
  const endsAt = end === null ? Number.MAX_SAFE_INTEGER : integer(end, "endedBySequence");
  const seen = firstBetween(acknowledgements, breach, "sequence", [sequence, endsAt]);
  return breachOf({
    ...{ ...breach, endedAtMs: end?.["endedAtMs"] ?? null, how: end?.["how"] ?? null },
    ...{ acknowledgedAtMs: seen?.["acknowledgedAtMs"] ?? null, note: seen?.["note"] ?? null },
  });
}

/** Of the rows of a breach, in key order, the first between two events. */
function firstBetween(
  rows: readonly Row[],
  breach: Row,
  column: string,
  [after, before]: readonly [number, number],
): Row | null {
  const found = rows.find((row) => {
    const sequence = integer(row, column);
    return row["breachId"] === breach["breachId"] && sequence > after && sequence < before;
  });
  return found ?? null;
}

function limitKey(row: Row): string {
  return JSON.stringify([row["portfolioId"], row["limitId"]]);
}

function usageKey(row: Row) {
  return [double(row, "usage"), text(row, "portfolioId"), text(row, "limitId")];
}

function usagePlace(row: Row | undefined): UsagePlace | null {
  if (row === undefined) return null;
  const [portfolioId, limitId] = [text(row, "portfolioId"), text(row, "limitId")];
  return { usage: double(row, "usage"), portfolioId, limitId };
}
