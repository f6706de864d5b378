import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { v4 as uuid } from "uuid";
import { encodeConsistencyToken } from "../platform/http/consistency-token.ts";
import { encodeCursor } from "../platform/http/cursor.ts";
import { loadCursorKey } from "../platform/http/cursor-key.ts";
import { startPlatformProcess } from "./platform-process.ts";
import { type Json, ReadingClient, tokenOf } from "./reading-client.ts";
import { takeEvents } from "./reading-stream.ts";

const PORTFOLIOS = ["p-1", "p-2", "p-3", "p-4", "p-5", "p-6"];
const DEPOSITS_EACH = 4;
const EVENTS = "/v1/events?topic=portfolio.events";

describe("what is read of the log itself", function () {
  this.timeout(120_000);
  let folder: string;
  let client: ReadingClient;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cipherhorizon-reading-log-"));
    client = new ReadingClient(folder, await startPlatformProcess(folder));
    for (const id of PORTFOLIOS) {
      await client.command(`portfolios/${id}/open-portfolio`, { name: id });
      for (let i = 1; i <= DEPOSITS_EACH; i += 1) await client.deposit(id, `${id}-${i}`);
    }
  });

  after(async () => {
    await client.platform.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("comes page by page, every event once", async () => {
    const pages = await Promise.all([3, 7, 500].map((limit) => client.pages(EVENTS, limit)));
    const [few = [], ...others] = pages.map((page) => page.map(({ id }) => id));
    expect(new Set(few).size).to.equal(PORTFOLIOS.length * (1 + DEPOSITS_EACH));
    for (const other of others) expect(other).to.deep.equal(few);
  });

  it("says with each page how far it was read, and how old what comes next is", async () => {
    const whole = await client.get(`${EVENTS}&limit=500`);
    const keys = [0, 1, 2, 3].map((partition) => `portfolio.events/${partition}`);
    expect(whole.body).to.have.all.keys("position", "lagSeconds", "data");
    expect(whole.body["position"]).to.have.all.keys(...keys);
    expect(whole.body["lagSeconds"]).to.equal(0);
    for (const { partition, position } of whole.body["data"] as Json[]) {
      const ends = whole.body["position"] as Record<string, number>;
      expect(ends[`portfolio.events/${partition}`]).to.be.above(position as number);
    }
    const first = await client.get(`${EVENTS}&limit=1`);
    expect(first.body["lagSeconds"]).to.be.above(0);
    const read = (body: Json) => {
      return Object.values(body["position"] as Json).reduce<number>(
        (sum, at) => sum + Number(at),
        0,
      );
    };
    expect(read(first.body)).to.be.below(read(whole.body));
    const one = await client.get(`${EVENTS}&aggregateId=p-1`);
    expect(Object.keys(one.body["position"] as Json)).to.have.lengthOf(1);
  });

  it("goes on live where a page ended: its token is an event id of the stream", async () => {
    const page = await client.get(`${EVENTS}&limit=5`);
    const all = await client.pages(EVENTS, 500);
    const url = `${client.platform.url}/v1/stream/events?topic=portfolio.events`;
    const lastEventId = tokenOf(page.headers);
    const rest = await takeEvents({ url, lastEventId }, all.length - 5);
    const ids = [...(page.body["data"] as Json[]), ...rest.map(({ data }) => data)];
    expect(new Set(ids.map(({ id }) => id)).size).to.equal(all.length);
  });

  it("is not read by a cursor that was made up, changed, or of other partitions", async () => {
    const { body, headers } = await client.get(`${EVENTS}&limit=1`);
    const cursor = `${body["nextCursor"]}`;
    const changed = Buffer.from(cursor, "base64url");
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    for (const query of [
      `${EVENTS}&cursor=${tokenOf(headers)}`,
      `${EVENTS}&cursor=${changed.toString("base64url")}`,
      `/v1/events?topic=market.events&cursor=${cursor}`,
      `${EVENTS}&aggregateId=p-1&cursor=${cursor}`,
      `/v1/portfolios?cursor=${cursor}`,
    ]) {
      const answer = await client.get(query);
      expect([answer.status, answer.body["code"]], query).to.deep.equal([400, "INVALID_CURSOR"]);
    }
  });

  it("is not read by a cursor of another log", async () => {
    const positions = new Map([0, 1, 2, 3].map((n) => [`portfolio.events/${n}`, 1] as const));
    const token = encodeConsistencyToken({ logId: uuid(), positions });
    const cursor = encodeCursor(loadCursorKey(folder, null), "listEvents", token);
    const answer = await client.get(`${EVENTS}&cursor=${cursor}`);
    expect([answer.status, answer.body["code"]]).to.deep.equal([409, "LOG_MISMATCH"]);
  });

  it("is where projections are known from, at the position that they say", async () => {
    const { body: log } = await client.get("/v1/events?topic=operations.events&limit=500");
    for (const path of ["/v1/projections", "/v1/projections/portfolios"]) {
      const { body } = await client.get(path);
      expect(body, path).to.have.all.keys("position", "lagSeconds", "data");
      expect(body["position"], path).to.deep.equal(log["position"]);
      expect(body["lagSeconds"], path).to.equal(0);
    }
  });
});
