import { expect } from "chai";
import type { PlannedCommand } from "../../../command-side/process-managers/manager.ts";
import type {
  OutboxEntry,
  ProcessStore,
} from "../../../command-side/process-managers/process-store.ts";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import type { PartitionKey } from "../../../platform/log/log.ts";
import type { Projection, Row } from "../../../projections/runner/projection.ts";
import {
  type ApplyOutcome,
  Fenced,
  type StoredRow,
} from "../../../projections/runner/read-store.ts";
import {
  loseProcessStore,
  newProcessStoreAt,
  type ProcessStoreAdapter,
  type ProcessStoreAt,
  processStoreAt,
  removeProcessStoreAt,
} from "./adapters.ts";

const LOG_ID = "log-1";
const PARTITION: PartitionKey = "some.events/0";
const RACERS = 6;
const WRITES = 100;

const projection: Projection = {
  name: "any-manager",
  version: 1,
  topics: ["some.events"],
  tables: {
    due: { key: { id: "text" }, columns: { value: "integer" } },
    facts: { key: { id: "text", part: "integer" }, columns: { value: "integer" } },
  },
  project: () => [],
};

/** What every store of a process manager must fulfil beside the contract of a read store. */
export function processStoreContract(adapter: ProcessStoreAdapter): void {
  let at: ProcessStoreAt;
  let store: ProcessStore;
  let written: Written;
  const opened: ProcessStore[] = [];

  beforeEach(async () => {
    at = newProcessStoreAt(adapter);
    store = await open();
    await store.reign(LOG_ID);
    written = await Written.by(store);
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await loseProcessStore(at, projection);
    removeProcessStoreAt(at);
  });

  /** As another process would. */
  async function open(): Promise<ProcessStore> {
    const one = processStoreAt(at, projection);
    opened.push(one);
    await one.create();
    return one;
  }

  async function foundDue(): Promise<readonly StoredRow[]> {
    const [found = []] = await store.find([{ table: "due", limit: 100 }]);
    return found;
  }

  async function dueRow(id: string): Promise<{ readonly table: string } & StoredRow> {
    const found = (await foundDue()).find(({ row }) => row["id"] === id);
    if (found === undefined) throw new Error(`${id} is not due`);
    return { ...found, table: "due" };
  }

  const ids = (rows: readonly StoredRow[] | undefined) => rows?.map(({ row }) => row["id"]);

  describe("finding rows", () => {
    const FACTS = [
      ["a", 1],
      ["a", 2],
      ["b", 1],
      ["ä", 1],
    ] as const;

    beforeEach(async () => {
      for (const [id, part] of FACTS) await written.row("facts", { id, part, value: part });
    });

    it("gives them in key order, by code point, with where they were changed last", async () => {
      const [found] = await store.find([{ table: "facts", limit: 10 }]);
      expect(found?.map(({ row }) => [row["id"], row["part"]])).to.deep.equal(FACTS);
      expect(found?.[2]).to.deep.equal({
        row: { id: "b", part: 1, value: 1 },
        partition: PARTITION,
        position: 2,
      });
    });

    it("gives a page after a whole key, of no more than the limit", async () => {
      const [found] = await store.find([{ table: "facts", after: ["a", 1], limit: 2 }]);
      expect(found?.map(({ row }) => [row["id"], row["part"]])).to.deep.equal(FACTS.slice(1, 3));
    });

    it("gives those of some first keys, of one page too", async () => {
      const among = ["ä", "a", "nobody"];
      const [all, rest, none] = await store.find([
        { table: "facts", among, limit: 10 },
        { table: "facts", among, after: ["a", 1], limit: 10 },
        { table: "facts", among: [], limit: 10 },
      ]);
      expect(ids(all)).to.deep.equal(["a", "a", "ä"]);
      expect(ids(rest)).to.deep.equal(["a", "ä"]);
      expect(none).to.deep.equal([]);
    });

    it("gives all answers of the same moment, while rows are written", async () => {
      const writing = (async () => {
        for (let value = 1; value <= WRITES; value += 1) {
          await written.rows([
            { table: "due", row: { id: "x", value } },
            { table: "facts", row: { id: "x", part: 1, value } },
          ]);
          await moment();
        }
      })();
      let looks = 0;
      for (let isOver = false; !isOver; looks += 1) {
        isOver = await Promise.race([writing.then(() => true), moment().then(() => false)]);
        const [due, facts] = await store.find([
          { table: "due", limit: 1 },
          { table: "facts", among: ["x"], limit: 1 },
        ]);
        expect(due?.[0]?.row["value"]).to.equal(facts?.[0]?.row["value"]);
      }
      expect(looks).to.be.above(1);
    });
  });

  describe("freezing what is due", () => {
    it("puts commands in, settled rows out, and marks down, all at once", async () => {
      await written.row("due", { id: "a", value: 1 });
      await written.row("due", { id: "b", value: 1 });
      const settled = [await dueRow("a")];
      const frozen = { commands: [command("a", "1")], settled, marks: { far: "a", more: "m" } };
      expect(await store.freeze(frozen)).to.equal("frozen");
      expect(ids(await foundDue())).to.deep.equal(["b"]);
      expect(await store.outboxSize()).to.equal(1);
      expect([await store.mark("far"), await store.mark("none")]).to.deep.equal(["a", null]);
      await store.freeze({ commands: [], settled: [], marks: { far: "b" } });
      expect([await store.mark("far"), await store.mark("more")]).to.deep.equal(["b", "m"]);
    });

    it("does nothing of it where one row has changed since, or is gone", async () => {
      await written.row("due", { id: "a", value: 1 });
      await written.row("due", { id: "b", value: 1 });
      const settled = [await dueRow("a"), await dueRow("b")];
      await written.row("due", { id: "b", value: 2 });
      const frozen = { commands: [command("a", "1")], settled, marks: { far: "a" } };
      expect(await store.freeze(frozen)).to.equal("changed");
      expect(ids(await foundDue())).to.deep.equal(["a", "b"]);
      expect([await store.outboxSize(), await store.mark("far")]).to.deep.equal([0, null]);
      const again = { commands: [command("a", "1")], settled: [await dueRow("a")] };
      expect(await store.freeze(again)).to.equal("frozen");
      expect(await store.freeze(again)).to.equal("changed");
      expect(await store.outboxSize()).to.equal(1);
    });

    it("keeps the first content of a command that is frozen again", async () => {
      await store.freeze({ commands: [command("a", "1", "first")], settled: [] });
      await store.freeze({ commands: [command("a", "1", "second")], settled: [] });
      expect((await store.ready(10)).map((one) => one.command.payload)).to.deep.equal(["first"]);
    });
  });

  describe("the outbox", () => {
    it("gives the first of each target, in the order they came", async () => {
      const commands = [
        command("b", "1"),
        command("a", "2"),
        command("b", "3"),
        command("c", "4"),
        command("a", "5"),
      ];
      await store.freeze({ commands, settled: [] });
      expect(commandIds(await store.ready(10))).to.deep.equal(["1", "2", "4"]);
      expect(commandIds(await store.ready(2))).to.deep.equal(["1", "2"]);
      for (const expected of [["1", "2", "4"], ["3", "5"], []]) {
        const ready = await store.ready(10);
        expect(commandIds(ready)).to.deep.equal(expected);
        for (const entry of ready) await store.strike(entry, []);
      }
    });

    it("gives a command back to the letter", async () => {
      const payload = {
        text: 'o\'hara "日本" \u0000 \ud800',
        number: 1.5,
        nothing: null,
        list: [],
      };
      const planned = { ...command("a", "1"), payload };
      await store.freeze({ commands: [planned], settled: [] });
      expect((await store.ready(1))[0]?.command).to.deep.equal(planned);
    });

    it("strikes an entry and puts its follow-ups in, once", async () => {
      await store.freeze({ commands: [command("a", "1")], settled: [] });
      const [first] = await store.ready(1);
      await store.strike(first as OutboxEntry, [command("b", "then")]);
      const [then] = await store.ready(10);
      expect(then?.command.commandId).to.equal("then");
      await store.strike(then as OutboxEntry, []);
      await store.strike(first as OutboxEntry, [command("b", "then")]);
      expect(await store.outboxSize()).to.equal(0);
    });

    it("knows which aggregates are waited for", async () => {
      await store.freeze({ commands: [command("a", "1"), command("a", "2")], settled: [] });
      expect(await store.waiting("any", ["a", "b"])).to.deep.equal(new Set(["a"]));
      expect(await store.waiting("other", ["a", "b"])).to.deep.equal(new Set());
      expect(await store.waiting("any", [])).to.deep.equal(new Set());
    });

    it("is there, with starts and marks, when it is opened again", async () => {
      const start = { partition: PARTITION, position: 7, reason: "operator", atMs: 5 } as const;
      await store.recordStarts([start]);
      await store.recordStarts([{ ...start, position: 9 }]);
      await store.freeze({ commands: [command("a", "1")], settled: [], marks: { far: "a" } });
      const again = await open();
      await again.reign(LOG_ID);
      expect(await again.starts()).to.deep.equal(new Map([[PARTITION, start]]));
      expect(commandIds(await again.ready(1))).to.deep.equal(["1"]);
      expect(await again.mark("far")).to.equal("a");
    });
  });

  describe("a reign", () => {
    it("ends the one before: nothing of it is written or sent any more", async () => {
      await written.row("due", { id: "a", value: 1 });
      await store.freeze({ commands: [command("a", "1")], settled: [] });
      const [entry] = await store.ready(1);
      const settled = [await dueRow("a")];
      const next = await open();
      await next.reign(LOG_ID);
      const start = { partition: PARTITION, position: 0, reason: "operator", atMs: 0 } as const;
      for (const late of [
        () => store.freeze({ commands: [command("b", "2")], settled }),
        () => store.freeze({ commands: [], settled: [], marks: { far: "z" } }),
        () => store.strike(entry as OutboxEntry, []),
        () => store.ready(1),
        () => store.take(PARTITION, LOG_ID),
        () => store.recordStarts([start]),
      ]) {
        expect(await rejection(late())).to.be.instanceOf(Fenced);
      }
      expect(commandIds(await next.ready(10))).to.deep.equal(["1"]);
      expect([await next.mark("far"), (await next.starts()).size]).to.deep.equal([null, 0]);
      await next.take(PARTITION, LOG_ID);
      expect(await written.row("due", { id: "a", value: 2 })).to.equal("fenced");
    });

    it("is one at a time, whoever begins at once", async () => {
      const racers = await Promise.all(Array.from({ length: RACERS }, open));
      await Promise.all(racers.map((one) => one.reign(LOG_ID)));
      const outcomes = await Promise.all(
        racers.map((one, i) => {
          return one.freeze({ commands: [command("a", String(i))], settled: [] }).catch(nameOf);
        }),
      );
      expect(outcomes.toSorted()).to.deep.equal([...Array(RACERS - 1).fill("Fenced"), "frozen"]);
      expect(await store.outboxSize()).to.equal(1);
    });

    it("is of one log: an outbox is not sent to another", async () => {
      await store.freeze({ commands: [command("a", "1")], settled: [] });
      const other = await open();
      const error = await rejection(other.reign("log-2"));
      expect(error).to.be.instanceOf(PlatformError).with.property("code", "LOG_MISMATCH");
      expect(await rejection(other.ready(1))).to.be.instanceOf(Fenced);
      expect(commandIds(await store.ready(1))).to.deep.equal(["1"]);
    });
  });
}

/** Writes rows as the runner would, one batch after the other. */
class Written {
  readonly #store: ProcessStore;
  readonly #epoch: number;
  #next = 0;

  private constructor(store: ProcessStore, epoch: number) {
    this.#store = store;
    this.#epoch = epoch;
  }

  static async by(store: ProcessStore): Promise<Written> {
    const { epoch } = await store.take(PARTITION, LOG_ID);
    return new Written(store, epoch);
  }

  row(table: string, row: Row): Promise<ApplyOutcome> {
    return this.rows([{ table, row }]);
  }

  async rows(
    changes: readonly { readonly table: string; readonly row: Row }[],
  ): Promise<ApplyOutcome> {
    const position = this.#next;
    const outcome = await this.#store.apply({
      partition: PARTITION,
      expected: position,
      next: position + 1,
      epoch: this.#epoch,
      highestClaim: 0,
      recordedAtMs: 0,
      changes: changes.map((change) => ({ ...change, position })),
      parked: [],
      released: [],
      causes: new Map(),
    });
    if (outcome === "applied") this.#next += 1;
    return outcome;
  }
}

function command(aggregateId: string, commandId: string, payload: unknown = {}): PlannedCommand {
  const position = { topic: "some.events", partition: 0, position: 1 };
  const cause = { eventId: "e", correlationId: "c", position };
  return { aggregate: "any", aggregateId, type: "Do", payload, commandId, cause };
}

function commandIds(entries: readonly OutboxEntry[]): string[] {
  return entries.map((entry) => entry.command.commandId);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

function rejection(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
