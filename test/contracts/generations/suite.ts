import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { v7 } from "uuid";
import type { CommandOutcome } from "../../../command-side/gateway.ts";
import { type CommandSide, startCommandSide } from "../../../command-side/main.ts";
import { topics } from "../../../kafka-topics/topics.ts";
import { type EventCodec, openCodec, openReadCodec } from "../../../platform/codec/codec.ts";
import type { SchemaRegistry } from "../../../platform/codec/registry.ts";
import { openSqliteRegistry } from "../../../platform/codec/sqlite-registry.ts";
import { openSqliteLog, type SqliteLog } from "../../../platform/log/sqlite/sqlite-log.ts";
import { createLogger } from "../../../platform/telemetry/logger.ts";
import { projections, registeredProjection } from "../../../projections/registry.ts";
import { digestGeneration } from "../../../projections/runner/digest.ts";
import type { OperationsPort, OperationsRequest } from "../../../projections/runner/operations.ts";
import type { ReadStore } from "../../../projections/runner/read-store.ts";
import { run } from "../../../projections/runner/runner.ts";
import { type GenerationStatus, Supervisor } from "../../../projections/runner/supervisor.ts";
import { SqliteReadStore } from "../../../projections/stores/sqlite/store.ts";
import {
  GenerationDropper,
  openStore,
  type StorePlace,
  type StoreServers,
} from "../../../projections/stores.ts";
import type { OperationsEvent } from "../../../schemas/generated/operations.ts";
import { falsifyRow, recordedOf, sumOf } from "./recorded.ts";
import { portfolioSubject, type Subject } from "./subjects.ts";

/** The servers of a store, or none. */
export interface Servers {
  readonly addresses: StoreServers;
  /** Makes generation 1 impossible to open until what it gives is called. */
  breakStore(place: StorePlace, projection: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** A supervisor starts a thread for each projection, and the machine may be busy with others. */
const HAPPENS_WITHIN_MS = 50_000;
const GRACE_MS = 1_000;

/** What every store of generations must do, with the whole of what feeds them. */
export function generationsContract(
  name: string,
  openServers: () => Promise<Servers>,
  subject: Subject = portfolioSubject,
): void {
  describe(`the generations of read models, fed by threads: ${name}`, () => {
    let servers: Servers;
    let place: StorePlace;
    let folder: string;
    let log: SqliteLog;
    let codec: EventCodec;
    let registry: SchemaRegistry;
    let commandSide: CommandSide;
    const supervisors: Supervisor[] = [];
    const logger = createLogger("silent");

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "cipherhorizon-generations-"));
      servers = await openServers();
      place = { folder, servers: servers.addresses };
      registry = openSqliteRegistry({ folder });
      codec = await openCodec({ registry, topics });
      log = await openSqliteLog({ folder, topics, encodeLogCreated: codec.encodeLogCreated });
      commandSide = await startCommandSide({ log, codec, logger, clock: Date.now });
    });

    afterEach(async () => {
      await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
      await commandSide.stop();
      await log.close();
      await registry.close();
      rmSync(folder, { recursive: true });
      await servers.close();
    });

    function start(
      operations: OperationsPort = commandSide.gateway,
      { version = 1, graceMs = GRACE_MS } = {},
    ): Supervisor {
      const versions = projections.map(({ projection }) => ({ ...projection, version }));
      const stores = new GenerationDropper(place);
      const logPlace = { folder: place.folder, kafka: null };
      const times = { graceMs, clock: Date.now };
      const parts = { stores, logPlace, log, codec, operations, logger, ...times };
      const supervisor = new Supervisor({ ...parts, projections: versions });
      supervisors.push(supervisor);
      return supervisor;
    }

    function statusOf(supervisor: Supervisor, generation: number): GenerationStatus | undefined {
      return supervisor.status().find((one) => {
        return one.projection === subject.projection && one.generation === generation;
      });
    }

    async function submit(
      target: { aggregate: string; aggregateId: string },
      command: { type: string; data: unknown },
    ): Promise<CommandOutcome> {
      const outcome = await commandSide.gateway.submit({
        ...target,
        command,
        commandId: v7(),
        expectedVersion: null,
        actor: "test",
        authority: "all",
        correlationId: v7(),
        causationId: null,
        causationPosition: null,
        traceparent: null,
      });
      if (outcome.outcome !== "accepted") throw new Error(JSON.stringify(outcome));
      return outcome;
    }

    const generations = { aggregate: "projection", aggregateId: subject.projection };
    const rebuild = { type: "StartGeneration", data: { version: 1, reason: "rebuild" } };

    /** Nothing that a projector asks for is done. */
    const deaf: OperationsPort = {
      submit: async () => ({ outcome: "failed", code: "X", detail: "" }),
    };

    const recorded = <T extends OperationsEvent["type"]>(type: T) => {
      return recordedOf({ log, codec, projection: subject.projection }, type);
    };

    let changes = 0;

    const open = (id: string) => subject.open(submit, id);

    async function change(id: string): Promise<void> {
      changes += 1;
      await subject.change(submit, id, changes);
    }

    /** Its tables are there. */
    async function isThere(generation: number): Promise<boolean> {
      const store = await openStore(place, subject.projection, generation);
      try {
        return (await store.checkpoints()).size >= 0;
      } catch {
        return false;
      } finally {
        await store.close();
      }
    }

    /** The digest of a generation that stands at the end of the log. */
    async function digest(store: ReadStore) {
      const { projection } = registeredProjection(subject.projection);
      return (await digestGeneration(store, projection.tables)).all;
    }

    async function digestOf(generation: number) {
      const store = await openStore(place, subject.projection, generation);
      const found = await digest(store);
      await store.close();
      return found;
    }

    /** The same read model built from zero, by another runner into another file. */
    async function digestFromZero() {
      const { projection, indexes } = registeredProjection(subject.projection);
      const store = new SqliteReadStore({ file: join(folder, "scratch.db"), projection, indexes });
      const stopping = new AbortController();
      const ended = run({
        ...{ projection, store, log },
        codec: openReadCodec({ registry }),
        observer: { onCaughtUp: () => stopping.abort() },
        signal: stopping.signal,
      });
      expect((await ended).reason).to.equal("stopped");
      const found = await digest(store);
      await store.drop();
      return found;
    }

    async function isAtEnd(supervisor: Supervisor, generation: number): Promise<boolean> {
      const ends = await log.ends(subject.topic);
      const status = statusOf(supervisor, generation);
      const positions = status?.partitions.map(({ position }) => position) ?? [];
      return positions.length === ends.length && ends.every((end, i) => positions[i] === end);
    }

    it("begin by themselves: the first is live at once, and is fed", async () => {
      await open("p-1");
      const supervisor = start();
      await until(() => isAtEnd(supervisor, 1));
      const status = statusOf(supervisor, 1);
      expect(status).to.include({ phase: "live", version: 1, feeding: "feeding", detail: "" });
      await change("p-1");
      await until(() => isAtEnd(supervisor, 1));
      expect(await digestOf(1)).to.deep.equal(await digestFromZero());
      const names = new Set(supervisor.status().map(({ projection }) => projection));
      expect(names.size).to.equal(projections.length);
    });

    it("go on from their checkpoints after a restart, without a new build", async () => {
      await open("p-1");
      const before = start();
      await until(() => isAtEnd(before, 1));
      await before.stop();
      await change("p-1");
      const after = start();
      await until(() => isAtEnd(after, 1));
      const events = statusOf(after, 1)?.partitions.reduce((sum, one) => sum + one.events, 0);
      expect(events).to.equal(1);
      expect(statusOf(after, 2)).to.equal(undefined);
    });

    it("are rebuilt beside the live one, promoted, and the old one is dropped: equal rows", async () => {
      await open("p-1");
      for (let i = 0; i < 300; i += 1) await change("p-1");
      const supervisor = start();
      await until(() => isAtEnd(supervisor, 1));
      const flowing = new AbortController();
      const flow = (async () => {
        while (!flowing.signal.aborted) await change("p-1");
      })();
      await submit(generations, rebuild);
      await until(async () => statusOf(supervisor, 2)?.phase === "live");
      expect(statusOf(supervisor, 1)?.phase).to.equal("replaced");
      await sleep(100);
      flowing.abort();
      await flow;
      await until(() => isAtEnd(supervisor, 2));
      expect(await digestOf(2)).to.deep.equal(await digestFromZero());
      await until(async () => statusOf(supervisor, 1) === undefined);
      await until(async () => !(await isThere(1)));
      expect(statusOf(supervisor, 2)?.feeding).to.equal("feeding");
    });

    it("are promoted with a certificate, rolled back from, and promoted again by it", async () => {
      await open("p-1");
      const supervisor = start(commandSide.gateway, { graceMs: 60_000 });
      await until(() => isAtEnd(supervisor, 1));
      await submit(generations, rebuild);
      await until(async () => statusOf(supervisor, 2)?.phase === "live");
      const [verified] = await recorded("GenerationVerified");
      expect(verified).to.deep.include({ generation: 2, against: 1, leftOut: [], beyond: 0 });
      expect(await digestOf(2)).to.deep.equal(sumOf(verified));
      const promotion = { generation: 2, rule: "verified", positions: verified?.positions };
      const [, promoted] = await recorded("GenerationPromoted");
      expect(promoted).to.deep.include({ ...promotion, verified: true, previous: 1 });
      const data = { generation: 1, force: false, reason: "figures look wrong" };
      await submit(generations, { type: "RollBackGeneration", data });
      await until(async () => statusOf(supervisor, 1)?.phase === "live");
      await change("p-1");
      await until(() => isAtEnd(supervisor, 1));
      await until(() => isAtEnd(supervisor, 2));
      await submit(generations, {
        type: "PromoteGeneration",
        data: { ...promotion, reason: "they were right" },
      });
      await until(async () => statusOf(supervisor, 2)?.phase === "live");
      const rules = (await recorded("GenerationPromoted")).map(({ rule }) => rule);
      expect(rules).to.deep.equal(["first", "verified", "rollback", "verified"]);
    });

    it("that differ from the live one are found out and not promoted, unless forced", async () => {
      // More than there are partitions: one is not the last in its own.
      for (const id of ["p-1", "p-2", "p-3", "p-4", "p-5"]) {
        await open(id);
        await change(id);
      }
      const before = start();
      await until(() => isAtEnd(before, 1));
      await before.stop();
      await submit(generations, rebuild);
      const crashed = start(deaf);
      await until(async () => statusOf(crashed, 2)?.caughtUp === true);
      await crashed.stop();
      const store = await openStore(place, subject.projection, 2);
      const falsified = await falsifyRow(store, { ...subject.falsified, logId: await log.logId() });
      await store.close();
      const after = start();
      await until(async () => statusOf(after, 2)?.phase === "different");
      const [found] = await recorded("GenerationVerificationFailed");
      expect(found).to.deep.include({ generation: 2, against: 1, differingRows: 1 });
      expect(found?.differences[0]).to.deep.include(falsified);
      expect(statusOf(after, 1)?.phase).to.equal("live");
      const data = { generation: 2, rule: "forced", positions: {}, reason: "a test" };
      await submit(generations, { type: "PromoteGeneration", data });
      await until(async () => statusOf(after, 2)?.phase === "live");
      expect((await recorded("GenerationPromoted")).at(-1)).to.include({ verified: false });
    });

    it("are not fed while their projection is paused, and go on when it is resumed", async () => {
      await open("p-1");
      const supervisor = start();
      await until(() => isAtEnd(supervisor, 1));
      await submit(generations, { type: "PauseProjection", data: { reason: "a test" } });
      await until(async () => statusOf(supervisor, 1)?.feeding === "not-fed");
      expect(statusOf(supervisor, 1)?.detail).to.equal("paused");
      await change("p-1");
      await submit(generations, { type: "ResumeProjection", data: { reason: "a test" } });
      await until(() => isAtEnd(supervisor, 1));
      expect(await digestOf(1)).to.deep.equal(await digestFromZero());
    });

    it("go on with a build after a crash in its middle", async () => {
      await open("p-1");
      const before = start();
      await until(() => isAtEnd(before, 1));
      await before.stop();
      await submit(generations, rebuild);
      const crashed = start(deaf);
      await until(async () => statusOf(crashed, 2)?.caughtUp === true);
      expect(statusOf(crashed, 2)?.phase).to.equal("building");
      await crashed.stop();
      const after = start();
      await until(async () => statusOf(after, 2)?.phase === "live");
      expect(await digestOf(2)).to.deep.equal(await digestFromZero());
    });

    it("that are cancelled leave nothing behind", async () => {
      const supervisor = start();
      await until(async () => statusOf(supervisor, 1)?.phase === "live");
      await supervisor.stop();
      const building = start(deaf);
      await submit(generations, rebuild);
      await until(() => isThere(2));
      const data = { generation: 2, reason: "by mistake" };
      await submit(generations, { type: "CancelGeneration", data });
      await until(async () => !(await isThere(2)));
      expect(statusOf(building, 2)).to.equal(undefined);
      // Its thread may still be starting: the cancelled one was quicker.
      await until(async () => statusOf(building, 1)?.feeding === "feeding");
    });

    it("are fed by one projector; another waits and takes over", async () => {
      const first = start();
      await until(() => isAtEnd(first, 1));
      const second = start();
      await until(async () => statusOf(second, 1)?.feeding === "waiting");
      await open("p-1");
      await until(() => isAtEnd(first, 1));
      await first.stop();
      await change("p-1");
      await until(() => isAtEnd(second, 1));
      expect(statusOf(second, 1)?.feeding).to.equal("feeding");
      expect(await digestOf(1)).to.deep.equal(await digestFromZero());
    });

    it("of older code are left alone, and newer code asks for a build of its own", async () => {
      const first = start();
      await until(() => isAtEnd(first, 1));
      await first.stop();
      const asked: OperationsRequest[] = [];
      const newer = start(
        {
          submit: async (request) => {
            asked.push(request);
            return { outcome: "accepted" };
          },
        },
        { version: 2 },
      );
      await until(async () => asked.length >= projections.length);
      expect(asked[0]?.command).to.deep.include({ type: "StartGeneration" });
      expect(asked[0]?.command.data).to.deep.include({ version: 2 });
      expect(statusOf(newer, 1)?.feeding).to.equal("not-fed");
    });

    it("wait while their store cannot be opened, say why, and go on", async () => {
      const repair = await servers.breakStore(place, subject.projection);
      const supervisor = start();
      await until(async () => statusOf(supervisor, 1)?.feeding === "paused");
      expect(statusOf(supervisor, 1)?.detail).to.include("create");
      await repair();
      await until(() => isAtEnd(supervisor, 1));
      expect(statusOf(supervisor, 1)).to.include({ feeding: "feeding", detail: "" });
    });
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HAPPENS_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error("it did not happen in time");
    await sleep(10);
  }
}
