import { createHash } from "node:crypto";
import { type PasswordOf, QUERIES, writersOn } from "./logins.ts";

/** Keys of what else may use Redis, each with a login of its own. */
const OTHER_USES = ["cache", "limits", "sessions"];

/** `FLUSHALL` and its like would reach beyond the keys of a login, and `INFO` harms nobody. */
const AT_WORK = ["+@connection", "-@dangerous", "+info", "+eval", "+evalsha"];
const READING = ["+@read", ...AT_WORK];
const WRITING = ["+@read", "+@write", ...AT_WORK];

/** What each login may, as words of `ACL SETUSER`. */
export const REDIS_RIGHTS: ReadonlyMap<string, readonly string[]> = new Map([
  ...writersOn("redis").map((name): [string, string[]] => [name, [keysOf(name), ...WRITING]]),
  [QUERIES, [...writersOn("redis").map(keysOf), ...READING]],
  ...OTHER_USES.map((name): [string, string[]] => [name, [`~${name}:*`, ...WRITING]]),
]);

/** Words of commands, run by an administrator; harmless when run again. */
export function redisLoginCommands(passwordOf: PasswordOf): string[][] {
  return [...REDIS_RIGHTS].map(([login, rights]) => {
    const hash = createHash("sha256").update(passwordOf(login)).digest("hex");
    return ["ACL", "SETUSER", login, "reset", "on", `#${hash}`, ...rights];
  });
}

/** All generations of a projection. */
function keysOf(projection: string): string {
  return `~{${projection}:*`;
}
