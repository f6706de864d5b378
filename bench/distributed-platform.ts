import { setTimeout as sleep } from "node:timers/promises";
import { logPlace } from "../cli/log-place.ts";
import { storePlace } from "../cli/store-place.ts";
import { readConfig } from "../platform/config/config.ts";
import type { LogPlace } from "../platform/log/places.ts";
import type { StorePlace } from "../projections/stores.ts";
import { ServedProcess } from "../test/chaos/served-process.ts";
import { freePort } from "../test/real/free-port.ts";
import type { Watched } from "./computing.ts";
import { untilManaged } from "./fill.ts";
import { send } from "./http-load.ts";
import type { Addresses } from "./reads.ts";
import type { BenchServers } from "./servers.ts";

type Part = ServedProcess["part"];

const CAUGHT_UP_WITHIN_MILLISECONDS = 600_000;
const LOOK_EVERY_MILLISECONDS = 250;

/** Processes of one part each, on servers that they share; each is started when it is asked for. */
export class DistributedPlatform {
  readonly #servers: BenchServers;
  readonly #processes = new Map<Part, ServedProcess>();

  constructor(servers: BenchServers) {
    this.#servers = servers;
  }

  /** Resolves when it says that it is ready. */
  async serve(part: Part): Promise<void> {
    const commandSide = this.#processes.get("command-side");
    const environment = {
      ...this.#environment(),
      CH_LOG_LEVEL: "error",
      ...(commandSide && { CH_COMMAND_URL: commandSide.url }),
    };
    const folder = this.#servers.folderFor(part);
    const port = await freePort();
    const served = new ServedProcess({ name: part, part, folder, port, environment });
    this.#processes.set(part, served);
    await served.ready();
  }

  /** Command side, projections and query API, each in a process. */
  async serveAll(): Promise<Addresses> {
    for (const part of ["command-side", "projections", "query-api"] as const) {
      await this.serve(part);
    }
    await this.settle();
    return { url: this.urlOf("command-side"), readUrl: this.urlOf("query-api") };
  }

  /** Where its log is, for who writes it before any part does. */
  logPlace(): LogPlace {
    return logPlace(readConfig(this.#environment()));
  }

  /** Where its read models are. */
  storePlace(): StorePlace {
    return storePlace(readConfig(this.#environment()));
  }

  urlOf(part: Part): string {
    const served = this.#processes.get(part);
    if (served === undefined) throw new Error(`${part} was not started`);
    return served.url;
  }

  /** All that compute: the parts, our servers, and this process, the load generator. */
  watched(): readonly Watched[] {
    const ours = [...this.#processes.values()].map(({ name, pid }) => ({ name, pid }));
    const named = [...ours, { name: "load generator", pid: process.pid }];
    return [
      ...named.map((one) => ({ ...one, hasNamedThreads: true })),
      ...this.#servers.processes().map((one) => ({ ...one, hasNamedThreads: false })),
    ];
  }

  /** Events that the live generations lack, over all projections. */
  async gapEvents(): Promise<number> {
    const answer = await send(this.urlOf("query-api"), { method: "GET", path: "/v1/projections" });
    const { data } = JSON.parse(answer) as { readonly data: readonly Listed[] };
    const live = data.flatMap(({ generations }) => generations.filter(isLive));
    return live.reduce((sum, { gapEvents }) => sum + (gapEvents ?? 0), 0);
  }

  /** Until nothing follows from what went in: managers are done, projections have it all. */
  async settle(): Promise<void> {
    await untilManaged(this.urlOf("command-side"));
    if (!this.#processes.has("query-api")) return;
    const deadline = performance.now() + CAUGHT_UP_WITHIN_MILLISECONDS;
    while ((await this.gapEvents()) > 0) {
      if (performance.now() > deadline) throw new Error("the projections do not catch up");
      await sleep(LOOK_EVERY_MILLISECONDS);
    }
  }

  #environment(): Readonly<Record<string, string>> {
    return { ...this.#servers.environment(), CH_KAFKA_TOPIC_PREFIX: `bench-${process.pid}.` };
  }

  async end(): Promise<void> {
    for (const served of this.#processes.values()) await served.end();
    this.#processes.clear();
  }
}

interface Listed {
  readonly generations: readonly ListedGeneration[];
}

interface ListedGeneration {
  readonly phase: string;
  readonly gapEvents: number | null;
}

function isLive({ phase }: ListedGeneration): boolean {
  return phase === "live";
}
