import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Recognised } from "../access/key-ring.ts";
import { keyOf } from "../access/keys.fixture.ts";
import { memoryRateLimiter } from "../access/rate-limit.ts";
import type { Door } from "./door.ts";
import { sourceOfAddress } from "./rate-limit.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const KEYS = [keyOf("operator"), keyOf("reader")];
const POLICY = { requests: 3, windowSeconds: 2 };

const recognise = (text: string): Recognised => {
  const found = KEYS.find((one) => one.text === text);
  return found ? { key: found.key, reason: null } : { key: null, reason: "not known" };
};

describe("requests that are counted", () => {
  let server: TestServer;

  async function start(keys: Door["keys"]): Promise<void> {
    server = await startTestServer(undefined, undefined, {
      keys,
      limiter: memoryRateLimiter(POLICY),
    });
  }
  afterEach(() => server.close(1_000));

  async function ask(key: string | null, path = "/v1/things") {
    const headers: Record<string, string> = key === null ? {} : { Authorization: `Bearer ${key}` };
    const response = await fetch(server.url + path, { headers });
    const text = await response.text();
    const problem = text.startsWith("{") ? JSON.parse(text) : {};
    return { status: response.status, code: problem.code, headers: response.headers };
  }

  async function statusesOf(times: number, key: string | null, path?: string) {
    const statuses: number[] = [];
    for (let i = 0; i < times; i += 1) statuses.push((await ask(key, path)).status);
    return statuses;
  }

  it("say what is left, are refused when it is used up, and go on in the next window", async () => {
    await start({ recognise, holds: () => true });
    const [key = "", other = ""] = KEYS.map(({ text }) => text);
    const first = await ask(key);
    expect(first.headers.get("ratelimit-policy")).equal('"requests";q=3;w=2');
    expect(first.headers.get("ratelimit")).equal('"requests";r=2;t=2');
    expect(await statusesOf(2, key)).deep.equal([200, 200]);
    const refused = await ask(key);
    expect([refused.status, refused.code]).deep.equal([429, "RATE_LIMITED"]);
    expect(refused.headers.get("ratelimit")).match(/^"requests";r=0;t=[12]$/);
    expect(refused.headers.get("retry-after")).match(/^[12]$/);
    expect(await statusesOf(1, other), "another key").deep.equal([200]);
    await sleep(POLICY.windowSeconds * 1_000 + 100);
    expect(await statusesOf(1, key), "a window later").deep.equal([200]);
  });

  it("are those of an address where no key is right, so that none can be tried for long", async () => {
    await start({ recognise, holds: () => true });
    const wrong = KEYS.map(({ text }) => `${text}x`);
    expect(await statusesOf(2, wrong[0] ?? "")).deep.equal([401, 401]);
    expect(await statusesOf(2, wrong[1] ?? "")).deep.equal([401, 429]);
    expect(await statusesOf(1, null)).deep.equal([429]);
    expect(await statusesOf(1, null, "/v1/nowhere")).deep.equal([429]);
    expect(await statusesOf(1, KEYS[0]?.text ?? ""), "a right key").deep.equal([200]);
  });

  it("are those of an address where no key is needed", async () => {
    await start(null);
    expect(await statusesOf(4, null)).deep.equal([200, 200, 200, 429]);
  });

  it("are none of the probes", async () => {
    await start({ recognise, holds: () => true });
    expect(await statusesOf(5, null, "/livez")).deep.equal([200, 200, 200, 200, 200]);
    expect((await ask(null, "/livez")).headers.get("ratelimit")).equal(null);
  });
});

describe("the address that is counted", () => {
  it("is the network of an IPv6 address, and the IPv4 address in one", () => {
    const same = [
      ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
      ["2001:db8::1", "2001:db8:0:0:9::"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["fe80::1%eth0", "fe80::2"],
    ] as const;
    for (const [one, other] of same) expect(sourceOfAddress(one)).equal(sourceOfAddress(other));
    const others = ["2001:db8:1:3::1", "2001:db8:1:2::1", "192.0.2.1", "192.0.2.2", "::1"];
    expect(new Set(others.map(sourceOfAddress)).size).equal(others.length);
  });
});
