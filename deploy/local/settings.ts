import { rmSync } from "node:fs";
import { join } from "node:path";
import { v7 } from "uuid";
import { z } from "zod";
import { jsonOf, textOf, writeWhole } from "./files.ts";
import type { Instance, Server } from "./server.ts";
import { StackError } from "./stack-error.ts";

const SETTINGS_FILE = "stack.json";
/** Ports of a server's next node are so much higher. */
const PORTS_PER_NODE = 10;

const portsSchema = z.record(z.string(), z.int().min(1).max(65_535));
const settingsSchema = z.strictObject({
  format: z.literal(1),
  servers: z.record(
    z.string(),
    z.strictObject({
      id: z.uuid(),
      nodes: z.record(z.string(), portsSchema),
      /** Of a server that has logins only when they are asked for. */
      logins: z.boolean().default(false),
    }),
  ),
});

/** What a stack consists of: kept in its folder, so that every start makes the same of it. */
export type Settings = Readonly<z.infer<typeof settingsSchema>>;

export const NO_SETTINGS: Settings = { format: 1, servers: {} };

/** The settings of the stack in a folder; null where there is none. */
export function readSettings(folder: string): Settings | null {
  const file = join(folder, SETTINGS_FILE);
  const text = textOf(file);
  if (text === null) return null;
  const parsed = settingsSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new StackError(
    `${file} is not the settings of a stack: ${z.prettifyError(parsed.error)}`,
    `reading the stack in ${folder}`,
    "look at it; choose another folder with --dir, or remove the folder and start anew",
  );
}

/** The settings of a stack that must be there. */
export function settingsOf(folder: string): Settings {
  const settings = readSettings(folder);
  if (settings !== null) return settings;
  throw new StackError(
    `there is no stack in ${folder}`,
    "reading its settings",
    "cipherhorizon stack up makes one; --dir names another folder",
  );
}

export function writeSettings(folder: string, settings: Settings): void {
  writeWhole(join(folder, SETTINGS_FILE), `${JSON.stringify(settings, null, 2)}\n`);
}

/** What is left of a stack; nothing of it is no stack. */
export function keepSettings(folder: string, settings: Settings): void {
  if (Object.keys(settings.servers).length > 0) writeSettings(folder, settings);
  else rmSync(join(folder, SETTINGS_FILE), { force: true });
}

/** What is asked of a server that is new; one that is there must be so already. */
export interface Wanted {
  /** How many nodes; null: one, or as many as there are. */
  readonly nodes: number | null;
  readonly logins: boolean;
}

/** The settings with a server in them. */
export function withServer(settings: Settings, server: Server, wanted: Wanted): Settings {
  const { nodes, logins } = wanted;
  const present = settings.servers[server.name];
  if (present === undefined) {
    const added = { id: v7(), nodes: Object.fromEntries(usualNodes(server, nodes ?? 1)), logins };
    return { ...settings, servers: { ...settings.servers, [server.name]: added } };
  }
  const count = Object.keys(present.nodes).length;
  if (nodes !== null && count !== nodes)
    throw isOtherwise(server, `${count} node(s), not ${nodes}`);
  if (logins && !present.logins) throw isOtherwise(server, "no logins");
  return settings;
}

function isOtherwise({ name }: Server, how: string): StackError {
  return new StackError(
    `this stack has ${name} with ${how}`,
    "the settings of the stack: what a server is from its first start it remains",
    `leave the option away, choose another --dir, or: cipherhorizon stack destroy ${name}`,
  );
}

function usualNodes(server: Server, count: number): [string, Record<string, number>][] {
  return Array.from({ length: count }, (_, index) => {
    const ports = Object.entries(server.ports).map(([purpose, port]) => {
      return [purpose, port + index * PORTS_PER_NODE] as const;
    });
    return [String(index + 1), Object.fromEntries(ports)];
  });
}

export function withoutServers(settings: Settings, names: readonly string[]): Settings {
  const kept = Object.entries(settings.servers).filter(([name]) => !names.includes(name));
  return { ...settings, servers: Object.fromEntries(kept) };
}

/** The settings with other ports for one instance. */
export function withPorts(
  settings: Settings,
  { server, node }: Pick<Instance, "server" | "node">,
  ports: Instance["ports"],
): Settings {
  const present = settings.servers[server.name];
  if (present === undefined) throw new Error(`${server.name} is not in the settings`);
  const nodes = { ...present.nodes, [node]: { ...ports } };
  return { ...settings, servers: { ...settings.servers, [server.name]: { ...present, nodes } } };
}
