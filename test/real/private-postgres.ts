import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** Where distributions put the programs that are not on the path. */
const DEBIAN_FOLDER = "/usr/lib/postgresql";
/** The server refuses to run as root; this user comes with its package. */
const USER = "postgres";

/** A server of the test's own, which it may stop and start as it likes. */
export interface PrivatePostgres {
  readonly url: string;
  /** `immediate` is a crash: nothing is written down before the end. */
  restart(mode: "fast" | "immediate"): void;
  stop(): void;
  start(): void;
  /** Stops it and removes its data. */
  remove(): void;
}

/** A suite that starts servers; without their programs it stands in the report as skipped. */
export function describeWithPostgresPrograms(
  title: string,
  suite: (this: Mocha.Suite) => void,
): void {
  if (programFolder() === null) describe.skip(`${title} (there is no initdb and pg_ctl)`, suite);
  else describe(title, suite);
}

export async function openPrivatePostgres(): Promise<PrivatePostgres> {
  const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-postgres-"));
  if (isRoot()) chownSync(folder, ...userAndGroup());
  const data = join(folder, "data");
  const port = await freePort();
  program("initdb", ["-D", data, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C"]);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`;
  const start = () => {
    const log = join(folder, "server.log");
    program("pg_ctl", ["-D", data, "-l", log, "-o", settings, "-w", "start"]);
  };
  const stop = (mode: string) => program("pg_ctl", ["-D", data, "-m", mode, "-w", "stop"]);
  start();
  return {
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    restart: (mode) => {
      stop(mode);
      start();
    },
    stop: () => stop("fast"),
    start,
    remove: () => {
      if (existsSync(join(data, "postmaster.pid"))) stop("immediate");
      rmSync(folder, { recursive: true });
    },
  };
}

function program(name: string, words: readonly string[]): void {
  const file = join(programFolder() ?? "", name);
  const [command = "", ...more] = isRoot()
    ? ["runuser", "-u", USER, "--", file, ...words]
    : [file, ...words];
  execFileSync(command, more, { stdio: "ignore", cwd: tmpdir() });
}

/** The newest version's, where the path has none. */
function programFolder(): string | null {
  const onPath = spawnSync("which", ["pg_ctl"], { encoding: "utf8" }).stdout.trim();
  if (onPath !== "") return join(onPath, "..");
  if (!existsSync(DEBIAN_FOLDER)) return null;
  const versions = readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(DEBIAN_FOLDER, version, "bin"));
  return folders.find((folder) => existsSync(join(folder, "pg_ctl"))) ?? null;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function userAndGroup(): [number, number] {
  const idOf = (flag: string) => Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
  return [idOf("-u"), idOf("-g")];
}
