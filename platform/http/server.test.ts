import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { platformErrors } from "../errors/catalogue.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createApp } from "./app.ts";
import { OPEN_DOOR } from "./door.ts";
import { listen } from "./server.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const HEAD = "POST /v1/things/t-1/price HTTP/1.1\r\nHost: localhost\r\n";
const JSON_HEAD = `${HEAD}Content-Type: application/json\r\n`;
const BODY = '{"price":1,"at":0}';

describe("the HTTP server under bad clients", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close(1_000));
  afterEach(async () => {
    expect((await fetch(`${server.url}/v1/things`)).status, "still serves").equal(200);
  });

  it("a body that breaks off with a half-closed connection is 400", async () => {
    const answer = await server.raw(`${JSON_HEAD}Content-Length: 99\r\n\r\n{"price":`, 50, "FIN");
    expect(answer).match(/^HTTP\/1\.1 400 /);
    expect(answer).contain("application/problem+json");
  });

  it("a body that breaks off with the connection harms nobody", async () => {
    await server.raw(`${JSON_HEAD}Content-Length: 99\r\n\r\n{"price":`);
  });

  it("a body that does not come in time is 408", async () => {
    const answer = await server.raw(`${JSON_HEAD}Content-Length: 99\r\n\r\n{"price":`, 400);
    expect(answer)
      .match(/^HTTP\/1\.1 408 /)
      .and.contain("REQUEST_TIMEOUT");
    expect(answer).match(/retry-after: \d/i);
  });

  it("a body byte by byte is read", async () => {
    const head = `${JSON_HEAD}Content-Length: ${BODY.length}\r\n\r\n`;
    const answer = await server.raw(head, ...[...BODY].flatMap((character) => [character, 3]));
    expect(answer).match(/^HTTP\/1\.1 200 /);
  });

  it("bad chunking is 400", async () => {
    const head = `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`;
    for (const chunk of ["zz\r\n{}\r\n0\r\n\r\n", "5\r\n{}\r\n0\r\n\r\n", "-1\r\n", "\r\n\r\n"]) {
      expect(await server.raw(`${head}${chunk}`), chunk).match(/^HTTP\/1\.1 400 /);
    }
  });

  it("contradicting lengths (request smuggling) are 400", async () => {
    const both = `${JSON_HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(await server.raw(both)).match(/^HTTP\/1\.1 400 /);
    const two = `${JSON_HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`;
    expect(await server.raw(two)).match(/^HTTP\/1\.1 400 /);
  });

  it("huge headers and addresses are 431", async () => {
    const header = `GET /v1/things HTTP/1.1\r\nHost: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`;
    expect(await server.raw(header))
      .match(/^HTTP\/1\.1 431 /)
      .and.contain("HEADERS_TOO_LARGE");
    const address = `GET /v1/things?${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    expect(await server.raw(address)).match(/^HTTP\/1\.1 431 /);
  });

  it("what is not HTTP is 400", async () => {
    const garbage = Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 89) % 256));
    const noise = ["\u0016\u0003\u0001\u0002\u0000\r\n\r\n", "HELO\r\n\r\n", garbage];
    for (const text of noise) expect(await server.raw(text)).match(/^HTTP\/1\.1 400 /);
    expect(await server.raw("GET / HTTP/1.1\r\n\r\n")).match(/^HTTP\/1\.1 400 /);
    const bytes = Buffer.from("GET /v1/things/ä HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await server.raw(bytes)).match(/^HTTP\/1\.1 400 /);
  });

  it("an early answer is seen by a client that is still sending", async () => {
    const head = `${HEAD}Content-Type: text/plain\r\nContent-Length: 5000000\r\n\r\n`;
    const parts = Array.from({ length: 40 }, () => ["x".repeat(50_000), 2]).flat();
    expect(await server.raw(head, "DEAF", ...parts)).match(/^HTTP\/1\.1 415 /);
  });

  it("several requests in one packet are answered in order", async () => {
    const one = `${JSON_HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
    const answer = await server.raw(one + one.replace("t-1", "t-2"));
    expect(answer.match(/HTTP\/1\.1 200/g)).have.length(2);
    expect(answer.indexOf('"t-1"')).lessThan(answer.indexOf('"t-2"'));
  });
});

describe("the HTTP server's door", () => {
  const app = createApp({
    routes: [],
    catalogue: platformErrors,
    door: OPEN_DOOR,
    logger: createLogger("silent"),
  });

  async function failureOf(host: string, port = 0, door = OPEN_DOOR): Promise<string> {
    try {
      await (await listen(app, { host, port, door })).close(0);
      return "none";
    } catch (error) {
      return String(error);
    }
  }

  it("stays shut for other machines where no key is needed", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org"]) {
      expect(await failureOf(host)).contain("CH_API_KEYS_FILE");
    }
    expect(await failureOf("::1")).equal("none");
    const recognise = () => ({ key: null, reason: "nobody is known" });
    expect(
      await failureOf("0.0.0.0", 0, { ...OPEN_DOOR, keys: { recognise, holds: () => true } }),
    ).equal("none");
  });

  it("says when its port is in use", async () => {
    const first = await listen(app, { host: "127.0.0.1", port: 0, door: OPEN_DOOR });
    const port = Number(new URL(first.url).port);
    expect(await failureOf("127.0.0.1", port))
      .contain("EADDRINUSE")
      .and.contain("CH_PORT");
    await first.close(0);
  });

  it("lets a request under way finish when it closes, and cuts it off at the deadline", async () => {
    const server = await startTestServer();
    const body = `${JSON_HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 5)}`;
    const answer = server.raw(body, 100, BODY.slice(5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closedMs = performance.now();
    await server.close(5_000);
    expect(performance.now() - closedMs, "no waiting for kept connections").lessThan(4_000);
    expect(await answer).match(/^HTTP\/1\.1 200 /);
    const second = await startTestServer();
    const hanging = second.raw("GET /v1/things HTTP/1.1\r\nHost: loc");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedMs = performance.now();
    await second.close(100);
    expect(performance.now() - startedMs).lessThan(4_000);
    expect(await hanging).equal("");
  });

  it("does not wait for a connection that was opened in advance and never used", async () => {
    const server = await startTestServer();
    const unused = connect(Number(new URL(server.url).port), "127.0.0.1");
    await once(unused, "connect");
    const startedMs = performance.now();
    await server.close(20_000);
    expect(performance.now() - startedMs).lessThan(10_000);
    unused.destroy();
  });
});
