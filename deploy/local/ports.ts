import { once } from "node:events";
import { createServer, type Server as NetServer } from "node:net";
import type { Instance } from "./server.ts";
import { LOOPBACK } from "./server.ts";
import { StackError } from "./stack-error.ts";

/** As many free ports as wanted, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const listeners = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = listeners.map((listener) => {
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  });
  await Promise.all(listeners.map(close));
  return ports;
}

/** Ports that the system chooses, for each purpose that the instance has. */
export async function chosenPorts(instance: Pick<Instance, "ports">): Promise<Instance["ports"]> {
  const purposes = Object.keys(instance.ports);
  const ports = await freePorts(purposes.length);
  return Object.fromEntries(purposes.map((purpose, index) => [purpose, ports[index] ?? 0]));
}

/** Refuses to start where somebody else listens. */
export async function checkPorts({ name, server, ports }: Instance): Promise<void> {
  for (const port of Object.values(ports)) {
    try {
      await close(await listen(port));
    } catch (error) {
      throw new StackError(
        `port ${port} is not free: ${(error as Error).message}`,
        `listening on it before ${name} is started`,
        `end the program that has it, or: cipherhorizon stack up ${server.name} --free-ports`,
      );
    }
  }
}

async function listen(port: number): Promise<NetServer> {
  const listener = createServer().listen(port, LOOPBACK);
  await once(listener, "listening");
  return listener;
}

async function close(listener: NetServer): Promise<void> {
  listener.close();
  await once(listener, "close");
}
