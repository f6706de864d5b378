import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createRandom } from "../../cli/demo/random.ts";
import { indexes } from "../../projections/risk/indexes.ts";
import { risk } from "../../projections/risk/projection.ts";
import { RedisRiskReader } from "../../projections/risk/redis.ts";
import { SqliteRiskReader } from "../../projections/risk/sqlite.ts";
import type { Breach, RiskLimit, RiskReader, UsagePlace } from "../../projections/risk/store.ts";
import { compact } from "../../projections/runner/compact.ts";
import { digestGeneration } from "../../projections/runner/digest.ts";
import type { Snapshot } from "../../projections/runner/generation-snapshot.ts";
import type { ReadStore } from "../../projections/runner/read-store.ts";
import { recorded } from "../../projections/runner/recorded.fixture.ts";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { generationPrefix } from "../../projections/stores/redis/layout.ts";
import { RedisGeneration, type RedisQueries } from "../../projections/stores/redis/reader.ts";
import { RedisReadStore } from "../../projections/stores/redis/store.ts";
import type { SqliteQueries } from "../../projections/stores/sqlite/query.ts";
import { SqliteGeneration } from "../../projections/stores/sqlite/reader.ts";
import { SqliteReadStore } from "../../projections/stores/sqlite/store.ts";
import type { RiskEvent } from "../../schemas/generated/risk.ts";
import { print, printedSeed } from "../contracts/log/seed.ts";
import { LOG_ID } from "../contracts/read-store/sample-projection.ts";
import { allPages } from "../contracts/reader-harness.ts";
import { randomBook } from "../contracts/risk-reader/stories.ts";
import { describeWithRedis, redisUrl } from "./servers.ts";

const PORTFOLIOS = 24;
const PARTITIONS = 4;
const STEPS = 60;
const BATCH = 40;
const PAGE = 3;
/** Readers that ask while batches are written. */
const READERS = 8;

describeWithRedis("the same events of risk in SQLite and Redis", function () {
  this.timeout(60_000);
  const { tables } = risk;
  let folder: string;
  let stores: { readonly sqlite: ReadStore; readonly redis: ReadStore };
  let connection: RedisConnection;
  let sqlite: SqliteGeneration<RiskReader>;
  let redis: RedisGeneration<RiskReader>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-same-"));
    const file = join(folder, "risk.db");
    const prefix = generationPrefix(`test-same-${randomUUID()}`, 1);
    stores = {
      sqlite: new SqliteReadStore({ file, projection: risk, indexes }),
      redis: new RedisReadStore({ url: redisUrl(), prefix, projection: risk, indexes }),
    };
    for (const store of Object.values(stores)) await store.create();
    connection = new RedisConnection({ url: redisUrl(), name: "same answers" });
    const onSqlite = (queries: SqliteQueries): RiskReader => new SqliteRiskReader(queries);
    const onRedis = (queries: RedisQueries): RiskReader => new RedisRiskReader(queries);
    sqlite = new SqliteGeneration({ file, makeReader: onSqlite });
    redis = new RedisGeneration({ connection, prefix, tables, indexes, makeReader: onRedis });
  });

  afterEach(async () => {
    await Promise.all([sqlite.close(), redis.close()]);
    for (const store of Object.values(stores)) {
      await store.drop();
      await store.close();
    }
    await connection.close();
    rmSync(folder, { recursive: true });
  });

  async function feed(store: ReadStore, events: readonly RiskEvent[][]): Promise<void> {
    for (let number = 0; number < PARTITIONS; number += 1) {
      const partition = `risk.events/${number}` as const;
      const { epoch } = await store.take(partition, LOG_ID);
      const all = events.flatMap((ofOne, i) => {
        return i % PARTITIONS === number
          ? ofOne.map((event, at) => ({ event, aggregateId: `p-${i}`, sequence: at + 1 }))
          : [];
      });
      for (let from = 0; from < all.length; from += BATCH) {
        const piece = all.slice(from, from + BATCH).map(({ event, ...place }, at) => {
          const position = from + at;
          return { position, changes: risk.project(recorded(event, { ...place, position })) };
        });
        const outcome = await store.apply({
          ...{ partition, epoch, expected: from, next: from + piece.length },
          ...{ highestClaim: -1, recordedAtMs: 1_700_000_000_000 },
          ...{ parked: [], released: [] },
          ...{ changes: compact(tables, piece), causes: new Map() },
        });
        expect(outcome).to.equal("applied");
      }
    }
  }

  it("give the same answers to the last digit, and the same digest", async () => {
    const random = createRandom(printedSeed());
    const events = Array.from({ length: PORTFOLIOS }, () => [...randomBook(random, STEPS)]);
    for (const store of Object.values(stores)) await feed(store, events);
    for (const [title, ask] of Object.entries(questions)) {
      const [expected, found] = [await sqlite.read(ask), await redis.read(ask)];
      expect(JSON.stringify(found.result), title).to.equal(JSON.stringify(expected.result));
      expect(JSON.stringify(expected.result).length, `${title} is not empty`).to.be.above(100);
      expect([...found.positions]).to.deep.equal([...expected.positions]);
    }
    const digests = Object.values(stores).map((store) => digestGeneration(store, tables));
    const [ofSqlite, ofRedis] = await Promise.all(digests);
    expect(ofRedis).to.deep.equal(ofSqlite);
    expect(ofSqlite?.tables["breachEnds"]?.rows).to.be.above(10);
    expect(ofSqlite?.tables["acknowledgements"]?.rows).to.be.above(0);
  });

  it("are read with their own positions while they are written", async () => {
    const events = Array.from({ length: PORTFOLIOS }, () => [
      ...randomBook(createRandom(7), STEPS * 4),
    ]);
    let isFed = false;
    const feeding = feed(stores.redis, events).then(() => {
      isFed = true;
    });
    let answers = 0;
    const reading = Array.from({ length: READERS }, async (_, i) => {
      const id = `p-${i}`;
      while (!isFed) {
        const found = await redis.read(async (reader) => {
          const summary = await reader.risk(id);
          return { summary, again: await reader.risk(id) };
        });
        expectAgreement(found, i);
        answers += 1;
      }
    });
    await Promise.all([feeding, ...reading]);
    print(`${answers} answers while batches were written`);
    expect(answers).to.be.above(50);
  });

  /** Portfolios of a partition stand one after the other, so a position tells the version. */
  function expectAgreement(
    { result, positions }: Snapshot<{ summary: unknown; again: unknown }>,
    portfolio: number,
  ): void {
    expect(result.again).to.deep.equal(result.summary);
    const { version = 0 } = (result.summary ?? {}) as { version?: number };
    const position = positions.get(`risk.events/${portfolio % PARTITIONS}`) ?? 0;
    const length = lengthOfEach;
    const first = Math.floor(portfolio / PARTITIONS) * length;
    expect(version).to.equal(Math.min(Math.max(position - first, 0), length));
  }

  const lengthOfEach = randomBook(createRandom(7), STEPS * 4).length;
});

const ids = Array.from({ length: PORTFOLIOS + 1 }, (_, i) => `p-${i}`);

const questions: Readonly<Record<string, (reader: RiskReader) => Promise<unknown>>> = {
  risk: ofEach((reader, id) => reader.risk(id)),
  limits: ofEach((reader, id) => reader.limits(id)),
  breaches: ofEach((reader, id) => {
    return allPages<Breach, number>(PAGE, (page) => reader.breaches(id, page));
  }),
  "all that are near a limit": near(-1),
  "those at half of it": near(0.5),
  "those beyond it": near(1),
};

function near(leastUsage: number) {
  return (reader: RiskReader) => {
    return allPages<RiskLimit, UsagePlace>(PAGE, (page) => reader.nearLimit(leastUsage, page));
  };
}

function ofEach(ask: (reader: RiskReader, id: string) => Promise<unknown>) {
  return async (reader: RiskReader) => {
    const answers: unknown[] = [];
    for (const id of ids) answers.push(await ask(reader, id));
    return answers;
  };
}
