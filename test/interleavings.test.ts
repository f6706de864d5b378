import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createRandom, type Random } from "../cli/demo/random.ts";
import { assess, Book, limit } from "../command-side/contexts/risk/risk-book/story.fixture.ts";
import { Network } from "../command-side/contexts/social/trader/network.fixture.ts";
import type { RecordedEvent } from "../platform/codec/envelope.ts";
import { decimal } from "../platform/kernel/decimal.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import { partitionKey } from "../platform/log/log.ts";
import { risk } from "../projections/risk/projection.ts";
import { compact } from "../projections/runner/compact.ts";
import { type Digest, digestGeneration } from "../projections/runner/digest.ts";
import type { Projection } from "../projections/runner/projection.ts";
import { recorded } from "../projections/runner/recorded.fixture.ts";
import { social } from "../projections/social/projection.ts";
import { SqliteReadStore } from "../projections/stores/sqlite/store.ts";
import type { RiskEvent } from "../schemas/generated/risk.ts";
import type { SocialEvent } from "../schemas/generated/social.ts";

const SHUFFLES = 100;
const PORTFOLIOS = 8;
const TRADERS = 20;
const STEPS = 60;
const RISK_PARTITIONS = 4;
const LARGEST_BATCH = 25;
const LOG_ID = "0192aa00-0000-7000-8000-000000000001";

type Log = readonly (readonly RecordedEvent[])[];

describe("a rebuild with another interleaving of the partitions", function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-interleavings-"));
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const [name, projection, makeLog] of [
    ["risk", risk, riskLog],
    ["social", social, socialLog],
  ] as const) {
    it(`gives the same ${name}, ${SHUFFLES} times`, async () => {
      const log = makeLog(createRandom(1));
      const digests = await shuffled(projection as Projection, log, SHUFFLES);
      expect(digests[0]?.rows).to.be.above(50);
      expect(new Set(digests.map(({ sum }) => sum)).size).to.equal(1);
    });
  }

  it("is found out where a row is changed by two partitions", async () => {
    const planted: Projection<RiskEvent> = {
      ...risk,
      name: "planted",
      project: (event) => {
        const changes = risk.project(event);
        return changes.map((change) => {
          return change.table === "versions"
            ? { ...change, row: { ...change.row, portfolioId: "any" } }
            : change;
        });
      },
    };
    const digests = await shuffled(planted as Projection, riskLog(createRandom(1)), 10);
    expect(new Set(digests.map(({ sum }) => sum)).size).to.be.above(1);
  });

  /** Each time from zero, with another seed. */
  async function shuffled(projection: Projection, log: Log, times: number): Promise<Digest[]> {
    const digests: Digest[] = [];
    for (let seed = 1; seed <= times; seed += 1) {
      const file = join(folder, `${projection.name}-${seed}.db`);
      digests.push(await build(projection, { log, file, random: createRandom(seed) }));
    }
    return digests;
  }
});

/** Takes batches of any length from any partition, each partition in its own order. */
async function build(
  projection: Projection,
  { log, file, random }: { readonly log: Log; readonly file: string; readonly random: Random },
): Promise<Digest> {
  const store = new SqliteReadStore({ file, projection, indexes: [] });
  await store.create();
  const keys = log.map((_, partition) => partitionKey({ topic: topicOf(projection), partition }));
  const taken = await Promise.all(keys.map((key) => store.take(key, LOG_ID)));
  const next = log.map(() => 0);
  const open = () => log.flatMap((all, index) => ((next[index] ?? 0) < all.length ? [index] : []));
  for (let left = open(); left.length > 0; left = open()) {
    const index = left[random.integer(0, left.length - 1)] ?? 0;
    const expected = next[index] ?? 0;
    const batch = (log[index] ?? []).slice(expected, expected + random.integer(1, LARGEST_BATCH));
    const changes = batch.map((event) => {
      return { position: event.position, changes: projection.project(event) };
    });
    const outcome = await store.apply({
      partition: keys[index] ?? "x/0",
      expected,
      next: expected + batch.length,
      epoch: taken[index]?.epoch ?? 0,
      highestClaim: -1,
      recordedAtMs: 1,
      changes: compact(projection.tables, changes),
      parked: [],
      released: [],
      causes: new Map(),
    });
    expect(outcome).to.equal("applied");
    next[index] = expected + batch.length;
  }
  const { all } = await digestGeneration(store, projection.tables);
  await store.drop();
  return all;
}

function topicOf({ topics }: Projection): string {
  return topics[0] ?? "";
}

/** Portfolios whose prices move until limits warn, are breached and cleared. */
function riskLog(random: Random): Log {
  const books = Array.from({ length: PORTFOLIOS }, () => new Book());
  for (const book of books) {
    book.does(limit("drawdown", "0.2", { warnAt: decimal("0.1") }));
    book.does(limit("leverage", "2"));
    for (let step = 0; step < STEPS; step += 1) {
      const price = String(random.integer(30_000, 60_000));
      book.does(assess({ BTC: "1" }, { price, net: "60000" }));
    }
    const removed = { kind: "leverage", asset: null, reason: "test" } as const;
    book.does({ type: "RemoveRiskLimit", data: removed });
  }
  return partitioned(
    RISK_PARTITIONS,
    books.flatMap(({ events }, index) => events.map((event) => ({ id: `p-${index}`, event }))),
  );
}

/** Traders who follow, unfollow and block one another; one partition, so only batches differ. */
function socialLog(random: Random): Log {
  const network = new Network();
  const any = () => `t-${random.integer(1, TRADERS)}`;
  for (let number = 1; number <= TRADERS; number += 1) {
    const data = { handle: `trader_${number}`, acceptsCopiers: true, copierLimit: 10 };
    network.does(`t-${number}`, { type: "RegisterTrader", data });
  }
  for (let step = 0; step < STEPS * 5; step += 1) {
    const [trader, other] = [any(), any()];
    const type = random.chance(0.7) ? "FollowTrader" : "UnfollowTrader";
    const command = random.chance(0.9)
      ? ({ type, data: { leader: other } } as const)
      : ({ type: "BlockTrader", data: { blocked: other } } as const);
    if (network.refusal(trader, command) === null) network.does(trader, command);
  }
  const events = network.events.map(({ trader, event }) => ({ id: trader, event }));
  return partitioned(1, events);
}

function partitioned(
  partitions: number,
  all: readonly { readonly id: string; readonly event: RiskEvent | SocialEvent }[],
): Log {
  const log: RecordedEvent[][] = Array.from({ length: partitions }, () => []);
  const sequences = new Map<string, number>();
  for (const { id: aggregateId, event } of all) {
    const partition = partitionOf(aggregateId, partitions);
    const sequence = (sequences.get(aggregateId) ?? 0) + 1;
    sequences.set(aggregateId, sequence);
    const records = log[partition] ?? [];
    records.push(recorded(event, { aggregateId, sequence, partition, position: records.length }));
  }
  return log;
}
