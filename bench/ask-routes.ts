import { Agent } from "node:http";
import { createRandom } from "../cli/demo/random.ts";
import { quantile, send } from "./http-load.ts";
import { atFixedRate } from "./open-loop.ts";
import type { ReadRoute } from "./read-routes.ts";
import type { Row } from "./report.ts";

const SEED = 11;
const SOCKETS = 256;

/** Asks all routes in turn, each so often a second, whatever else is going on. */
export async function askRoutes(
  url: string,
  routes: readonly ReadRoute[],
  { perRouteAndSecond, seconds }: { perRouteAndSecond: number; seconds: number },
): Promise<readonly Row[]> {
  const random = createRandom(SEED);
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const asked = routes.map(({ name }) => new Asked(name));
  const perSecond = routes.length * perRouteAndSecond;
  const wish = { perSecond, count: perSecond * seconds };
  await atFixedRate(wish, async (index, dueAtMs) => {
    const number = index % routes.length;
    const path = routes[number]?.pathAt(random, Date.now()) ?? "";
    try {
      const answer = await send(url, { method: "GET", path }, agent);
      asked[number]?.answered(performance.now() - dueAtMs, answer);
    } catch (error) {
      asked[number]?.failed(error as Error);
    }
  });
  agent.destroy();
  return asked.map((one) => one.row());
}

/** What was measured of one route. */
class Asked {
  readonly #name: string;
  readonly #milliseconds: number[] = [];
  #failures: string[] = [];
  #worstLagSeconds: number | null = null;
  #worstGapEvents: number | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  answered(milliseconds: number, answer: string): void {
    this.#milliseconds.push(milliseconds);
    this.#worstLagSeconds = worst(this.#worstLagSeconds, answer, /"lagSeconds":([\d.]+)/g);
    this.#worstGapEvents = worst(this.#worstGapEvents, answer, /"gapEvents":(\d+)/g);
  }

  failed({ message }: Error): void {
    this.#failures.push(message);
    if (this.#failures.length === 1) process.stderr.write(`${message}\n`);
  }

  row(): Row {
    const sorted = this.#milliseconds.toSorted((one, two) => one - two);
    return {
      name: this.#name,
      requests: sorted.length + this.#failures.length,
      failed: this.#failures.length,
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
