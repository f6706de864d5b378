import { createHash } from "node:crypto";
import { join } from "node:path";
import { redisLoginCommands } from "../logins/redis.ts";
import { askSocket } from "./ask.ts";
import { writeWhole } from "./files.ts";
import { type Instance, LOGIN, LOOPBACK, type Server } from "./server.ts";

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
    writeWhole(join(folder, "users.acl"), usersText(password));
  },
  clearAfter: async () => undefined,
  launch: ({ folder }) => ({
    program: "redis-server",
    arguments: [join(folder, "redis.conf")],
  }),
  checkReady: (instance) => ask(instance, [["PING"]], ["+PONG"]),
  settle: async () => undefined,
  makeLogins: (instance, { passwordOf }) => {
    const commands = [...redisLoginCommands(passwordOf), ["ACL", "SAVE"]];
    return ask(instance, commands, Array(commands.length).fill("+OK"));
  },
  variables: ([instance]) => ({
    CH_REDIS_URL: `redis://${LOGIN}:${instance?.password}@${LOOPBACK}:${instance?.ports["redis"]}`,
  }),
};

/**
 * Nobody gets in as the default user, who has all rights none the less: by them Redis 7.0 replays
 * its append-only file when it starts, and leaves out every script's writes without them.
 */
export function usersText(password: string): string {
  const hash = createHash("sha256").update(password).digest("hex");
  const all = "~* &* +@all";
  return `user default off resetpass ${all}\nuser ${LOGIN} on #${hash} ${all}\n`;
}

/** Commands without blanks in their words, as the administrator; throws unless each is so answered. */
async function ask(
  { ports, password }: Instance,
  commands: readonly (readonly string[])[],
  answers: readonly string[],
): Promise<void> {
  const all = [["AUTH", LOGIN, password], ...commands];
  const question = Buffer.from(all.map((words) => `${words.join(" ")}\r\n`).join(""));
  const answer = await askSocket(ports["redis"] ?? 0, question, (bytes) => {
    return bytes.toString().split("\r\n").length > all.length;
  });
  const expected = ["+OK", ...answers, ""].join("\r\n");
  if (answer.toString() !== expected) throw new Error(answer.toString().trim());
}
