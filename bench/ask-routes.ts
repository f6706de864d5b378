import { Agent } from "node:http";
import { createRandom } from "../cli/demo/random.ts";
import { quantile, send } from "./http-load.ts";
import { atFixedRate } from "./open-loop.ts";
import type { ReadRoute } from "./read-routes.ts";
import type { Row } from "./report.ts";

const SEED = 11;
const SOCKETS = 256;
/** How answers from a read model begin. */
const READ_MODEL_ANSWER = '{"generation":';

/**
 * Asks all routes in turn, each so often a second, whatever else is going on. `leftOut`: of those
 * that were due, how many were not asked, because too many had no answer.
 */
export async function askRoutes(
  url: string,
  routes: readonly ReadRoute[],
  { perRouteAndSecond, seconds }: { perRouteAndSecond: number; seconds: number },
): Promise<{ readonly rows: readonly Row[]; readonly leftOut: number }> {
  const random = createRandom(SEED);
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const asked = routes.map(({ name }) => new Asked(name));
  const perSecond = routes.length * perRouteAndSecond;
  const pace = { perSecond, count: perSecond * seconds };
  const leftOut = await atFixedRate(pace, async (index, dueAtMs) => {
    const number = index % routes.length;
    const path = routes[number]?.pathAt(random, Date.now()) ?? "";
    try {
      const answer = await send(url, { method: "GET", path }, agent);
      asked[number]?.answered(performance.now() - dueAtMs, answer);
    } catch (error) {
      asked[number]?.failed(performance.now() - dueAtMs, error as Error);
    }
  });
  agent.destroy();
  return { rows: asked.map((one) => one.row()), leftOut };
}

/** What was measured of one route. */
class Asked {
  readonly #name: string;
  readonly #milliseconds: number[] = [];
  #failed = 0;
  #worstLagSeconds: number | null = null;
  #worstGapEvents: number | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  answered(milliseconds: number, answer: string): void {
    this.#milliseconds.push(milliseconds);
    // A page of events says how much of the log is behind it: no reader lags by that.
    if (answer.startsWith(READ_MODEL_ANSWER)) {
      this.#worstLagSeconds = worst(this.#worstLagSeconds, answer, /"lagSeconds":([\d.]+)/g);
    }
    this.#worstGapEvents = worst(this.#worstGapEvents, answer, /"gapEvents":(\d+)/g);
  }

  /** Its time counts too: who waits in vain waits. */
  failed(milliseconds: number, { message }: Error): void {
    this.#milliseconds.push(milliseconds);
    this.#failed += 1;
    if (this.#failed === 1) process.stderr.write(`${this.#name}: ${message}\n`);
  }

  row(): Row {
    const sorted = this.#milliseconds.toSorted((one, two) => one - two);
    return {
      name: this.#name,
      requests: sorted.length,
      failed: this.#failed,
      p50Milliseconds: quantile(sorted, 0.5),
      p99Milliseconds: quantile(sorted, 0.99),
      longestMilliseconds: sorted.at(-1) ?? Number.NaN,
      worstLagSeconds: this.#worstLagSeconds,
      worstGapEvents: this.#worstGapEvents,
    };
  }
}

/** An answer may tell of several generations. */
function worst(before: number | null, answer: string, pattern: RegExp): number | null {
  const told = [...answer.matchAll(pattern)].map(([, value]) => Number(value));
  return told.length === 0 ? before : Math.max(before ?? 0, ...told);
}
