import { expect } from "chai";
import { startTestServer, type TestServer } from "./test-server.ts";

describe("health", () => {
  const reasons: { log: string | null; projections: Error | null } = {
    log: null,
    projections: null,
  };
  let server: TestServer;
  before(async () => {
    server = await startTestServer([
      { name: "log", check: () => reasons.log },
      {
        name: "projections",
        check: async () => {
          if (reasons.projections !== null) throw reasons.projections;
          return null;
        },
      },
    ]);
  });
  after(() => server.close(1_000));

  it("is live as long as it answers", async () => {
    expect(await (await fetch(`${server.url}/livez`)).json()).deep.equal({ status: "live" });
  });

  it("is ready when every check is content", async () => {
    const response = await fetch(`${server.url}/readyz`);
    expect(await response.json()).deep.equal({ status: "ready", checks: ["log", "projections"] });
  });

  it("is not ready when a check has a reason or fails, and says which", async () => {
    reasons.log = "catching up, 17 events to go";
    reasons.projections = new Error("no such table");
    const response = await fetch(`${server.url}/readyz`);
    const body = (await response.json()) as Record<string, unknown>;
    expect(response.status).equal(503);
    expect(response.headers.get("retry-after")).equal("1");
    expect(body).include({ code: "NOT_READY", retryable: true });
    expect(body["checks"]).deep.equal([
      { name: "log", reason: "catching up, 17 events to go" },
      { name: "projections", reason: "no such table" },
    ]);
  });

  it("counts requests by the route's template, never by the address", async () => {
    await fetch(`${server.url}/v1/things/t-17`);
    await fetch(`${server.url}/v1/nowhere-17`);
    const response = await fetch(`${server.url}/metrics`);
    const text = await response.text();
    expect(response.headers.get("content-type")).contain("text/plain; version=0.0.4");
    expect(text).contain(
      'http_request_duration_seconds_count{route="/v1/things/{id}",method="GET",status="200"}',
    );
    expect(text).contain("process_resident_memory_bytes");
    expect(text).contain('{route="unmatched",method="any",status="404"}');
    expect(text).not.contain("t-17").and.not.contain("nowhere-17");
  });
});
