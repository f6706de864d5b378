import type { Logger } from "../telemetry/logger.ts";

/** One thing to bring to an end, in its turn and its time. */
export interface ShutdownStep {
  readonly name: string;
  readonly timeoutMs: number;
  readonly run: () => void | Promise<void>;
}

/** Runs every step, also after one that failed or took too long; true when all went well. */
export async function runShutdown(
  steps: readonly ShutdownStep[],
  logger: Logger,
): Promise<boolean> {
  let isClean = true;
  for (const step of steps) {
    const startedMs = performance.now();
    const failure = await failureOf(step);
    const durationMs = Math.round(performance.now() - startedMs);
    if (failure === null) {
      logger.debug({ step: step.name, durationMs }, "shutdown step done");
      continue;
    }
    isClean = false;
    logger.error({ step: step.name, durationMs, err: failure }, "shutdown step failed");
  }
  return isClean;
}

async function failureOf({ name, timeoutMs, run }: ShutdownStep): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<unknown>((resolve) => {
    const reason = new Error(`${name} was not done after ${timeoutMs} ms`);
    timer = setTimeout(() => resolve(reason), timeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(run()).then(() => null), deadline]);
  } catch (error) {
    return error ?? new Error(`${name} failed without a reason`);
  } finally {
    clearTimeout(timer);
  }
}
