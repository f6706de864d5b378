import { influxdb } from "./influxdb.ts";
import { kafka } from "./kafka.ts";
import { mongodb } from "./mongodb.ts";
import { neo4j } from "./neo4j.ts";
import { opensearch } from "./opensearch.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { registry } from "./registry.ts";
import type { Server } from "./server.ts";
import { StackError } from "./stack-error.ts";

/** Every server of the local stack; a new one is a file and a line here. */
export const servers: readonly Server[] = [
  kafka,
  registry,
  postgres,
  redis,
  influxdb,
  neo4j,
  mongodb,
  opensearch,
];

export function findServer(name: string): Server {
  const server = servers.find((one) => one.name === name);
  if (server !== undefined) return server;
  throw new StackError(
    `there is no server ${JSON.stringify(name)}`,
    `known are ${servers.map((one) => one.name).join(", ")}`,
    "name one of these, or none for the usual ones",
  );
}
