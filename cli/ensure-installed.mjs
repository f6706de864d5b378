// Installs the dependencies when they are missing or older than the lock file, so that
// `npm run demo` and `npm test` work on a fresh clone. Plain JavaScript without dependencies: it
// runs on whatever Node the machine has, before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE_MAJOR = 18;
const EXIT_UNAVAILABLE = 7;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, "package-lock.json");
// npm writes this file last, so a broken installation has none.
const installedMark = join(root, "node_modules", ".package-lock.json");
const pinnedNode = join(root, "node_modules", "node", "bin", "node");

const major = Number(process.versions.node.split(".")[0]);
if (major < OLDEST_NODE_MAJOR) {
  fail(`Node ${process.versions.node} is too old to install with.`, "install Node 20 or newer");
}
if (!isInstalled()) install();

function isInstalled() {
  if (!existsSync(installedMark)) return false;
  if (process.platform !== "win32" && !existsSync(pinnedNode)) return false;
  if (!existsSync(lockFile)) return true;
  return statSync(installedMark).mtimeMs >= statSync(lockFile).mtimeMs;
}

function install() {
  process.stderr.write("Dependencies are missing or out of date: running npm ci once …\n");
  // Its own level, for `npm run --silent` would silence the reason of a failure, too.
  const arguments_ = ["ci", "--no-fund", "--no-audit", "--loglevel=error"];
  const npmScript = process.env.npm_execpath;
  // Standard output belongs to the program that runs afterwards: npm's goes to standard error.
  const options = { cwd: root, stdio: ["ignore", 2, 2] };
  const result =
    npmScript && /\.c?js$/.test(npmScript)
      ? spawnSync(process.execPath, [npmScript, ...arguments_], options)
      : spawnSync("npm", arguments_, { ...options, shell: process.platform === "win32" });
  if (result.error) fail(String(result.error), "install npm 10 or newer");
  if (result.status !== 0) {
    fail(`npm ci ended with ${result.signal ?? result.status}.`, "see npm's messages above");
  }
}

function fail(reason, action) {
  process.stderr.write(
    `failed: the dependencies could not be installed\n  error: ${reason}\n` +
      `  tried: npm ci in ${root}\n  to do: ${action}, then run the same command again\n`,
  );
  process.exit(EXIT_UNAVAILABLE);
}
