import { z } from "zod";
import { type Access, observers } from "../access/roles.ts";
import { PlatformError } from "../errors/catalogue.ts";
import { collectConnections, updateConnections } from "../telemetry/client-connections.ts";
import { collectProcessMetrics, metricsText } from "../telemetry/metrics.ts";
import { hearThreads } from "../telemetry/thread-reports.ts";
import type { Route } from "./route.ts";

/** A check that takes longer counts as failed. */
const READINESS_CHECK_TIMEOUT_MS = 2_000;

/** One reason not to send requests here yet; `check` gives it in words, or null when all is well. */
export interface ReadinessCheck {
  readonly name: string;
  readonly check: () => string | null | Promise<string | null>;
}

/** What one should know of a process that is ready all the same; null when there is nothing. */
export interface ReadinessNote {
  readonly name: string;
  readonly note: () => string | null;
}

export interface HealthOptions {
  readonly checks: readonly ReadinessCheck[];
  readonly notes: readonly ReadinessNote[];
  /** Brings gauges up to date before they are read. */
  readonly updateMetrics: () => void | Promise<void>;
}

/** `/livez`, `/readyz` and `/metrics`, as orchestrators and Prometheus expect them. */
export function healthRoutes({ checks, notes, updateMetrics }: HealthOptions): readonly Route[] {
  collectProcessMetrics();
  collectConnections();
  hearThreads();
  return [livez(), readyz(checks, notes), metrics(updateMetrics)];
}

function livez(): Route {
  return {
    ...probe("/livez", "live", "The process runs"),
    handle: async (_request, response) => {
      response.json({ status: "live" });
    },
  };
}

function readyz(checks: readonly ReadinessCheck[], notes: readonly ReadinessNote[]): Route {
  return {
    ...probe("/readyz", "ready", "The process can serve: it has caught up and is not draining"),
    handle: async (_request, response) => {
      const reasons = await reasonsAgainst(checks);
      if (reasons.length === 0) {
        const names = checks.map(({ name }) => name);
        response.json({ status: "ready", checks: names, ...told(notes) });
        return;
      }
      const detail = reasons.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
      throw new PlatformError("NOT_READY", detail, {
        facts: { checks: reasons, ...told(notes) },
      });
    },
  };
}

function metrics(updateMetrics: HealthOptions["updateMetrics"]): Route {
  return {
    ...probe("/metrics", "metrics", "The process's metrics in the Prometheus text format"),
    access: observers,
    answers: [
      {
        status: 200,
        description: "Metrics",
        contentType: "text/plain",
        schema: z.string(),
      },
    ],
    handle: async (_request, response) => {
      await updateMetrics();
      updateConnections();
      const { contentType, text } = await metricsText();
      response.type(contentType).send(text);
    },
  };
}

function probe(path: string, operationId: string, summary: string) {
  return {
    method: "GET",
    path,
    operationId,
    tag: "operations",
    summary,
    access: "anyone" as Access,
    pathParameters: null,
    pathExample: {},
    query: null,
    body: null,
    headers: [],
    answers: [
      {
        status: 200,
        description: summary,
        contentType: "application/json",
        schema: z.object({
          status: z.string(),
          checks: z.array(z.string()).optional(),
          notes: z.array(z.object({ name: z.string(), note: z.string() })).optional(),
        }),
      },
    ],
  } as const satisfies Omit<Route, "handle">;
}

function told(notes: readonly ReadinessNote[]) {
  const all = notes.map(({ name, note }) => ({ name, note: note() }));
  const some = all.filter(({ note }) => note !== null);
  return some.length === 0 ? {} : { notes: some };
}

interface Reason {
  readonly name: string;
  readonly reason: string;
}

async function reasonsAgainst(checks: readonly ReadinessCheck[]): Promise<readonly Reason[]> {
  const results = await Promise.all(
    checks.map(async (check) => ({ name: check.name, reason: await inTime(check) })),
  );
  return results.flatMap(({ name, reason }) => (reason === null ? [] : [{ name, reason }]));
}

async function inTime({ check }: ReadinessCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<string>((resolve) => {
    const reason = `no answer within ${READINESS_CHECK_TIMEOUT_MS} ms`;
    timer = setTimeout(() => resolve(reason), READINESS_CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), silence]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
