import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import type { PrivateInflux } from "./private-influx.ts";

const ORGANIZATION = "cipherhorizon";
const TOKEN = "a-token-of-this-test-alone";
const READY_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 100;

export interface PrivateInflux2 extends PrivateInflux {
  /** The same server, by a token with these rights alone. */
  urlFor(rights: Rights): Promise<string>;
}

/** `read buckets` */
type Rights = readonly `${"read" | "write"} ${"buckets" | "orgs"}`[];

/** An InfluxDB 2 of a test's own; `program` is its `influxd`. */
export async function startPrivateInflux2(program: string): Promise<PrivateInflux2> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-influx2-"));
  const place = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess;
  const start = async () => {
    child = spawn(program, settingsOf(folder, place), { stdio: "ignore" });
    await untilReady(place);
  };
  await start();
  const login = { username: ORGANIZATION, password: TOKEN, token: TOKEN };
  await ask(place, "setup", { ...login, org: ORGANIZATION, bucket: "unused" });
  return {
    url: `http://${ORGANIZATION}:${TOKEN}@${place}`,
    urlFor: async (rights) => {
      const token = await tokenFor(place, rights);
      return `http://${ORGANIZATION}:${encodeURIComponent(token)}@${place}`;
    },
    kill: () => void child.kill("SIGKILL"),
    start,
    destroy: async () => {
      const exited = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As in `deploy/compose.yaml`. */
function settingsOf(folder: string, place: string): string[] {
  const settings = {
    "bolt-path": join(folder, "influxd.bolt"),
    "sqlite-path": join(folder, "influxd.sqlite"),
    "engine-path": join(folder, "engine"),
    "http-bind-address": place,
    "storage-wal-fsync-delay": "10ms",
    "reporting-disabled": "true",
    "ui-disabled": "true",
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

async function tokenFor(place: string, rights: Rights): Promise<string> {
  const { orgs } = (await ask(place, "orgs")) as { orgs: readonly { id: string }[] };
  const orgID = orgs[0]?.id;
  const permissions = rights.map((right) => {
    const [action, type] = right.split(" ");
    return { action, resource: type === "orgs" ? { type } : { type, orgID } };
  });
  const made = await ask(place, "authorizations", { orgID, permissions });
  return (made as { token: string }).token;
}

async function ask(place: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://${place}/api/v2/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Token ${TOKEN}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function untilReady(place: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += LOOK_AGAIN_MS) {
    const answer = await fetch(`http://${place}/ping`).catch(() => null);
    if (answer?.status === 204) return;
    await sleep(LOOK_AGAIN_MS);
  }
  throw new Error(`no InfluxDB at ${place} within ${READY_WITHIN_MS} ms`);
}
