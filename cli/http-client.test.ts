import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Failure } from "./failure.ts";
import { createHttpClient, type HttpClient, parseEvents } from "./http-client.ts";

describe("http client", () => {
  let server: Server | null = null;

  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
    server = null;
  });

  async function clientOf(listener: RequestListener): Promise<HttpClient> {
    const created = createServer(listener);
    server = created;
    await new Promise<void>((resolve) => created.listen(0, "127.0.0.1", resolve));
    const { port } = created.address() as AddressInfo;
    return createHttpClient({ address: `http://127.0.0.1:${port}`, apiKey: null });
  }

  async function failureOf(promise: Promise<unknown>): Promise<Failure> {
    const error = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Failure);
    return error as Failure;
  }

  async function* counted(count: number): AsyncGenerator<string> {
    for (let n = 0; n < count; n += 1) yield JSON.stringify({ n });
  }

  it("reads answers while it is still sending: neither side waits for the other", async () => {
    const client = await clientOf((request, response) => {
      request.pipe(response);
    });
    const answers = await Array.fromAsync(client.postLines("/echo", counted(100_000)));
    expect(answers).to.have.length(100_000);
    expect(answers.at(-1)).to.deep.equal({ n: 99_999 });
  });

  it("does not read its source faster than the server takes it", async () => {
    let produced = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        produced += 1;
        yield JSON.stringify({ text: "x".repeat(1_000) });
      }
    }
    const client = await clientOf(() => undefined);
    const answers = client.postLines("/slow", endless());
    const waiting = answers.next().catch(() => null);
    await sleep(200);
    const before = produced;
    await sleep(200);
    expect(produced).to.equal(before);
    server?.closeAllConnections();
    await waiting;
  });

  it("tells a problem answered before the body is through", async () => {
    const problem = { code: "OVERLOADED", detail: "later", status: 503, retryable: true };
    const client = await clientOf((_request, response) => {
      response.writeHead(503, { "content-type": "application/problem+json", connection: "close" });
      response.end(JSON.stringify(problem));
    });
    const failure = await failureOf(Array.fromAsync(client.postLines("/no", counted(10))));
    expect(failure).to.deep.include({ code: "OVERLOADED", exitCode: 7 });
  });

  it("hands on what its source throws, and ends the request", async () => {
    const client = await clientOf((request) => void request.resume());
    async function* broken(): AsyncGenerator<string> {
      yield "{}";
      throw new Failure(9, { failed: "a", error: "b", tried: "c", todo: "d" });
    }
    const failure = await failureOf(Array.fromAsync(client.postLines("/x", broken())));
    expect(failure.exitCode).to.equal(9);
  });

  it("says that an answer was cut off", async () => {
    const client = await clientOf((request, response) => {
      request.resume();
      response.write('{"a":1}\n');
      setTimeout(() => response.destroy(), 20);
    });
    const failure = await failureOf(Array.fromAsync(client.postLines("/cut", counted(1))));
    expect(failure.exitCode).to.equal(7);
  });

  it("says that nobody listens", async () => {
    const client = createHttpClient({ address: "http://127.0.0.1:1", apiKey: null });
    const failure = await failureOf(Array.fromAsync(client.postLines("/x", counted(1))));
    expect(failure).to.deep.include({ exitCode: 7 });
    expect(failure.parts.error).to.match(/ECONNREFUSED/);
  });

  it("reads server-sent events, comments and several lines of data included", async () => {
    const lines = ["id: 7", "event: candle", "data: {", "data: }", "", ": beat", "", "data:x", ""];
    async function* source() {
      yield* lines;
    }
    expect(await Array.fromAsync(parseEvents(source()))).to.deep.equal([
      { id: "7", event: "candle", data: "{\n}" },
      { id: "7", event: "message", data: "x" },
    ]);
  });
});
