import { setTimeout as sleep } from "node:timers/promises";
import { type GenerationPhase, isUnderWay } from "../platform/generations/phase.ts";
import { registeredProjection } from "../projections/registry.ts";
import { PROJECTIONS } from "./rebuild-rows.ts";

const LOOK_EVERY_MILLISECONDS = 50;
/** Longer than a manager takes from reading an event to planning its command. */
const IDLE_MILLISECONDS = 300;
const PATIENCE_MILLISECONDS = 120_000;

/** A generation as `GET /v1/projections/{name}` shows it. */
export interface ShownGeneration {
  readonly generation: number;
  readonly version: number;
  readonly phase: GenerationPhase;
  readonly verified: boolean;
  readonly position: Readonly<Record<string, number>> | null;
  readonly gapEvents: number | null;
  readonly lagSeconds: number | null;
  readonly certificate: {
    readonly positions: Readonly<Record<string, number>>;
    readonly leftOut: readonly string[];
  } | null;
}

export async function generationsShown(
  url: string,
  projection: string,
): Promise<readonly ShownGeneration[]> {
  const answer = await fetch(`${url}/v1/projections/${projection}`);
  if (!answer.ok) throw new Error(`${projection}: ${answer.status} ${await answer.text()}`);
  return JSON.parse(await answer.text()).data.generations;
}

/**
 * A rebuild that a kill has interrupted may be under way still: then that one goes on. Who is told
 * to ask again, because a partition changes hands, does.
 */
export async function startRebuild(url: string, projection: string): Promise<void> {
  await until(`a rebuild of ${projection} is begun`, () => hasBegun(url, projection));
}

async function hasBegun(url: string, projection: string): Promise<boolean> {
  const { version } = registeredProjection(projection).projection;
  const answer = await fetch(`${url}/v1/projections/${projection}/start-generation`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ version, reason: "a test" }),
  });
  const { code, retryable } = JSON.parse(await answer.text());
  if (answer.ok || code === "REBUILD_RUNNING") return true;
  if (retryable === true) return false;
  throw new Error(`${answer.status} ${code}`);
}

/**
 * Until process managers have nothing left to do, nothing is being built, and every generation that
 * is fed has reached the log's end.
 */
export async function untilCaughtUp(url: string): Promise<void> {
  await until("process managers are idle", () => areManagersIdle(url));
  for (const projection of PROJECTIONS) {
    await until(`${projection} has caught up`, async () => {
      const fed = (await generationsShown(url, projection)).filter(({ position }) => position);
      return fed.every(({ phase, gapEvents }) => !isUnderWay(phase) && gapEvents === 0);
    });
  }
}

/** What they have read, planned and sent stands in the metrics; twice, for one may wake another. */
async function areManagersIdle(url: string): Promise<boolean> {
  for (let look = 0; look < 2; look += 1) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const left = metrics.matchAll(/^process_manager_(?:gap_events|outbox_commands)\{.*\} (\d+)$/gm);
    if ([...left].some(([, count]) => count !== "0")) return false;
    await sleep(IDLE_MILLISECONDS);
  }
  return true;
}

export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(LOOK_EVERY_MILLISECONDS);
  }
}
