import type { RequestListener } from "node:http";
import { catalogueOf } from "../../command-side/aggregate.ts";
import { aggregates } from "../../command-side/registry.ts";
import type { Config } from "../../platform/config/config.ts";
import { createApp } from "../../platform/http/app.ts";
import { documentRoutes } from "../../platform/http/docs.ts";
import type { Door } from "../../platform/http/door.ts";
import {
  healthRoutes,
  type ReadinessCheck,
  type ReadinessNote,
} from "../../platform/http/health.ts";
import type { Route } from "../../platform/http/route.ts";
import { listen, type RunningServer } from "../../platform/http/server.ts";
import type { ShutdownStep } from "../../platform/lifecycle/shutdown.ts";
import type { Logger } from "../../platform/telemetry/logger.ts";
import { VERSION } from "../../platform/version.ts";
import type { StartedPart } from "./started-part.ts";

export interface FrontParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly door: Door;
  readonly notes: readonly ReadinessNote[];
  /** 0 lets the system choose. */
  readonly port: number;
}

const MOMENT_MILLISECONDS = 1_000;
const CATALOGUE = catalogueOf(aggregates);

/**
 * The process's HTTP server. It answers from the first moment on: how it is at once, and all the
 * rest when the parts have started.
 */
export class Front {
  readonly #parts: FrontParts;
  readonly #health: readonly Route[];
  readonly #checks: ReadinessCheck[];
  #started: readonly StartedPart[] = [];
  #app: RequestListener;
  #server: RunningServer | null = null;
  /** Why it is not ready, whatever its parts say. */
  #obstacle: string | null = "it is starting";

  private constructor(parts: FrontParts) {
    this.#parts = parts;
    this.#checks = [{ name: "process", check: () => this.#obstacle }];
    this.#health = healthRoutes({
      notes: parts.notes,
      checks: this.#checks,
      updateMetrics: async () => {
        for (const part of this.#started) await part.updateMetrics?.();
      },
    });
    this.#app = this.#appOf(this.#health, "starting");
  }

  static async open(parts: FrontParts): Promise<Front> {
    const front = new Front(parts);
    const { config, port, door } = parts;
    const listener: RequestListener = (request, response) => front.#app(request, response);
    front.#server = await listen(listener, { host: config.host, port, door });
    return front;
  }

  get url(): string {
    return this.#running.url;
  }

  /** Until it has started. */
  startsWhen(obstacle: string): void {
    this.#obstacle = obstacle;
  }

  /** Serves the parts from now on; gives the routes of the API. `internal`: those beside it. */
  serve(started: readonly StartedPart[], internal: readonly Route[]): readonly Route[] {
    const routes = [...started.flatMap((part) => part.routes), ...this.#health];
    const documents = documentRoutes({ routes, catalogue: CATALOGUE, version: VERSION });
    this.#app = this.#appOf([...routes, ...documents, ...internal], "started");
    this.#started = started;
    this.#checks.push(...started.flatMap(({ checks }) => checks));
    this.#obstacle = null;
    return routes;
  }

  /** What a stop does first. */
  get readinessOff(): ShutdownStep {
    const run = () => {
      this.#obstacle = "it is shutting down";
    };
    return { name: "readiness off", timeoutMs: MOMENT_MILLISECONDS, run };
  }

  get drain(): ShutdownStep {
    const timeoutMs = this.#parts.config.shutdownSeconds * 1_000;
    const run = () => this.#running.close(timeoutMs);
    return { name: "drain HTTP", timeoutMs: timeoutMs + MOMENT_MILLISECONDS, run };
  }

  /** Without waiting for anybody. */
  close(): Promise<void> {
    return this.#running.close(0);
  }

  get #running(): RunningServer {
    if (this.#server === null) throw new Error("the server does not listen yet");
    return this.#server;
  }

  #appOf(routes: readonly Route[], phase: "starting" | "started"): RequestListener {
    const { door, logger } = this.#parts;
    return createApp({ routes, catalogue: CATALOGUE, door, logger, phase });
  }
}
