import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordedEvent } from "../../platform/codec/envelope.ts";
import { partitionKey } from "../../platform/log/log.ts";
import type { Projection } from "../../projections/runner/projection.ts";
import { SqliteProcessStore } from "./sqlite-process-store.ts";

/** A manager's store in a folder of its own, fed event by event as the runner would. */
export class TestStore {
  readonly #projection: Projection;
  readonly #folder = mkdtempSync(join(tmpdir(), "cipherhorizon-processes-"));
  readonly store: SqliteProcessStore;

  constructor(projection: Projection) {
    this.#projection = projection;
    this.store = new SqliteProcessStore({ file: join(this.#folder, "manager.db"), projection });
  }

  async create(): Promise<void> {
    await this.store.create();
    await this.store.reign("log-1");
  }

  async feed(recorded: RecordedEvent): Promise<void> {
    const partition = partitionKey(recorded);
    const { next: expected, epoch } = await this.store.take(partition, "log-1");
    const { position, recordedAtMs } = recorded;
    const changes = this.#projection.project(recorded).map((one) => ({ ...one, position }));
    await this.store.apply({
      partition,
      expected,
      next: position + 1,
      epoch,
      highestClaim: 0,
      recordedAtMs,
      changes,
      parked: [],
      released: [],
      causes: new Map(),
    });
  }

  async remove(): Promise<void> {
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }
}
