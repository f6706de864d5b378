import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisConnection } from "../../projections/stores/redis/connection.ts";
import { freePort } from "./free-port.ts";

const PROGRAM = "redis-server";
const READY_WITHIN_MS = 20_000;

/** A server of the test's own, which it may stop and start as it likes. */
export interface PrivateRedis {
  readonly url: string;
  readonly pid: number;
  /** As a crash: SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Cuts the newest bytes off the append-only file, as a loss of power may; it must not run. */
  loseTail(bytes: number): void;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A suite that starts servers; without their program it stands in the report as skipped. */
export function describeWithRedisProgram(title: string, suite: (this: Mocha.Suite) => void): void {
  const isThere = spawnSync(PROGRAM, ["--version"]).status === 0;
  if (isThere) describe(title, suite);
  else describe.skip(`${title} (there is no ${PROGRAM})`, suite);
}

/** `settings`: of redis.conf, `["maxmemory", "3mb"]`. `login`: `name:password@`. */
export async function openPrivateRedis(
  settings: readonly (readonly [string, string])[] = [],
  login = "",
): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-redis-"));
  const port = await freePort();
  const url = `redis://${login}127.0.0.1:${port}/0`;
  const all = [
    ...[["bind", "127.0.0.1"] as const, ["port", String(port)] as const, ["dir", folder] as const],
    ...[["save", ""] as const, ["appendonly", "yes"] as const],
    ...settings,
  ];
  const words = all.flatMap(([name, value]) => [`--${name}`, value]);
  let child: ChildProcess | null = null;
  const start = async () => {
    child = spawn(PROGRAM, words, { stdio: "ignore" });
    await untilReady(url);
  };
  const kill = async () => {
    if (child === null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    child = null;
  };
  await start();
  return {
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    start,
    loseTail: (bytes) => loseTail(join(folder, "appendonlydir"), bytes),
    remove: async () => {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilReady(url: string): Promise<void> {
  const connection = new RedisConnection({ url, name: "test start" });
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await connection.call("PING");
      return await connection.close();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

function loseTail(folder: string, bytes: number): void {
  const name = readdirSync(folder).find((one) => one.endsWith(".incr.aof"));
  if (name === undefined) throw new Error(`no append-only file in ${folder}`);
  const file = join(folder, name);
  truncateSync(file, Math.max(0, statSync(file).size - bytes));
}
