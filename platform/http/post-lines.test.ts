import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { PlatformError } from "../errors/catalogue.ts";
import { postLines } from "./post-lines.ts";

describe("lines that one process posts to another", () => {
  let target: Server;
  let to: URL;
  let arrived: () => void = () => undefined;

  beforeEach(async () => {
    target = createServer(async (request, response) => {
      const body = await new Response(request as unknown as ReadableStream).text();
      arrived();
      if (body === "break\n") return void response.destroy();
      if (body === "half\n") return void response.write('{"n":1}\n', () => response.destroy());
      if (body === "silence\n") return;
      const status = /^status (\d+)/.exec(body)?.[1];
      response.writeHead(Number(status ?? 200), { "Content-Type": "application/x-ndjson" });
      response.end(`${body}${request.headers.authorization}\n`);
    });
    await once(target.listen(0, "127.0.0.1"), "listening");
    to = new URL(`http://127.0.0.1:${(target.address() as AddressInfo).port}/there`);
  });

  afterEach(() => {
    target.closeAllConnections();
    target.close();
  });

  function post(lines: readonly string[], signal = new AbortController().signal) {
    return postLines({ to, authorization: "Peer x", lines, signal });
  }

  async function failureOf(posted: Promise<unknown>): Promise<string> {
    const error = await posted.catch((thrown: unknown) => thrown);
    return error instanceof PlatformError ? error.code : "no failure";
  }

  it("arrive in order, and so do the lines of the answer", async () => {
    expect(await post(["a", "b"])).to.deep.equal(["a", "b", "Peer x"]);
  });

  it("were not carried out where nobody takes the connection, or lets them in", async () => {
    expect(await failureOf(post(["status 401"]))).to.equal("NOT_OWNER");
    target.closeAllConnections();
    target.close();
    expect(await failureOf(post(["a"]))).to.equal("NOT_OWNER");
  });

  it("have an outcome that nobody knows where the connection breaks", async () => {
    for (const line of ["break", "half", "status 503"]) {
      expect(await failureOf(post([line])), line).to.equal("UNREACHABLE");
    }
  });

  it("are waited for until that is given up", async () => {
    const giveUp = new AbortController();
    arrived = () => giveUp.abort();
    expect(await failureOf(post(["silence"], giveUp.signal))).to.equal("UNREACHABLE");
  });
});
