import type { Instance, Server } from "./server.ts";

/** An instance of a server with its usual ports, for tests that start nothing. */
export function exampleInstance(server: Server, change: Partial<Instance> = {}): Instance {
  return {
    server,
    name: server.name,
    node: 1,
    folder: `/srv/stack/${server.name}`,
    program: `/srv/cache/${server.name}`,
    ports: server.ports,
    password: server.logins === "always" ? "a-secret" : "",
    hasLogin: server.logins === "always",
    serverId: "01936f7e-6b1a-7c3e-9d52-0a1b2c3d4e5f",
    nodes: [{ node: 1, ports: server.ports }],
    ...change,
  };
}
