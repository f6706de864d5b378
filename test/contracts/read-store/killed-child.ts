import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Runs the child until some time after its first word; gives the last position it told. */
export async function killedChild(args: readonly string[], killAfterMs: number): Promise<number> {
  const script = fileURLToPath(new URL("./child.ts", import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  await sleep(killAfterMs);
  child.kill("SIGKILL");
  await exited;
  const positions = told.split("\n").slice(1, -1).map(Number);
  return positions.at(-1) ?? 0;
}

/** As chai's deep equality, but in linear time for tens of thousands of rows. */
export function sameRows(a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
