import { deepStrictEqual } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PartitionFold } from "../command-side/ownership/partition-fold.ts";
import { type OwnerParts, PartitionOwner } from "../command-side/ownership/partition-owner.ts";
import type { PartitionState } from "../command-side/ownership/partition-state.ts";
import { SnapshotKeeper } from "../command-side/snapshots/snapshot-keeper.ts";
import { writeSnapshot } from "../command-side/snapshots/write-snapshot.ts";
import type { SnapshotMarker, SnapshotStore } from "../platform/snapshots/snapshot-store.ts";
import { openSqliteSnapshots } from "../platform/snapshots/sqlite-snapshot-store.ts";
import { losingAnswers } from "./ownership/disturbed-log.ts";
import { type OwnedLog, openOwnedLog } from "./ownership/owned-log.ts";
import { accepted, start } from "./ownership/requests.ts";
import {
  cutOff,
  dyingBefore,
  remarked,
  slow,
  tampered,
  until,
  watchedFolds,
} from "./ownership/snapshot-log.ts";

const COMMANDS = 30;

describe("the snapshots of an owner", () => {
  let owned: OwnedLog;
  let parts: OwnerParts;
  let folder: string;
  let store: SnapshotStore;

  beforeEach(async () => {
    owned = await openOwnedLog();
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-owner-snapshots-"));
    store = openSqliteSnapshots(folder);
    parts = { ...owned.parts, snapshots: store };
  });

  afterEach(async () => {
    await store.close();
    await owned.close();
    rmSync(folder, { recursive: true });
  });

  const writing = (to: SnapshotStore = store, signal = new AbortController().signal) => {
    return { store: to, clock: Date.now, signal };
  };

  async function withCommands(count = COMMANDS): Promise<PartitionOwner> {
    const owner = await PartitionOwner.take(parts);
    await Promise.all(Array.from({ length: count }, (_, i) => owner.submit(start(`one-${i}`))));
    return owner;
  }

  /** The state that the log alone gives. */
  async function fullFold(): Promise<unknown> {
    const owner = await PartitionOwner.take(owned.parts);
    return contentOf(owner.state);
  }

  it("spare the next owner the log before them, and it comes to the same state", async () => {
    const owner = await withCommands();
    const marker = await writeSnapshot(owner, writing());
    await owner.submit(start("after"));
    const { observer, folds, unusable } = watchedFolds(parts);
    const next = await PartitionOwner.take({ ...parts, observer });
    expect(folds[0]?.from).to.equal(marker?.position);
    expect(marker?.position).to.be.greaterThan(COMMANDS);
    expect(unusable).to.deep.equal([]);
    deepStrictEqual(contentOf(next.state), await fullFold());
  });

  it("hold the ids of commands: one that is repeated is answered as the first time", async () => {
    const request = start("portfolios");
    const before = await PartitionOwner.take(parts);
    const first = await before.submit(request);
    await writeSnapshot(before, writing());
    const next = await PartitionOwner.take(parts);
    expect(await next.submit(request)).to.deep.equal({ ...first, repeated: true });
    const other = await next.submit({ ...request, aggregateId: "ticks" });
    expect(other).to.include({ code: "COMMAND_ID_REUSED" });
  });

  it("are written while commands are decided, each part at its own time", async () => {
    const owner = await withCommands(300);
    let isWriting = true;
    const written = writeSnapshot(owner, writing(slow(store, 10))).finally(() => {
      isWriting = false;
    });
    for (let i = 0; isWriting; i += 1) accepted(await owner.submit(start(`meanwhile-${i}`)));
    const marker = await written;
    expect(marker?.through).to.be.greaterThan(marker?.position ?? 0);
    const { observer, folds, unusable } = watchedFolds(parts);
    const next = await PartitionOwner.take({ ...parts, observer });
    expect([folds[0]?.from, unusable]).to.deep.equal([marker?.position, []]);
    deepStrictEqual(contentOf(next.state), await fullFold());
  });

  it("are nothing to the next owner where their writer was killed", async () => {
    const owner = await withCommands();
    const first = await writeSnapshot(owner, writing());
    await owner.submit(start("after"));
    for (const dies of [0, 1]) {
      const error = await writeSnapshot(owner, writing(dyingBefore(store, dies))).catch(String);
      expect(error).to.include("killed");
    }
    const { observer, folds } = watchedFolds(parts);
    await PartitionOwner.take({ ...parts, observer });
    expect(folds[0]?.from).to.equal(first?.position);
  });

  it("are given up when their state does not last", async () => {
    const owner = await withCommands();
    await PartitionOwner.take(parts);
    expect((await owner.submit(start("stale"))).outcome).to.equal("failed");
    expect(await writeSnapshot(owner, writing())).to.equal(null);
    await owner.stop();
    expect(await writeSnapshot(owner, writing())).to.equal(null);
  });

  it("are written by who follows another's partition, until it takes that", async () => {
    await withCommands();
    const fold = new PartitionFold(parts);
    expect(await writeSnapshot(fold, writing())).to.equal(null);
    await fold.catchUp();
    const marker = await writeSnapshot(fold, writing());
    expect(marker?.position).to.be.greaterThan(COMMANDS);
    const { observer, folds } = watchedFolds(parts);
    const next = await PartitionOwner.take({ ...parts, observer });
    expect(folds[0]?.from).to.equal(marker?.position);
    deepStrictEqual(contentOf(next.state), contentOf(fold.state));
    await PartitionOwner.take({ ...parts, fold });
    expect(await writeSnapshot(fold, writing())).to.equal(null);
  });

  it("are used again when an owner folds anew after an unknown outcome", async () => {
    const log = losingAnswers(owned.log, 1);
    const before = await withCommands();
    const marker = await writeSnapshot(before, writing());
    const { observer, folds } = watchedFolds(parts);
    const owner = await PartitionOwner.take({ ...parts, observer, log });
    expect(accepted(await owner.submit(start("lost"))).repeated).to.equal(true);
    expect(folds.map(({ from }) => from)).to.deep.equal([marker?.position, marker?.position]);
  });

  it("are left alone where they are of another log, of what is not there yet, or of other code", async () => {
    const owner = await withCommands();
    await writeSnapshot(owner, writing());
    const asOf = (change: Partial<SnapshotMarker>) => ({ snapshots: remarked(store, change) });
    const cases: readonly Partial<OwnerParts>[] = [
      asOf({ logId: "another" }),
      asOf({ through: 1_000_000 }),
      { aggregate: { ...parts.aggregate, stateVersion: parts.aggregate.stateVersion + 1 } },
    ];
    for (const changed of cases) {
      const { observer, folds } = watchedFolds(parts);
      await PartitionOwner.take({ ...parts, ...changed, observer });
      expect(folds[0]?.from).to.equal(0);
    }
  });

  it("give way to the whole log where a hole shows behind them, or where they are damaged", async () => {
    const owner = await withCommands();
    await writeSnapshot(owner, writing());
    accepted(await owner.submit(start("fresh")));
    // As if it had been taken an event later than it was.
    const late = tampered(store, (found) => {
      return { ...found, marker: { ...found.marker, position: found.marker.position + 1 } };
    });
    const damaged = tampered(store, (found) => ({ ...found, records: () => cutOff(found) }));
    for (const [snapshots, reason] of [
      [late, "must follow"],
      [damaged, ""],
    ] as const) {
      const { observer, folds, unusable } = watchedFolds(parts);
      const next = await PartitionOwner.take({ ...parts, snapshots, observer });
      expect(unusable).to.have.length(1);
      expect(unusable[0]).to.include(reason);
      expect(folds[0]?.from).to.equal(0);
      deepStrictEqual(contentOf(next.state), await fullFold());
    }
  });

  function keeperOf(owner: PartitionOwner) {
    const [written, failed]: [number[], string[]] = [[], []];
    const observer = {
      onGap: () => undefined,
      onWritten: (_: unknown, { position }: SnapshotMarker) => void written.push(position),
      onNotWritten: (_: unknown, reason: string) => void failed.push(reason),
    };
    const owners = () => [owner];
    const parts = { store, clock: Date.now, owners, everyEvents: 500, observer };
    const keeper = new SnapshotKeeper(parts);
    return { keeper, written, failed };
  }

  it("are written after so many events, and when the process ends", async () => {
    const owner = await withCommands(600);
    const { keeper, written, failed } = keeperOf(owner);
    keeper.start();
    await until(() => written.length === 1);
    await Promise.all(Array.from({ length: 500 }, (_, i) => owner.submit(start(`two-${i}`))));
    await owner.stop();
    await keeper.finish([owner]);
    expect(written.at(-1)).to.be.greaterThan(1_000);
    expect(failed).to.deep.equal([]);
  });

  it("are not written again by one that has not heard that another has", async () => {
    const owner = await withCommands(600);
    const [one, other] = [keeperOf(owner), keeperOf(owner)];
    for (const { keeper } of [one, other]) await keeper.begin([owner]);
    expect([one.written.length, other.written.length]).to.deep.equal([1, 0]);
    expect([...one.failed, ...other.failed]).to.deep.equal([]);
  });
});

/** What counts of a state, in plain values. */
function contentOf(state: PartitionState): unknown {
  return { streams: new Map(state.streams()), ids: [...state.window.ids()] };
}
