import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Variable } from "../../platform/config/variable.ts";
import { variables } from "../../platform/config/variables.ts";
import { PRIVATE_MODE, textOf, writeWhole } from "./files.ts";
import { programFolder } from "./recipe.ts";
import type { Instance, Server } from "./server.ts";
import { findServer, servers } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { StackError } from "./stack-error.ts";

const ENV_FILE = "stack.env";
const PASSWORD_FILE = "password";
const PASSWORD_BYTES = 16;
/** Others may pass through to a folder of their own inside, and see nothing on the way. */
const PASSABLE_MODE = 0o711;

/** Every process of the stack, in the order of the servers' table. */
export function instancesOf(folder: string, settings: Settings, cache: string): Instance[] {
  return servers.flatMap((server) => {
    const present = settings.servers[server.name];
    if (present === undefined) return [];
    const nodes = Object.entries(present.nodes).map(([node, ports]) => {
      return { node: Number(node), ports };
    });
    return nodes.map(({ node, ports }) => {
      const name = nodeName(server, node);
      const hasLogin = server.logins === "always" || present.logins;
      return {
        server,
        name,
        node,
        folder: join(folder, name),
        program: server.recipe === null ? "" : programFolder(cache, server),
        ports,
        password: hasLogin ? readPassword(passwordFile(folder, server)) : "",
        hasLogin,
        serverId: present.id,
        nodes,
      };
    });
  });
}

function nodeName({ hasNodes, name }: Server, node: number): string {
  return hasNodes ? `${name}-${node}` : name;
}

/** All nodes share that of the first. */
function passwordFile(folder: string, server: Server): string {
  return join(folder, nodeName(server, 1), PASSWORD_FILE);
}

function readPassword(file: string): string {
  return textOf(file)?.trim() ?? "";
}

/** The instances that words of the command line mean: a server's name or that of one instance. */
export function chooseInstances(
  instances: readonly Instance[],
  names: readonly string[],
): readonly Instance[] {
  if (names.length === 0) return instances;
  for (const name of names) {
    if (!instances.some((instance) => isMeant(instance, name))) throw notThere(name, instances);
  }
  return instances.filter((instance) => names.some((name) => isMeant(instance, name)));
}

/** The servers that words of the command line mean; none mean the usual ones. */
export function chooseServers(names: readonly string[]): readonly Server[] {
  if (names.length === 0) return servers.filter(({ isDefault }) => isDefault);
  return [...new Set(names.map((name) => findServer(serverOf(name))))];
}

function isMeant({ name, server }: Instance, word: string): boolean {
  return word === name || word === server.name;
}

/** `kafka-2` is a node of `kafka`. */
function serverOf(name: string): string {
  return name.replace(/-\d+$/, "");
}

function notThere(name: string, instances: readonly Instance[]): StackError {
  findServer(serverOf(name));
  const present = instances.map((instance) => instance.name).join(", ");
  return new StackError(
    `${name} is not part of this stack`,
    `looking for it among ${present || "nothing: the stack is empty"}`,
    `cipherhorizon stack up ${serverOf(name)} makes it`,
  );
}

/** Makes the stack's folder; whoever a server runs as can pass through it. */
export function makeStackFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PASSABLE_MODE });
}

/**
 * Makes the folder of an instance and, where it has one, its password: hex digits, for a server's
 * own tool may take a word that begins with a dash for an option.
 */
export function makeInstanceFolder(instance: Instance): Instance {
  const { server, folder } = instance;
  mkdirSync(folder, { recursive: true, mode: PRIVATE_MODE });
  chmodSync(folder, server.user === null ? PRIVATE_MODE : PASSABLE_MODE);
  if (!instance.hasLogin) return instance;
  const file = passwordFile(dirname(folder), server);
  const password = readPassword(file) || randomBytes(PASSWORD_BYTES).toString("hex");
  if (readPassword(file) === "") writeWhole(file, `${password}\n`);
  return { ...instance, password };
}

/** Removes all data of an instance; a folder under its own name is always a whole one. */
export function removeInstanceFolder({ folder }: Instance): void {
  const aside = `${folder}.destroyed`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(folder, aside);
  rmSync(aside, { recursive: true });
}

/**
 * Writes the addresses of all that belongs to the stack, logins included; tells where. A variable
 * that the platform does not read is a comment: it refuses to start with one.
 */
export function writeEnvFile(folder: string, instances: readonly Instance[]): string {
  const known = new Set(Object.values<Variable>(variables).map(({ name }) => name));
  const lines = Object.entries(variablesOf(instances)).map(([name, value]) => {
    return `${known.has(name) ? "" : "#"}${name}=${value}\n`;
  });
  const file = join(folder, ENV_FILE);
  if (lines.length > 0) writeWhole(file, lines.join(""));
  else rmSync(file, { force: true });
  return file;
}

/** `CH_` variables, logins included. */
export function variablesOf(instances: readonly Instance[]): Readonly<Record<string, string>> {
  const byServer = Map.groupBy(instances, ({ server }) => server);
  return Object.assign({}, ...[...byServer].map(([server, own]) => server.variables(own)));
}
