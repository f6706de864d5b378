import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server as NetServer } from "node:net";
import { type Instance, LOOPBACK } from "./server.ts";
import { StackError } from "./stack-error.ts";

/** Below those that systems give to outgoing connections, which come and go. */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const MAXIMUM_TRIES = 1_000;

/** As many free ports as wanted, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const listeners = new Map<number, NetServer>();
  try {
    for (let tries = 0; listeners.size < count; tries++) {
      if (tries === MAXIMUM_TRIES) throw noneFree(count);
      const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
      const listener = listeners.has(port) ? null : await tryListen(port);
      if (listener !== null) listeners.set(port, listener);
    }
    return [...listeners.keys()];
  } finally {
    await Promise.all([...listeners.values()].map(close));
  }
}

/** Refuses to start where somebody else listens. */
export async function checkPorts({ name, server, ports }: Instance): Promise<void> {
  for (const port of Object.values(ports)) {
    const listener = await tryListen(port);
    if (listener !== null) await close(listener);
    else throw taken(port, name, server.name);
  }
}

/** Null where somebody else listens. */
async function tryListen(port: number): Promise<NetServer | null> {
  const listener = createServer().listen(port, LOOPBACK);
  try {
    await once(listener, "listening");
    return listener;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return null;
    throw error;
  }
}

async function close(listener: NetServer): Promise<void> {
  listener.close();
  await once(listener, "close");
}

function taken(port: number, instance: string, server: string): StackError {
  return new StackError(
    `port ${port} is not free`,
    `listening on it before ${instance} is started`,
    `end the program that has it, or: cipherhorizon stack up ${server} --free-ports`,
  );
}

function noneFree(count: number): StackError {
  return new StackError(
    `there are no ${count} free ports`,
    `${MAXIMUM_TRIES} ports from ${LOWEST_PORT} to ${HIGHEST_PORT}`,
    "end programs that listen, or leave --free-ports away",
  );
}
