import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { PlatformError } from "../errors/catalogue.ts";
import { parseNdjsonLine, readNdjsonText } from "./ndjson.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const LIMITS = { maximumLineBytes: 1_000, idleTimeoutMs: 50 };

/** A request whose body arrives in these chunks, and ends unless told to break off or hang. */
function requestOf(chunks: readonly Buffer[], end: "end" | "cut" | "hang" = "end") {
  const request = new IncomingMessage(new Socket());
  for (const chunk of chunks) request.push(chunk);
  if (end === "end") {
    request.complete = true;
    request.push(null);
  }
  if (end === "cut") setImmediate(() => request.destroy());
  return request;
}

async function linesOf(request: IncomingMessage) {
  return await Array.fromAsync(readNdjsonText(request, LIMITS), (line) => {
    return { value: parseNdjsonLine(line), lineNumber: line.lineNumber };
  });
}

async function failureOf(request: IncomingMessage): Promise<PlatformError> {
  try {
    await linesOf(request);
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
  throw new Error("was read");
}

describe("reading NDJSON", () => {
  it("gives the same lines however the bytes are cut into chunks", async () => {
    const values = fc.array(fc.record({ text: fc.string({ unit: "grapheme" }), n: fc.integer() }));
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 1, max: 7 }), async (list, size) => {
        const bytes = Buffer.from(list.map((value) => `${JSON.stringify(value)}\n`).join(""));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
          return bytes.subarray(index * size, (index + 1) * size);
        });
        const lines = await linesOf(requestOf(chunks));
        expect(lines.map(({ value }) => value)).deep.equal(list);
      }),
      { numRuns: 50 },
    );
  });

  it("takes CRLF, empty lines, a byte order mark and a last line without an end", async () => {
    const text = '\ufeff{"a":1}\r\n\n  \n{"a":2}';
    const lines = await linesOf(requestOf([Buffer.from(text)]));
    expect(lines).deep.equal([
      { value: { a: 1 }, lineNumber: 1 },
      { value: { a: 2 }, lineNumber: 4 },
    ]);
  });

  it("names the line that is malformed, not UTF-8, or too long", async () => {
    const malformed = await failureOf(requestOf([Buffer.from('{"a":1}\n{"a":\n')]));
    expect(malformed.code).equal("MALFORMED_JSON");
    expect(malformed.message).contain("Line 2:").and.contain("breaks off");
    expect(malformed.facts).deep.equal({ line: 2 });
    const bytes = await failureOf(requestOf([Buffer.from([0x31, 0x0a, 0x22, 0xff, 0x22, 0x0a])]));
    expect(bytes.message).contain("line 2 is not UTF-8");
    const endless = await failureOf(
      requestOf([Buffer.alloc(999, 32), Buffer.alloc(99, 32)], "hang"),
    );
    expect([endless.code, endless.facts]).deep.equal(["BODY_TOO_LARGE", { line: 1 }]);
    const long = await failureOf(requestOf([Buffer.from(`1\n"${"x".repeat(1_000)}"\n`)]));
    expect([long.code, long.facts]).deep.equal(["BODY_TOO_LARGE", { line: 2 }]);
  });

  it("does not take a body that breaks off for a whole one", async () => {
    const cut = await failureOf(requestOf([Buffer.from('{"a":1}\n')], "cut"));
    expect(cut.message).contain("connection ended");
  });

  it("gives up on a client that falls silent", async () => {
    expect((await failureOf(requestOf([Buffer.from("1\n")], "hang"))).code).equal(
      "REQUEST_TIMEOUT",
    );
  });
});

describe("an NDJSON exchange", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close(1_000));

  async function send(body: string): Promise<{ status: number; lines: readonly string[] }> {
    const headers = { "Content-Type": "application/x-ndjson" };
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    const response = await fetch(`${server.url}/v1/lines`, init);
    const text = await response.text();
    return { status: response.status, lines: text.split("\n").filter(Boolean) };
  }

  it("answers line by line, in order", async () => {
    const body = Array.from({ length: 5_000 }, (_, n) => JSON.stringify({ n })).join("\n");
    const { status, lines } = await send(body);
    expect([status, lines.length]).deep.equal([200, 5_000]);
    expect(JSON.parse(lines[4_999] ?? "")).deep.equal({ value: { n: 4_999 }, lineNumber: 5_000 });
  });

  it("answers a line before the next is sent", async () => {
    const first = Promise.withResolvers<string>();
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode('{"n":1}\n'));
        await first.promise;
        controller.enqueue(encoder.encode('{"n":2}\n'));
        controller.close();
      },
    });
    const headers = { "Content-Type": "application/x-ndjson" };
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    const response = await fetch(`${server.url}/v1/lines`, init);
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array);
      first.resolve(text);
    }
    expect(await first.promise).equal('{"value":{"n":1},"lineNumber":1}\n');
    expect(text).contain('{"n":2}');
  });

  it("ends with the problem as its last line when a later line is wrong", async () => {
    const { status, lines } = await send('{"n":1}\n{"n":');
    expect([status, lines.length]).deep.equal([200, 2]);
    expect(JSON.parse(lines[1] ?? "")).include({ code: "MALFORMED_JSON", status: 400, line: 2 });
  });

  it("is an ordinary problem when the first line is wrong", async () => {
    const { status, lines } = await send("{");
    expect(status).equal(400);
    expect(JSON.parse(lines[0] ?? "")).include({ code: "MALFORMED_JSON", line: 1 });
  });

  it("reads no faster than the client takes the answers", async () => {
    const line = `${JSON.stringify({ text: "x".repeat(900) })}\n`;
    const head = "POST /v1/lines HTTP/1.1\r\nHost: localhost\r\n";
    const type = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    const { connect } = await import("node:net");
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    socket.write(head + type);
    socket.pause();
    const chunk = line.repeat(100);
    const framed = `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`;
    let sent = 0;
    let isBlocked = false;
    while (sent < 1_000 && !isBlocked) {
      sent += 1;
      isBlocked = !(await written(socket, framed));
    }
    socket.destroy();
    expect(isBlocked, `${sent} chunks of ${framed.length} bytes went through`).equal(true);
  });
});

/** False when the other side did not take the bytes for a while. */
function written(socket: Socket, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 500);
    socket.write(text, () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
