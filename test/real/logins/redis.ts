import { REDIS_RIGHTS } from "../../../deploy/logins/redis.ts";
import { PlatformError } from "../../../platform/errors/catalogue.ts";
import { RedisConnection } from "../../../projections/stores/redis/connection.ts";
import { allOrNone, type Matrix, type Rights, unrefused } from "./matrix.ts";

const USES = ["risk", "cache", "limits", "sessions"];
const LOGINS = [...REDIS_RIGHTS.keys()];

const RIGHTS: Rights = {
  ...Object.fromEntries(
    USES.flatMap((use) => [
      [`read keys of ${use}`, use === "risk" ? ["risk", "queries"] : [use]],
      [`change keys of ${use}`, [use]],
      [`change keys of ${use} by a script`, [use]],
    ]),
  ),
  "ask what server it is": ["risk", "queries", ...USES],
  "see the names of all keys by `SCAN`": LOGINS.map(unrefused),
  "list all keys by `KEYS`": [],
  "empty the server": [],
  publish: [],
  "see or change logins, settings, scripts": [],
};

const OTHERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "ask what server it is": [["INFO", "server"]],
  "see the names of all keys by `SCAN`": [["SCAN", "0"]],
  "list all keys by `KEYS`": [["KEYS", "*"]],
  "empty the server": [["FLUSHALL"]],
  publish: [["PUBLISH", "anything", "x"]],
  "see or change logins, settings, scripts": [
    ["ACL", "LIST"],
    ["ACL", "SETUSER", "other", "on"],
    ["CONFIG", "GET", "*"],
    ["SCRIPT", "FLUSH"],
    ["CLIENT", "LIST"],
    ["SHUTDOWN"],
  ],
};

export const redisMatrix: Matrix = {
  rights: RIGHTS,
  logins: LOGINS,
  open: async (stack) => {
    const admin = new RedisConnection({ url: stack.all["CH_REDIS_URL"] ?? "", name: "test" });
    for (const use of USES) await admin.call("SET", keyOf(use), "x");
    await admin.close();
    return {
      attempt: async (thing, login) => {
        const address = stack.addressFor("CH_REDIS_URL", login);
        return allOrNone(
          await Promise.all(commandsOf(thing).map((words) => mayCall(address, words))),
        );
      },
      enters: (login, password) => {
        return mayCall(stack.addressFor("CH_REDIS_URL", login, password), ["PING"]);
      },
      close: async () => undefined,
    };
  },
};

function keyOf(use: string): string {
  return use === "risk" ? "{risk:g1}:of a test" : `${use}:one`;
}

function commandsOf(thing: string): readonly (readonly string[])[] {
  const use = USES.find((one) => thing.includes(` of ${one}`));
  if (use === undefined) {
    const found = OTHERS[thing];
    if (found === undefined) throw new Error(`nothing is tried for ${thing}`);
    return found;
  }
  const key = keyOf(use);
  if (thing.startsWith("read")) return [["GET", key]];
  if (!thing.endsWith("by a script")) return [["SET", key, "x"]];
  return [["EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", key]];
}

async function mayCall(url: string, [command = "", ...words]: readonly string[]): Promise<boolean> {
  const connection = new RedisConnection({ url, name: "test" });
  try {
    await connection.call(command, ...words);
    return true;
  } catch (error) {
    const isRefused = error instanceof PlatformError && error.code === "STORE_REFUSED";
    if (isRefused || /NOPERM|ACL failure/.test(String(error))) return false;
    throw error;
  } finally {
    await connection.close();
  }
}
