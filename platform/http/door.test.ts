import { expect } from "chai";
import type { Recognised } from "../access/key-ring.ts";
import { keyOf } from "../access/keys.fixture.ts";
import type { Role } from "../access/roles.ts";
import { type Door, OPEN_DOOR } from "./door.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const KEYS = { reader: keyOf("reader"), trader: keyOf("trader"), operator: keyOf("operator") };

const recognise = (text: string): Recognised => {
  const found = Object.values(KEYS).find((one) => one.text === text);
  return found ? { key: found.key, reason: null } : { key: null, reason: "The key is not known." };
};

describe("a server whose requests need keys", () => {
  const door: Door = { ...OPEN_DOOR, keys: { recognise, holds: () => true } };
  const logged: string[] = [];
  let server: TestServer;

  before(async () => {
    server = await startTestServer([], { write: (line) => void logged.push(line) }, door);
  });
  after(() => server.close(1_000));

  async function ask(path: string, authorization?: string, init: RequestInit = {}) {
    const given = authorization === undefined ? {} : { Authorization: authorization };
    const headers = { ...given, ...init.headers };
    const response = await fetch(server.url + path, { ...init, headers });
    const text = await response.text();
    const { code = null, detail = "" } = text.startsWith("{") ? JSON.parse(text) : {};
    return { status: response.status, code, detail, text, headers: response.headers };
  }

  const bearer = (role: Role) => `Bearer ${KEYS[role].text}`;

  it("answers the probes to everybody, and nothing else without a key", async () => {
    for (const path of ["/livez", "/readyz", "/docs"]) {
      expect((await ask(path)).status, path).equal(200);
      expect((await ask(path, "Bearer wrong")).status, path).equal(200);
    }
    for (const path of ["/v1/things", "/metrics", "/openapi.json", "/v1/nowhere", "/V1/things"]) {
      const answer = await ask(path);
      expect([answer.status, answer.code], path).deep.equal([401, "UNAUTHENTICATED"]);
      expect(answer.headers.get("www-authenticate")).equal('Bearer realm="cipherhorizon"');
    }
    expect((await ask("/v1/things", undefined, { method: "OPTIONS" })).status).equal(401);
  });

  it("takes no other scheme, no key in the address and no wrong key", async () => {
    const { text } = KEYS.operator;
    const wrong = ["", text, `Basic ${text}`, `Bearer ${text} x`, `Bearer ${text}x`, "Bearer"];
    for (const authorization of wrong) {
      expect((await ask("/v1/things", authorization)).status, authorization).equal(401);
    }
    expect((await ask(`/v1/things?key=${text}`)).status).equal(401);
    expect((await ask("/v1/things", `bearer  ${text}`)).status).equal(200);
  });

  it("tells who asks by the key, whatever else the request claims", async () => {
    const body = JSON.stringify({ price: "1", at: 0 });
    const headers = { "Content-Type": "application/json", "X-Actor": "t-9", actor: "t-9" };
    const init = { method: "POST", body, headers };
    const price = (role: Role) => ask("/v1/things/t-1/price", bearer(role), init);
    expect(JSON.parse((await price("trader")).text).identity).include({
      actor: "t-1",
      role: "trader",
    });
    expect(JSON.parse((await price("operator")).text).identity).include({
      actor: KEYS.operator.key.id,
      role: "operator",
    });
  });

  it("refuses a role that the route does not name", async () => {
    expect((await ask("/metrics", bearer("operator"))).status).equal(200);
    expect((await ask("/metrics", bearer("reader"))).status).equal(200);
    const answer = await ask("/metrics", bearer("trader"));
    expect([answer.status, answer.code]).deep.equal([403, "FORBIDDEN"]);
    expect(answer.detail).contain("reader or operator");
  });

  it("is reached by any name and from any page: who has the key has it", async () => {
    const answer = await server.raw(
      "GET /v1/things HTTP/1.1\r\nHost: platform.example\r\n" +
        `Authorization: ${bearer("reader")}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).match(/^HTTP\/1\.1 200 /);
  });

  it("writes no key to its log", async () => {
    await ask("/v1/broken", bearer("operator"));
    await ask("/v1/nothing", `Bearer ${KEYS.trader.text}x`);
    const text = logged.join("");
    expect(text).contain("/v1/broken").and.contain("UNAUTHENTICATED");
    for (const { text: key } of Object.values(KEYS)) expect(text).not.contain(key.slice(17));
  });
});
