import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { ApiClient, ApiError, type ApiRequest } from "./client.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

async function failureOf(client: ApiClient, request: ApiRequest): Promise<ApiError> {
  try {
    await client.send(request);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("was answered");
}

/** A port that was ours a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const GET: ApiRequest = { method: "GET", path: "/v1/things" };

describe("the API client", () => {
  let server: TestServer;
  let client: ApiClient;
  before(async () => {
    server = await startTestServer();
    client = new ApiClient({ url: server.url, apiKey: null });
  });
  after(() => server.close(1_000));

  it("gives status, headers and body of an answer", async () => {
    const body = { price: "1.5", at: 0 };
    const answer = await client.send({ method: "POST", path: "/v1/things/t-1/price", body });
    expect(answer.status).equal(200);
    expect(answer.body).include({ price: "1.5" });
    expect(answer.headers.get("traceparent")).a("string");
  });

  it("throws a problem with its code, exit code and fields", async () => {
    const notFound = await failureOf(client, { method: "GET", path: "/v1/nowhere" });
    expect(notFound).include({ code: "ROUTE_NOT_FOUND", exitCode: 4 });
    const refused = await failureOf(client, { method: "GET", path: "/v1/refused" });
    expect(refused).include({ code: "TOO_POOR", exitCode: 6, message: "5 is needed, 3 is there." });
    expect(refused.problem["required"]).equal("5");
    const wrong = await failureOf(client, { method: "GET", path: "/v1/things?x=1" });
    expect(wrong.problem.errors).deep.equal([
      { pointer: "/query/x", detail: "is not a known field" },
    ]);
  });
});

describe("the API client and a failing server", () => {
  let server: Server;
  let url = "";
  let answers: ((response: ServerResponse) => void)[] = [];
  let requests = 0;

  const unavailable = (response: ServerResponse) => {
    const problem = { code: "NOT_READY", title: "", detail: "", status: 503, retryable: true };
    response.writeHead(503, { "Retry-After": "0" }).end(JSON.stringify(problem));
  };
  const fine = (response: ServerResponse) => void response.end('{"fine":true}');

  before(async () => {
    server = createServer((_request, response) => {
      requests += 1;
      (answers.shift() ?? fine)(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests = 0;
  });
  after(() => void server.close());

  it("tries a query again where that may help", async () => {
    answers = [unavailable, unavailable];
    expect((await new ApiClient({ url, apiKey: null }).send(GET)).body).deep.equal({ fine: true });
    expect(requests).equal(3);
  });

  it("gives up after its attempts", async () => {
    answers = [unavailable, unavailable, unavailable, unavailable, fine];
    expect((await failureOf(new ApiClient({ url, apiKey: null }), GET)).code).equal("NOT_READY");
    expect(requests).equal(4);
  });

  it("tries a command again only with its id", async () => {
    const command: ApiRequest = { method: "POST", path: "/v1/x", body: {} };
    answers = [unavailable];
    expect((await failureOf(new ApiClient({ url, apiKey: null }), command)).code).equal(
      "NOT_READY",
    );
    answers = [unavailable];
    const headers = { "Idempotency-Key": "018f6f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f" };
    expect((await new ApiClient({ url, apiKey: null }).send({ ...command, headers })).status).equal(
      200,
    );
  });

  it("tells a stranger's error, a silent server and an absent one as unreachable", async () => {
    answers = Array.from({ length: 4 }, () => (response: ServerResponse) => {
      response.writeHead(502).end("<html>Bad gateway</html>");
    });
    const stranger = await failureOf(new ApiClient({ url, apiKey: null }), GET);
    expect(stranger).include({ code: "UNREACHABLE", exitCode: 7 });
    expect(stranger.message).contain("Bad gateway");
    answers = [() => {}];
    const silent = await failureOf(new ApiClient({ url, apiKey: null, timeoutMs: 50 }), {
      ...GET,
      method: "POST",
    });
    expect(silent.code).equal("UNREACHABLE");
    const absent = new ApiClient({
      url: `http://127.0.0.1:${await closedPort()}`,
      apiKey: null,
    });
    expect((await failureOf(absent, { ...GET, method: "POST" })).message).contain("ECONNREFUSED");
  });
});
