import { Agent, type IncomingMessage, request } from "node:http";

export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

const WAIT_MILLISECONDS = 60_000;

export interface LoadSize {
  readonly inFlight: number;
  /** It ends after so many calls … */
  readonly count: number;
  /** … or after this time. */
  readonly seconds?: number;
}

/**
 * Sends calls with `inFlight` of them under way; any answer over 299, or that `check` throws at,
 * ends the run.
 */
export async function load(
  url: string,
  { count, inFlight, seconds: longest = Number.POSITIVE_INFINITY }: LoadSize,
  callAt: (index: number) => Call,
  check: (answer: string) => void = () => undefined,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const milliseconds: number[] = [];
  let next = 0;
  const started = performance.now();
  const endMs = started + longest * 1_000;
  const work = async () => {
    while (next < count && performance.now() < endMs) {
      const call = callAt(next);
      next += 1;
      const sent = performance.now();
      check(await send(url, call, agent));
      milliseconds.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  milliseconds.sort((one, two) => one - two);
  return {
    requests: next,
    seconds,
    perSecond: next / seconds,
    p50Milliseconds: quantile(milliseconds, 0.5),
    p99Milliseconds: quantile(milliseconds, 0.99),
  };
}

export function send(url: string, call: Call, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url + call.path,
      {
        method: call.method,
        ...(agent ? { agent } : {}),
        timeout: WAIT_MILLISECONDS,
        headers: {
          ...(call.body === undefined
            ? {}
            : {
                "Content-Type": "application/json",
                "Content-Length": Buffer.byteLength(call.body),
              }),
          ...call.headers,
        },
      },
      (response) => resolve(bodyOf(response, call)),
    );
    outgoing.on("error", reject);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${call.path}: no answer in time`)));
    outgoing.end(call.body);
  });
}

async function bodyOf(response: IncomingMessage, call: Call): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  if ((response.statusCode ?? 500) < 300) return text;
  throw new Error(`${call.method} ${call.path}: ${response.statusCode} ${text}`);
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
