import { type Page, type PageRequest, pageOf } from "../runner/page.ts";
import { integer, text } from "../runner/sql-row.ts";
import type { SqliteQueries } from "../stores/sqlite/query.ts";
import { assessmentOf, breachOf, limitOf, positionOf } from "./rows.ts";
import type { Breach, RiskLimit, RiskReader, RiskSummary, UsagePlace } from "./store.ts";

/** A limit removed and set again numbers its breaches anew: the first end after one is its own. */
const SELECT_BREACHES = `
  SELECT b.*, e.endedAtMs AS endedAtMs, e.how AS how,
         a.acknowledgedAtMs AS acknowledgedAtMs, a.note AS note
  FROM breaches b
    LEFT JOIN breachEnds e ON e.portfolioId = b.portfolioId AND e.breachId = b.breachId
      AND e.endedBySequence = (
        SELECT min(endedBySequence) FROM breachEnds WHERE portfolioId = b.portfolioId
          AND breachId = b.breachId AND endedBySequence > b.sequence)
    LEFT JOIN acknowledgements a ON a.portfolioId = b.portfolioId AND a.breachId = b.breachId
      AND a.sequence = (
        SELECT min(sequence) FROM acknowledgements WHERE portfolioId = b.portfolioId
          AND breachId = b.breachId AND sequence > b.sequence
          AND sequence < coalesce(e.endedBySequence, 9007199254740991))`;

const SELECT_LIMITS = `
  SELECT l.*, coalesce(s.state, 'ok') AS state, s.breachId AS breachId,
         v.value AS value, v.usage AS usage`;

/** The risk read model in SQLite. */
export class SqliteRiskReader implements RiskReader {
  readonly #queries: SqliteQueries;

  constructor(queries: SqliteQueries) {
    this.#queries = queries;
  }

  async risk(portfolioId: string): Promise<RiskSummary | null> {
    const version = this.#queries.get("SELECT version FROM versions WHERE portfolioId = ?", [
      portfolioId,
    ]);
    if (version === null) return null;
    const state = this.#queries.get("SELECT state FROM tradingStates WHERE portfolioId = ?", [
      portfolioId,
    ]);
    const tradingState = state === null ? "active" : text(state, "state");
    const assessment = this.#assessment(portfolioId);
    return { tradingState, version: integer(version, "version"), assessment };
  }

  async limits(portfolioId: string): Promise<readonly RiskLimit[]> {
    const rows = this.#queries.all(
      `${SELECT_LIMITS}
       FROM limits l
         LEFT JOIN limitStates s ON s.portfolioId = l.portfolioId AND s.limitId = l.limitId
         LEFT JOIN limitValues v ON v.portfolioId = l.portfolioId AND v.limitId = l.limitId
       WHERE l.portfolioId = ? ORDER BY l.limitId`,
      [portfolioId],
    );
    return rows.map(limitOf);
  }

  async breaches(portfolioId: string, page: PageRequest<number>): Promise<Page<Breach, number>> {
    const rows = this.#queries.all(
      `${SELECT_BREACHES} WHERE b.portfolioId = ? AND b.sequence < ?
       ORDER BY b.sequence DESC LIMIT ?`,
      [portfolioId, page.after ?? Number.MAX_SAFE_INTEGER, page.limit + 1],
    );
    return pageOf(rows.map(breachOf), page.limit, ({ sequence }) => sequence);
  }

  async nearLimit(
    leastUsage: number,
    { after, limit }: PageRequest<UsagePlace>,
  ): Promise<Page<RiskLimit, UsagePlace>> {
    const rows = this.#queries.all(
      `${SELECT_LIMITS}
       FROM limitValues v CROSS JOIN limits l
           ON l.portfolioId = v.portfolioId AND l.limitId = v.limitId
         LEFT JOIN limitStates s ON s.portfolioId = l.portfolioId AND s.limitId = l.limitId
       WHERE v.usage >= ? AND (v.usage, v.portfolioId, v.limitId) < (?, ?, ?)
       ORDER BY v.usage DESC, v.portfolioId DESC, v.limitId DESC LIMIT ?`,
      [
        leastUsage,
        after?.usage ?? Number.MAX_VALUE,
        after?.portfolioId ?? "",
        after?.limitId ?? "",
        limit + 1,
      ],
    );
    return pageOf(rows.map(limitOf), limit, (found) => {
      return { usage: found.usage ?? 0, portfolioId: found.portfolioId, limitId: found.limitId };
    });
  }

  #assessment(portfolioId: string): RiskSummary["assessment"] {
    const row = this.#queries.get(
      `SELECT a.*, v.sequence FROM assessments a
         JOIN assessedVersions v ON v.portfolioId = a.portfolioId WHERE a.portfolioId = ?`,
      [portfolioId],
    );
    if (row === null) return null;
    const positions = this.#queries.all(
      "SELECT * FROM positions WHERE portfolioId = ? AND sequence = ? ORDER BY share DESC, asset",
      [portfolioId, integer(row, "sequence")],
    );
    return assessmentOf(row, positions.map(positionOf));
  }
}
