#!/usr/bin/env node
// The command `cipherhorizon`: runs cli/main.ts with the Node that package.json pins, whatever Node
// the machine has. Plain JavaScript without dependencies; signals and the exit code pass through.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const EXIT_UNAVAILABLE = 7;
const PASSED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

const folder = dirname(fileURLToPath(import.meta.url));
// A package from a registry carries JavaScript: Node runs no TypeScript below node_modules.
const main = ["main.js", "main.ts"].map((name) => join(folder, name)).find(existsSync);
const pinned = findPinnedNode();

if (!main || !pinned) {
  process.stderr.write(
    "failed: cipherhorizon cannot start\n" +
      `  error: ${main ? "the pinned Node is not installed" : "cli/main.ts is missing"}\n` +
      `  tried: the package "node" as seen from ${folder}\n` +
      "  to do: run npm install in the folder of cipherhorizon, then run the same command again\n",
  );
  process.exitCode = EXIT_UNAVAILABLE;
} else if (pinned.version === process.versions.node) {
  // Reading and stripping some hundred files of TypeScript takes a second without it.
  module.enableCompileCache();
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else {
  reexecute(pinned.path);
}

function findPinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    const name = process.platform === "win32" ? "node.exe" : "node";
    const path = join(dirname(manifest), "bin", name);
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    return existsSync(path) ? { path, version } : null;
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

function reexecute(node) {
  // The channel lets the child notice that this process was killed outright, and stop cleanly.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  for (const signal of PASSED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`failed: the pinned Node does not start\n  error: ${error.message}\n`);
    process.stderr.write(`  tried: ${node}\n  to do: run npm install again\n`);
    process.exitCode = EXIT_UNAVAILABLE;
  });
  child.on("exit", (code, signal) => {
    if (!signal) return process.exit(code ?? 1);
    for (const passed of PASSED_SIGNALS) process.removeAllListeners(passed);
    process.kill(process.pid, signal);
  });
}
