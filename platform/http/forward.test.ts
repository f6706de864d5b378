import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { platformErrors } from "../errors/catalogue.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createApp } from "./app.ts";
import { OPEN_DOOR } from "./door.ts";
import { forward, wasForwarded } from "./forward.ts";
import { listen, type RunningServer } from "./server.ts";
import { testRoute } from "./test-server.ts";

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code;
}

/** A server that hands every request on, in front of one that says what it was asked. */
describe("a request that is handed on", () => {
  let target: Server;
  let front: RunningServer;
  let to = "";

  beforeEach(async () => {
    target = createServer(async (request, response) => {
      const body = await new Response(request as unknown as ReadableStream).text();
      if (body === "break") return void response.destroy();
      const { method, url, headers } = request;
      response.writeHead(201, { "X-Said": "yes", "Content-Type": "application/json" });
      response.end(JSON.stringify({ method, url, body, headers }));
    });
    await once(target.listen(0, "127.0.0.1"), "listening");
    to = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
    const routes = [testRoute({ method: "POST", path: "/v1/things" })];
    const app = createApp({
      routes,
      catalogue: platformErrors,
      door: OPEN_DOOR,
      logger: createLogger("silent"),
      divert: async (_route, request, response) => {
        if (wasForwarded(request)) return false;
        await forward(request, response, to);
        return true;
      },
    });
    front = await listen(app, { host: "127.0.0.1", port: 0, door: OPEN_DOOR });
  });

  afterEach(async () => {
    await front.close(1_000);
    target.closeAllConnections();
    target.close();
  });

  function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${front.url}/v1/things?a=1`, { method: "POST", body, headers });
  }

  it("arrives as it came, and its answer comes back as it was given", async () => {
    const answer = await post("a body", { "Idempotency-Key": "k" });
    expect([answer.status, answer.headers.get("X-Said")]).to.deep.equal([201, "yes"]);
    const seen = (await answer.json()) as { headers: Record<string, string> };
    expect(seen).to.deep.include({ method: "POST", url: "/v1/things?a=1", body: "a body" });
    expect(seen.headers).to.include({ "idempotency-key": "k", host: to.slice("http://".length) });
  });

  it("is handed on once", async () => {
    const answer = await post("x", { "X-CipherHorizon-Forwarded": "1" });
    expect(answer.headers.get("X-Said")).to.equal(null);
  });

  it("was not carried out where nobody takes the connection", async () => {
    target.closeAllConnections();
    target.close();
    const answer = await post("x");
    expect([answer.status, await codeOf(answer)]).to.deep.equal([503, "NOT_OWNER"]);
  });

  it("has an outcome that nobody knows where the connection breaks", async () => {
    const answer = await post("break");
    expect([answer.status, await codeOf(answer)]).to.deep.equal([503, "UNREACHABLE"]);
  });
});
