import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../cli/cipherhorizon.mjs", import.meta.url));

/** `serve query-api` in a process of its own, on a folder that another process serves. */
export async function startQueryProcess(
  folder: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }> {
  const child = spawn(process.execPath, [CLI, "serve", "query-api", "--json"], {
    env: { ...process.env, CH_DATA_FOLDER: folder, CH_PORT: "0", CH_LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const stop = () => {
    child.kill("SIGTERM");
    return exited;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    return { url: (JSON.parse(line) as { readonly url: string }).url, stop };
  }
  throw new Error(`serve query-api ended: ${await exited}`);
}
