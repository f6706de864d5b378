import type { Logger } from "../telemetry/logger.ts";

/** One thing to bring to an end, in its turn and its time. */
export interface ShutdownStep {
  readonly name: string;
  readonly timeoutMs: number;
  readonly run: () => void | Promise<void>;
}

export interface ShutdownOptions {
  readonly steps: readonly ShutdownStep[];
  readonly logger: Logger;
  /** Ends the process; a test hands in its own. */
  readonly exit?: (code: number) => void;
}

/** 128 + the signal's number, as shells expect; 0 for a service told to stop. */
const EXIT_AFTER_SIGNAL = { SIGINT: 130, SIGTERM: 0 } as const;
const EXIT_AT_ONCE = { SIGINT: 130, SIGTERM: 143 } as const;
const EXIT_UNCLEAN = 1;

type Signal = keyof typeof EXIT_AFTER_SIGNAL;

/**
 * On the first SIGINT or SIGTERM the steps run one after another and the process ends; a second
 * signal ends it at once. Returns the function that stops listening.
 */
export function onTerminationSignal(options: ShutdownOptions): () => void {
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let stopping = false;
  const handle = async (signal: Signal) => {
    if (stopping) {
      options.logger.warn({ signal }, "second signal: ending at once");
      exit(EXIT_AT_ONCE[signal]);
      return;
    }
    stopping = true;
    options.logger.info({ signal }, "stopping; a second signal ends at once");
    const isClean = await runShutdown(options.steps, options.logger);
    exit(isClean ? EXIT_AFTER_SIGNAL[signal] : EXIT_UNCLEAN);
  };
  const listener = (signal: NodeJS.Signals) => void handle(signal as Signal);
  process.on("SIGINT", listener).on("SIGTERM", listener);
  return () => void process.off("SIGINT", listener).off("SIGTERM", listener);
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
