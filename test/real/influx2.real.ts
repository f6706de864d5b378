import { expect } from "chai";
import { InfluxClient } from "../../projections/stores/influx/client.ts";
import { generationsThere } from "../../projections/stores/influx/database.ts";
import { InfluxReadStore } from "../../projections/stores/influx/store.ts";
import { sampleShapes } from "../contracts/read-store/adapters.ts";
import {
  allRows,
  allRowsAfter,
  batchOf,
  LOG_ID,
  PARTITION,
  projection,
  sampleEvents,
} from "../contracts/read-store/sample-projection.ts";
import { type PrivateInflux2, startPrivateInflux2 } from "./private-influx2.ts";

const PROGRAM = process.env["CH_TEST_INFLUX2"];
const EVENTS = sampleEvents(7, 50);

/** By hand: no CI has the program. */
const describeWithProgram = PROGRAM ? describe : describe.skip;

describeWithProgram("tokens of InfluxDB 2", function () {
  this.timeout(60_000);
  let server: PrivateInflux2;
  let admin: InfluxReadStore;

  before(async () => {
    server = await startPrivateInflux2(PROGRAM ?? "");
    admin = open(server.url);
    await fill(admin);
  });

  after(async () => {
    await admin?.close();
    await server?.destroy();
  });

  function open(url: string, more: { database?: string; reader?: string } = {}) {
    const parts = { url, database: "sample_g1", projection, shapes: sampleShapes };
    return new InfluxReadStore({ ...parts, ...more });
  }

  async function fill(store: InfluxReadStore): Promise<void> {
    await store.create();
    await store.take(PARTITION, LOG_ID);
    expect(await store.apply(batchOf(EVENTS))).to.equal("applied");
  }

  async function refusal(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => "done",
      (error: unknown) => (error as { readonly code?: string }).code ?? error,
    );
  }

  it("that read buckets are enough for who reads, and change nothing", async () => {
    const url = await server.urlFor(["read buckets"]);
    const store = open(url);
    expect(await allRows(store)).to.deep.equal(allRowsAfter(EVENTS));
    const client = new InfluxClient({ url, connections: 1 });
    expect(await generationsThere(client, "sample")).to.deep.equal([1]);
    client.close();
    await store.take(PARTITION, LOG_ID);
    const next = batchOf(sampleEvents(7, 60).slice(50), { expected: 50 });
    expect(await refusal(store.apply(next))).to.equal("STORE_REFUSED");
    expect(await refusal(store.drop())).to.equal("STORE_REFUSED");
    const other = open(url, { database: "sample_g2" });
    expect(await refusal(other.create())).to.equal("STORE_REFUSED");
    expect(await allRows(admin)).to.deep.equal(allRowsAfter(EVENTS));
    await Promise.all([store.close(), other.close()]);
  });

  it("that read and write buckets, and read organizations, are enough for who builds", async () => {
    const url = await server.urlFor(["read buckets", "write buckets", "read orgs"]);
    const store = open(url, { database: "sample_g3" });
    await fill(store);
    expect(await allRows(store)).to.deep.equal(allRowsAfter(EVENTS));
    await store.drop();
    expect(await refusal(allRows(store))).not.to.equal("done");
    await store.close();
  });

  it("are asked for by their organization, and a wrong one is named", async () => {
    const url = new URL(server.url);
    url.username = "nobody";
    const store = open(url.href, { database: "sample_g4" });
    const error = await store.create().catch((caught: Error) => caught);
    expect(String(error)).to.include('shows no organization "nobody"');
    url.password = "wrong";
    const stranger = open(url.href);
    expect(await refusal(stranger.create())).to.equal("STORE_REFUSED");
    await Promise.all([store.close(), stranger.close()]);
  });

  it("grant nothing: who names a reader is told what to do", async () => {
    const store = open(server.url, { database: "sample_g5", reader: "queries" });
    const error = await store.create().catch((caught: Error) => caught);
    expect(String(error)).to.include("leave CH_INFLUX_READER out");
    await store.close();
  });
});
