import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { PlatformError } from "../../platform/errors/catalogue.ts";
import { FinalError } from "../../projections/runner/persist.ts";
import type { Row } from "../../projections/runner/projection.ts";
import { DataError } from "../../projections/runner/read-store.ts";
import { PostgresPool } from "../../projections/stores/postgres/pool.ts";
import { serverFault } from "../../projections/stores/postgres/schema.ts";
import { PostgresReadStore } from "../../projections/stores/postgres/store.ts";
import { rejection } from "../contracts/read-store/disturbances.ts";
import {
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  readRows,
  sampleEvents,
} from "../contracts/read-store/sample-projection.ts";
import { describeWithPostgres, type TemporaryDatabase, temporaryDatabase } from "./servers.ts";

const SCHEMA = "sample_g1";

describeWithPostgres("the PostgreSQL read store", function () {
  this.timeout(60_000);
  let database: TemporaryDatabase;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    database = await temporaryDatabase();
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await database.drop();
  });

  function open(url = database.url, version = 1): PostgresReadStore {
    const store = new PostgresReadStore({
      url,
      schema: SCHEMA,
      projection: { ...projection, version },
      indexes: [{ table: "accounts", columns: ["name"] }],
    });
    opened.push(store);
    return store;
  }

  function pool(): PostgresPool {
    const one = new PostgresPool({ url: database.url, name: "test", connections: 2 });
    opened.push(one);
    return one;
  }

  async function taken(): Promise<PostgresReadStore> {
    const store = open();
    await store.create();
    await store.take(PARTITION, LOG_ID);
    return store;
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  describe("says what is wrong with its server, and never the password", () => {
    const faults: Record<string, readonly [string, (url: URL) => void, string]> = {
      "a wrong password": ["STORE_REFUSED", (url) => (url.password = "s3cret"), "password"],
      "a database that is not there": [
        "STORE_REFUSED",
        (url) => (url.pathname = "/nowhere"),
        "nowhere",
      ],
      "nobody who listens": ["STORE_UNAVAILABLE", (url) => (url.port = "1"), "ECONNREFUSED"],
    };
    for (const [title, [code, change, words]] of Object.entries(faults)) {
      it(title, async () => {
        const error = await rejection(open(changed(change)).create());
        expect(error).to.be.instanceOf(PlatformError);
        expect(error).to.have.property("code", code);
        expect((error as Error).message)
          .to.include("PostgreSQL at")
          .and.include(words);
        expect(JSON.stringify(error) + (error as Error).message).not.to.include("s3cret");
      });
    }

    it("an encoding that cannot hold every text", async () => {
      const latin = await temporaryDatabase("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
      const store = open(latin.url);
      const error = await rejection(store.create());
      await store.close();
      await latin.drop();
      expect(error).to.have.property("code", "STORE_UNSUITABLE");
      expect((error as Error).message).to.include("LATIN1");
    });

    it("a version that is too old", () => {
      const row = { encoding: "UTF8", version: "13.9", major: 13 };
      expect(serverFault(row)).to.include("13.9").and.include("14");
      expect(serverFault({ ...row, version: "15.1", major: 15 })).to.equal(null);
    });
  });

  describe("a generation's schema", () => {
    it("may be made by any number of processes at once", async () => {
      const stores = Array.from({ length: 8 }, () => open());
      await Promise.all(stores.map((store) => store.create()));
      await stores[0]?.take(PARTITION, LOG_ID);
      expect(await stores[1]?.apply(batchOf(sampleEvents(1, 10)))).to.equal("applied");
    });

    it("may be made and dropped at once", async () => {
      const stores = Array.from({ length: 8 }, () => open());
      await Promise.all(stores.map((store, i) => (i % 2 === 0 ? store.create() : store.drop())));
      const [store] = stores;
      await store?.create();
      expect(await store?.take(PARTITION, LOG_ID)).to.include({ next: 0 });
    });

    it("is made anew beside those who write into it, and waits for none of them", async () => {
      await taken();
      await pool().transaction("BEGIN", async (session) => {
        await session.script(`LOCK TABLE ${SCHEMA}.accounts IN ROW EXCLUSIVE MODE`);
        await open().create();
      });
    });

    it("is refused where another projection or another version has built it", async () => {
      await open().create();
      const error = await rejection(open(database.url, 2).create());
      expect(error).to.be.instanceOf(FinalError);
    });

    it("is refused where newer code has laid it out", async () => {
      await open().create();
      await database.run(`UPDATE ${SCHEMA}._generation SET layout = 1000`);
      expect(await rejection(open().create())).to.be.instanceOf(FinalError);
    });
  });

  it("refuses what the server would change or could not keep, and goes on", async () => {
    const store = await taken();
    const columns = { name: "", count: 0, balance: "0", ratio: 0, open: true, document: "{}" };
    const account = { owner: "a", number: 1, ...columns };
    const bad: Record<string, Row> = {
      "no number": { ...account, balance: "NaN" },
      "an exponent": { ...account, balance: "1e3" },
      "two numbers": { ...account, balance: "1,2" },
      "no JSON": { ...account, document: "{" },
      "a key too long for its index": { ...account, owner: randomBytes(6_000).toString("base64") },
    };
    for (const [title, row] of Object.entries(bad)) {
      const changes = [{ table: "accounts", row, position: 0 }];
      const error = await rejection(store.apply({ ...batchOf([]), next: 1, changes }));
      expect(error, title).to.be.instanceOf(DataError);
    }
    const reason = "nul \u0000 and half \ud83d a pair";
    const parked = [{ stream: "s", position: 0, sequence: 1, reason }];
    expect(await store.apply({ ...batchOf([]), next: 1, parked })).to.equal("applied");
    const [found] = (await store.checkpoints()).get(PARTITION)?.parked ?? [];
    expect(found).to.deep.equal({ ...parked[0], reason: "nul \\u0000 and half \ufffd a pair" });
  });

  it("gives an apply up that waits for a lock for too long; nothing has moved", async () => {
    const store = await taken();
    const apply = () => store.apply(batchOf(sampleEvents(1, 3)));
    await pool().transaction("BEGIN", async (session) => {
      await session.script(`SELECT * FROM ${SCHEMA}._checkpoints FOR UPDATE`);
      expect(await rejection(apply())).to.have.property("code", "STORE_UNAVAILABLE");
    });
    expect(await apply()).to.equal("applied");
    expect((await store.checkpoints()).get(PARTITION)?.next).to.equal(3);
  });

  it("is fed by a login that owns its schemas, and read by one that can only read", async () => {
    const run = randomBytes(4).toString("hex");
    const [projector, reader] = [`ch_projector_${run}`, `ch_reader_${run}`];
    await database.run(`
      CREATE ROLE ${projector} LOGIN PASSWORD 'p'; CREATE ROLE ${reader} LOGIN PASSWORD 'r';
      GRANT CREATE ON DATABASE $DATABASE TO ${projector};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${projector} GRANT USAGE ON SCHEMAS TO ${reader};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${projector} GRANT SELECT ON TABLES TO ${reader}`);
    const as = (role: string, password: string) => {
      return open(changed((url) => Object.assign(url, { username: role, password })));
    };
    const [writing, reading] = [as(projector, "p"), as(reader, "r")];
    try {
      await writing.create();
      await writing.take(PARTITION, LOG_ID);
      await writing.apply(batchOf(sampleEvents(1, 10)));
      const rows = await readRows(reading, "entries");
      expect(rows).to.deep.equal(await readRows(writing, "entries"));
      const calls = [
        () => reading.take(PARTITION, LOG_ID),
        () => reading.drop(),
        () => reading.create(),
      ];
      for (const call of calls) {
        expect(await rejection(call())).to.have.property("code", "STORE_REFUSED");
      }
    } finally {
      await Promise.all([writing.close(), reading.close()]);
      await database.run(`DROP OWNED BY ${projector}; DROP OWNED BY ${reader};
                          DROP ROLE ${projector}; DROP ROLE ${reader}`);
    }
  });
});
