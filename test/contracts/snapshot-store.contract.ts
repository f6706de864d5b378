import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import {
  openSqliteSnapshots,
  snapshotsFile,
} from "../../platform/snapshots/sqlite-snapshot-store.ts";
import { snapshotAdapters } from "./snapshot-store/adapters.ts";
import { snapshotStoreContract } from "./snapshot-store/suite.ts";

snapshotStoreContract("sqlite");

describe("the file of snapshots", () => {
  const { create, remove } = snapshotAdapters.sqlite;

  it("is made anew where it is damaged, or of another version of the program", async () => {
    const folder = create();
    writeFileSync(snapshotsFile(folder), "this is no database ".repeat(500));
    await openSqliteSnapshots(folder).close();
    const database = new DatabaseSync(snapshotsFile(folder));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const store = openSqliteSnapshots(folder);
    const place = { topic: "first.events", partition: 0, version: "1" };
    expect(await store.newest(place, () => true)).to.equal(null);
    await store.close();
    remove(folder);
  });
});
