import { createHash } from "node:crypto";
import { join } from "node:path";
import { askSocket } from "./ask.ts";
import { writeWhole } from "./files.ts";
import { LOGIN, LOOPBACK, type Server } from "./server.ts";

/** Redis of the system's packages, with settings and data of its own. */
export const redis: Server = {
  name: "redis",
  version: "7",
  isDefault: true,
  hasNodes: false,
  recipe: null,
  tools: ["redis-server"],
  ports: { redis: 16_379 },
  logins: "always",
  user: null,
  readyWithinMs: 60_000,
  stopWithinMs: 30_000,
  stopSignal: "SIGTERM",
  files: ({ folder, ports }) => ({
    "redis.conf": [
      `bind ${LOOPBACK}`,
      `port ${ports["redis"]}`,
      "protected-mode yes",
      "daemonize no",
      `dir "${join(folder, "data")}"`,
      `aclfile "${join(folder, "users.acl")}"`,
      'save ""',
      "appendonly yes",
      "appendfsync everysec",
      "maxmemory-policy noeviction",
      "",
    ].join("\n"),
  }),
  // Written once: other users may have been added to it since.
  initialise: async ({ folder, password }) => {
    const hash = createHash("sha256").update(password).digest("hex");
    const users = `user default off\nuser ${LOGIN} on #${hash} ~* &* +@all\n`;
    writeWhole(join(folder, "users.acl"), users);
  },
  clearAfter: async () => undefined,
  launch: ({ folder }) => ({
    program: "redis-server",
    arguments: [join(folder, "redis.conf")],
  }),
  checkReady: async ({ ports, password }) => {
    const question = Buffer.from(`AUTH ${LOGIN} ${password}\r\nPING\r\n`);
    const answer = await askSocket(ports["redis"] ?? 0, question, (bytes) => {
      return bytes.toString().split("\r\n").length > 2;
    });
    if (answer.toString() !== "+OK\r\n+PONG\r\n") throw new Error(answer.toString().trim());
  },
  settle: async () => undefined,
  variables: ([instance]) => ({
    CH_REDIS_URL: `redis://${LOGIN}:${instance?.password}@${LOOPBACK}:${instance?.ports["redis"]}`,
  }),
};
