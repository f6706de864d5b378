import { runProgram, type UserIds } from "./run-program.ts";
import type { Server } from "./server.ts";

const ID_WITHIN_MS = 5_000;

/** Whom a server must run as: null for ourselves. Only root can become another user. */
export async function userIds({ user }: Pick<Server, "user">): Promise<UserIds | null> {
  if (user === null || process.getuid?.() !== 0) return null;
  const idOf = async (option: string) => {
    return Number((await runProgram("id", [option, user], { withinMs: ID_WITHIN_MS })).output);
  };
  const [uid, gid] = await Promise.all([idOf("-u"), idOf("-g")]);
  return { uid, gid };
}
