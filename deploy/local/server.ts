import type { Platform } from "../logins/logins.ts";

/** What one server of the local stack is made of; each server is a file of this folder. */
export interface Server {
  readonly name: string;
  readonly version: string;
  /** Started when no names are given. */
  readonly isDefault: boolean;
  /** It may have several nodes; their names are numbered then. */
  readonly hasNodes: boolean;
  /** How its files are fetched; null where the system's packages bring them. */
  readonly recipe: Recipe | null;
  /** Programs it needs to run; what fetching needs is the recipe's affair. */
  readonly tools: readonly ToolName[];
  /** Ports by purpose and what they are unless told otherwise; the first one is shown. */
  readonly ports: Readonly<Record<string, number>>;
  readonly logins: "always" | "on request" | "never";
  /** The user it runs as when we are root: a server may refuse to be root. */
  readonly user: string | null;
  readonly readyWithinMs: number;
  readonly stopWithinMs: number;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** Files of its configuration, by path inside its folder; written anew before each start. */
  files(instance: Instance): Readonly<Record<string, string>>;
  /**
   * Makes its data folder, once; the folder is empty then, whatever happened before. `onStart` is
   * told of a program that works in it: that one goes on for a while when we are killed.
   */
  initialise(instance: Instance, onStart: (pid: number) => void): Promise<void>;
  /** Clears away what the process that has this pid no more has left in the way of a start. */
  clearAfter(instance: Instance, endedPid: number): Promise<void>;
  launch(instance: Instance): Launch;
  /** Throws while it isn't ready; the last error is told when the wait ends. */
  checkReady(instance: Instance): Promise<void>;
  /** What a ready server still needs, such as its database; harmless when done again. */
  settle(instance: Instance): Promise<void>;
  /**
   * Makes a login for each part of the platform, harmless when done again; left out where the
   * server has none, or none that may do less than everything.
   */
  makeLogins?(instance: Instance, platform: Platform): Promise<void>;
  /** `CH_` variables that lead to it, login included. */
  variables(instances: readonly Instance[]): Readonly<Record<string, string>>;
}

/** One process of a server with all that is its own. */
export interface Instance {
  readonly server: Server;
  /** `redis`; of a server with several nodes `kafka-2`. */
  readonly name: string;
  /** 1, 2 … */
  readonly node: number;
  readonly folder: string;
  /** Where the fetched files are; empty for a server that has none. */
  readonly program: string;
  readonly ports: Readonly<Record<string, number>>;
  /** The same for all nodes of a server; empty where nobody logs in. */
  readonly password: string;
  readonly hasLogin: boolean;
  /** The same for all nodes of a server, another one for every new server. */
  readonly serverId: string;
  /** All nodes of the server, this one included. */
  readonly nodes: readonly { readonly node: number; readonly ports: Instance["ports"] }[];
}

interface Launch {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export type Recipe = MavenRecipe | GoRecipe;

/** Artifacts of Maven with what they depend on. */
export interface MavenRecipe {
  readonly kind: "maven";
  /** `group:name:version`, or `group:name:version:type:classifier` for an archive to unpack. */
  readonly artifacts: readonly string[];
  /** Java sources of `java/`, compiled against the artifacts. */
  readonly sources: readonly string[];
  /** For the display of progress alone. */
  readonly aboutMegabytes: number;
}

/** Programs that the Go tool fetches and builds. */
export interface GoRecipe {
  readonly kind: "go";
  /** `path@version`, all of one module. */
  readonly packages: readonly string[];
}

/** Programs a server needs on the machine; `tools.ts` says where they come from. */
export type ToolName = "java" | "javac" | "mvn" | "go" | "tar" | "postgres" | "redis-server";

/** Everything listens on this address alone. */
export const LOOPBACK = "127.0.0.1";

/** The login that the stack makes where a server has logins. */
export const LOGIN = "cipherhorizon";
