import { PlatformError } from "../errors/catalogue.ts";
import { report } from "./thread-reports.ts";

export interface ClientRequest<T> {
  /** Whose client asks: `postgres`, `kafka` … */
  readonly server: string;
  readonly operation: string;
  /** What an answer means where that is more than that it came. */
  readonly outcomeOf?: (answer: T) => string;
}

/** Asks a server, and counts and times that, in whichever thread. */
export async function measuredRequest<T>(
  { server, operation, outcomeOf }: ClientRequest<T>,
  ask: () => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  const end = (outcome: string) => {
    const seconds = (performance.now() - startedMs) / 1_000;
    report({ type: "request", server, operation, outcome, seconds });
  };
  try {
    const answer = await ask();
    end(outcomeOf?.(answer) ?? "ok");
    return answer;
  } catch (error) {
    end(failureOf(error));
    throw error;
  }
}

/** The catalogue's code, Kafka's name of the error, or its class: none grows with the data. */
function failureOf(error: unknown): string {
  if (error instanceof PlatformError) return error.code;
  if (!(error instanceof Error)) return "unknown";
  return "type" in error && typeof error.type === "string" ? error.type : error.name;
}
