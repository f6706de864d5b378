import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { instrument } from "../command-side/contexts/market-data/instrument/index.ts";
import {
  MINUTE_0_MS,
  record,
  registerCommand,
  tick,
} from "../command-side/contexts/market-data/instrument/instrument.fixture.ts";
import type { Accepted, CommandRequest } from "../command-side/gateway.ts";
import { type OwnerParts, PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import { type EventCodec, eventId, openCodec } from "../platform/codec/codec.ts";
import type { SchemaRegistry } from "../platform/codec/registry.ts";
import { openSqliteRegistry } from "../platform/codec/sqlite-registry.ts";
import type { Command } from "../platform/kernel/decider.ts";
import { openSqliteLog, type SqliteLog } from "../platform/log/sqlite/sqlite-log.ts";
import { verifyLog } from "../platform/log/verify.ts";

const TOPIC = "market.events";
const INSTRUMENT = "binance:BTC-USDT";
const topics = [{ topic: TOPIC, context: "market-data", partitions: 1 }];
const MINUTE_MS = 60_000;

describe("event ids in the log", () => {
  let folder: string;
  let log: SqliteLog;
  let registry: SchemaRegistry;
  let codec: EventCodec;
  let owner: PartitionOwner;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-event-ids-"));
    registry = openSqliteRegistry({ folder });
    codec = await openCodec({ registry, topics });
    log = await openSqliteLog({ folder, topics, encodeLogCreated: codec.encodeLogCreated });
    owner = await PartitionOwner.take(partsOf());
  });

  afterEach(async () => {
    await log.close();
    await registry.close();
    rmSync(folder, { recursive: true });
  });

  function partsOf(): OwnerParts {
    return {
      log,
      codec,
      partition: { topic: TOPIC, partition: 0 },
      aggregate: instrument,
      owner: "test",
      clock: () => MINUTE_0_MS + 10 * MINUTE_MS,
      observer: {
        onFolded: () => {},
        onEvents: () => {},
        onSnapshotUnusable: () => {},
        onVoidEvent: () => {},
        onAppend: () => {},
        onTrouble: () => {},
      },
    };
  }

  async function take(command: Command, commandId = uuid()): Promise<Accepted> {
    const outcome = await owner.submit(requestOf(command, commandId));
    if (outcome.outcome === "accepted") return outcome;
    throw new Error(`expected an accepted command: ${JSON.stringify(outcome)}`);
  }

  it("are unique though one command id brought different ticks twice", async () => {
    await take(registerCommand);
    const commandId = uuid();
    const answers = [
      await take(record([tick(0, { tradeId: 1 })]), commandId),
      await take(record([tick(2 * MINUTE_MS, { tradeId: 2 })]), commandId),
      await take(record([tick(4 * MINUTE_MS, { tradeId: 3 })]), commandId),
    ];
    const ids = answers.flatMap(({ events }) => events.map(({ id }) => id));
    expect(ids).to.have.length.above(answers.length);
    expect(new Set(ids)).to.have.property("size", ids.length);
    const report = await verifyLog({ log, codec });
    expect(report.partitions.flatMap(({ problems }) => problems)).to.deep.equal([]);
  });

  it("are made of what stands in the log, of remembered commands without the sequence", async () => {
    const registering = uuid();
    const ticking = uuid();
    const { events: listed } = await take(registerCommand, registering);
    const { events: ticked } = await take(record([tick(0)]), ticking);
    expect(listed.map(({ id }) => id)).to.deep.equal([eventId(TOPIC, INSTRUMENT, registering, 0)]);
    expect(ticked.map(({ id }) => id)).to.deep.equal([eventId(TOPIC, INSTRUMENT, ticking, 0, 2)]);
  });
});

function requestOf(command: Command, commandId: string): CommandRequest {
  return {
    aggregate: "instrument",
    aggregateId: INSTRUMENT,
    command,
    commandId,
    expectedVersion: null,
    actor: "test",
    authority: "all",
    correlationId: uuid(),
    causationId: null,
    causationPosition: null,
    traceparent: null,
  };
}
