import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createRandom } from "../cli/demo/random.ts";
import { topics } from "../kafka-topics/topics.ts";
import { eventId } from "../platform/codec/codec.ts";
import { partitionOf } from "../platform/kernel/hash.ts";
import { openLogWriting } from "../platform/log/places.ts";
import { projections } from "../projections/registry.ts";
import { generationFile } from "../projections/runner/generation-files.ts";
import { keyOf } from "../projections/runner/key-order.ts";
import type { RowOrigin } from "../projections/runner/read-store.ts";
import { NO_SERVERS, openStore } from "../projections/stores.ts";
import type { Explanation } from "../query-api/projections/explain-answer.ts";
import { print, printedSeed } from "./contracts/log/seed.ts";
import { KillClients } from "./kill-clients.ts";
import { type PlatformProcess, startPlatformProcess } from "./platform-process.ts";
import { untilCaughtUp } from "./rebuild-watch.ts";
import { jsonLines, runCli } from "./run-cli.ts";

const HISTORY_MILLISECONDS = 3_000;
const ROWS_OF_A_TABLE = 8;
const LONGEST_PAGE = 500;

interface Asked {
  readonly status: number;
  readonly body: {
    readonly data: Explanation;
    readonly nextCursor?: string;
    readonly code?: string;
    readonly detail?: string;
    readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  };
}

describe("a row that is explained", function () {
  this.timeout(300_000);
  let folder: string;
  let platform: PlatformProcess;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-explained-"));
    platform = await startPlatformProcess(folder);
    const clients = new KillClients(createRandom(printedSeed()));
    clients.serveAt(platform.url);
    await clients.start();
    await sleep(HISTORY_MILLISECONDS);
    await clients.finish();
    await untilCaughtUp(platform.url);
  });

  after(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A fast machine gives a portfolio more events than the usual page holds. */
  const data = () => ["--data", folder, "--limit", String(LONGEST_PAGE)];

  async function explain(
    projection: string,
    query: Readonly<Record<string, string>>,
  ): Promise<Asked> {
    const path = `/v1/projections/${projection}/explain?${new URLSearchParams(query)}`;
    const answer = await fetch(platform.url + path);
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  }

  /** The pages together. */
  async function explained(
    projection: string,
    query: Readonly<Record<string, string>>,
  ): Promise<Explanation> {
    const { status, body } = await explain(projection, query);
    expect(status, JSON.stringify(body)).to.equal(200);
    if (body.nextCursor === undefined) return body.data;
    const rest = await explained(projection, { ...query, cursor: body.nextCursor });
    return { ...rest, events: [...body.data.events, ...rest.events] };
  }

  for (const { projection } of projections) {
    it(`is what its events make of it, in every table of ${projection.name}`, async () => {
      const store = await openStore({ folder, servers: NO_SERVERS }, projection.name, 1);
      let asked = 0;
      for (const [table, declared] of Object.entries(projection.tables)) {
        const { partitions, rows } = await someRows(store.rows(table));
        for (const { row, position } of rows) {
          const key = JSON.stringify(keyOf(declared, row));
          const limit = String(LONGEST_PAGE);
          const found = await explained(projection.name, { table, key, limit });
          const about = `${table} ${key} of ${[...partitions]}`;
          expect(found, about).to.deep.include({ row, last: position, agrees: true, differs: [] });
          expect(found.faults, about).to.deep.equal([]);
          expect(found.events[0]?.position, about).to.equal(found.first);
          expect(found.events.at(-1)?.row, about).to.deep.equal(row);
          asked += 1;
        }
      }
      await store.close();
      print(`${asked} rows of ${projection.name}`);
      expect(asked).to.be.above(0);
    });
  }

  it("names the command, the actor and the trace of each event, page by page", async () => {
    const query = { table: "versions", key: '["p-1"]' };
    const whole = await explained("portfolios", { ...query, limit: String(LONGEST_PAGE) });
    expect(whole.events.length).to.be.above(3);
    const [opened] = whole.events;
    expect(opened).to.include({ type: "PortfolioOpened", aggregateId: "p-1", sequence: 1 });
    expect(opened?.commandId).to.match(/^[0-9a-f-]{36}$/);
    expect(opened?.traceId).to.match(/^[0-9a-f]{32}$/);
    expect(opened?.changed).to.deep.equal(["version", "changedAtMs"]);
    expect(whole.events.map(({ row }) => row?.["version"])).to.deep.equal(
      whole.events.map((_, i) => i + 1),
    );
    const one = await explain("portfolios", { ...query, limit: "1" });
    expect(one.body.data).to.deep.include({ agrees: null, differs: null });
    const cursor = one.body.nextCursor ?? "";
    const next = await explain("portfolios", { ...query, limit: "1", cursor });
    expect(next.body.data.events).to.deep.equal(whole.events.slice(1, 2));
    const other = await explain("portfolios", { ...query, key: '["p-2"]', cursor });
    expect([other.status, other.body.code]).to.deep.equal([400, "INVALID_CURSOR"]);
  });

  it("is refused by names: of read models, tables and key columns, and where there is none", async () => {
    const wrong = async (projection: string, query: Readonly<Record<string, string>>) => {
      const { status, body } = await explain(projection, query);
      return [status, body.code, body.detail, body.errors?.[0]?.pointer];
    };
    const lots = await wrong("portfolios", { table: "lots", key: '["p-1","BTC","1"]' });
    const found = "a row of lots is found by a JSON array of portfolioId (text), asset (text)";
    expect(lots).to.deep.equal([400, "INVALID_REQUEST", `${found}, lot (integer)`, "/query/key"]);
    for (const key of ["p-1", "{}", "[]", '["p-1","BTC"]', "[1]", '["\\u0000"]']) {
      const [status, , , pointer] = await wrong("portfolios", { key });
      expect([status, pointer], key).to.deep.equal([400, "/query/key"]);
    }
    const [status, , detail, pointer] = await wrong("risk", { table: "lots", key: '["p-1"]' });
    expect([status, pointer]).to.deep.equal([400, "/query/table"]);
    expect(detail).to.match(/risk has no table lots; it has assessments, .*limits/);
    const nobody = await wrong("portfolios", { key: '["p-nobody"]' });
    expect(nobody.slice(0, 2)).to.deep.equal([404, "NOT_FOUND"]);
    expect((await wrong("holdings", { key: '["p-1"]' }))[2]).to.match(/there are .*portfolios/);
  });

  it("is shown as a table, old beside new, or as JSON", async () => {
    const shown = await runCli(["explain", "portfolios", "--table", "versions", "p-1", ...data()]);
    expect(shown.exitCode, shown.stderr).to.equal(0);
    expect(shown.stdout).to.match(/^versions \["p-1"\] of portfolios: portfolio\.events\/\d from/);
    expect(shown.stdout).to.match(/FundsDeposited p-1#2 @\d+ .* version +1 +2\n/);
    expect(shown.stderr).to.include("The stored row is what its events make of it.");
    const words = ["explain", "portfolios", "p-1", "--json", ...data()];
    const [json] = jsonLines((await runCli(words)).stdout);
    expect(json).to.deep.include({ table: "portfolios", key: ["p-1"], agrees: true });
    const wrong = await runCli(["explain", "portfolios", "--table", "lots", "p-1", ...data()]);
    expect(wrong.exitCode).to.equal(2);
    expect(wrong.stderr).to.include("found by portfolioId (text), asset (text), lot (integer)");
  });

  it("leaves out what was written after its owner's reign", async () => {
    const query = { table: "versions", key: '["p-1"]', limit: String(LONGEST_PAGE) };
    const before = await explained("portfolios", query);
    await platform.stop();
    await writeVoid("p-1");
    platform = await startPlatformProcess(folder);
    const deposit = { asset: "USDT", amount: "1", externalReference: "after the void one" };
    const answer = await fetch(`${platform.url}/v1/portfolios/p-1/deposit-funds`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(deposit),
    });
    expect(answer.status).to.equal(200);
    await untilCaughtUp(platform.url);
    const after = await explained("portfolios", query);
    expect(after.events.slice(0, -1)).to.deep.equal(before.events);
    expect(after.events.at(-1)?.position).to.be.above(before.last + 2);
    expect(after).to.deep.include({ first: before.first, agrees: true });
  });

  it("is found wrong where it is not what its events make of it", async () => {
    const database = new DatabaseSync(generationFile(folder, "portfolios", 1));
    const planted = "UPDATE versions SET version = 77777 WHERE portfolioId = 'p-2'";
    expect(database.prepare(planted).run().changes).to.equal(1);
    database.close();
    const query = { table: "versions", key: '["p-2"]', limit: String(LONGEST_PAGE) };
    const found = await explained("portfolios", query);
    expect(found).to.deep.include({ agrees: false, differs: ["version"] });
    const words = ["explain", "portfolios", "--table", "versions", "p-2", ...data()];
    const shown = await runCli(words);
    expect(shown.exitCode).to.equal(6);
    expect(shown.stderr).to.match(/is NOT what its events make of it: .* version: 77777/);
  });

  /** A claim, and an event of the reign before it that arrives all the same. */
  async function writeVoid(aggregateId: string): Promise<void> {
    const topic = "portfolio.events";
    const { log, codec, close } = await openLogWriting({ folder, kafka: null }, topics);
    const partition = partitionOf(aggregateId, (await log.topics()).get(topic) ?? 1);
    const claim = codec.encodeClaim(topic, "test", Date.now());
    const reign = await log.claim({ topic, partition }, claim);
    const commandId = "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f";
    const event = {
      type: "PortfolioClosed",
      data: { reason: "it never was" },
      occurredAtMs: Date.now(),
    };
    const record = codec.encode(topic, event, {
      eventId: eventId(topic, aggregateId, commandId, 0),
      aggregateId,
      sequence: 1_000_000,
      epoch: reign.epoch - 1,
      commandId,
      commandIndex: 0,
      commandEvents: 1,
      commandHash: "0".repeat(64),
      correlationId: commandId,
      causationId: null,
      causationPosition: null,
      actor: "test",
      traceparent: null,
    });
    const { outcome } = await log.append(reign, reign.epoch + 1, [record]);
    expect(outcome).to.equal("appended");
    await close();
  }
});

/** Rows from all over a table. */
async function someRows(all: AsyncIterable<Omit<RowOrigin, "first">>) {
  const rows = await Array.fromAsync(all);
  const every = Math.max(1, Math.floor(rows.length / ROWS_OF_A_TABLE));
  const partitions = new Set(rows.map(({ partition }) => partition));
  return { partitions, rows: rows.filter((_, i) => i % every === 0) };
}
