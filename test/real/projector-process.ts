import { setTimeout as sleep } from "node:timers/promises";
import { parseMetrics, sumOf } from "../../console/api/metrics-text.ts";
import { type SpawnedPlatform, spawnPlatform } from "../platform-process.ts";
import { freePort } from "./free-port.ts";

const ANSWERS_WITHIN_MILLISECONDS = 400_000;
const LOOK_EVERY_MILLISECONDS = 200;

/** `serve projections <names>` in a process of its own, and what it tells of itself. */
export interface ProjectorProcess extends SpawnedPlatform {
  readonly pid: number;
  /** Partitions of the live generation that it feeds now, and events it has applied. */
  figures(projection: string): Promise<{ readonly partitions: number; readonly events: number }>;
}

export async function startProjector(parts: {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}): Promise<ProjectorProcess> {
  const { folder, environment, names } = parts;
  const port = String(await freePort());
  const own = { ...environment, CH_PROJECTIONS_PORT: port };
  const spawned = spawnPlatform(folder, own, "projections", { names });
  return {
    ...spawned,
    pid: spawned.child.pid ?? 0,
    figures: async (projection) => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
      const samples = parseMetrics(await answer.text());
      const of = (name: string) => sumOf(samples, name, { projection }) ?? 0;
      return { partitions: of("projection_partitions_fed"), events: of("projection_events_total") };
    },
  };
}

/** Waits until a thing is so; while it is not, `tell` may say how it is. */
export async function untilSo(
  isSo: () => Promise<boolean>,
  tell: () => Promise<string>,
): Promise<void> {
  const deadline = performance.now() + ANSWERS_WITHIN_MILLISECONDS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`it did not come so: ${await tell()}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
