import { readFolderLock } from "../../platform/lifecycle/folder-lock.ts";
import { type Finding, fail, ok, warn } from "./findings.ts";

const PROBE_LIMIT_MS = 5_000;

/** Who holds the folder, and whether it answers. */
export async function checkServer(folder: string): Promise<readonly Finding[]> {
  const holder = readFolderLock(folder);
  if (holder === null) return [ok("server", "none holds the folder: verbs open it themselves")];
  const { pid, address } = holder;
  if (address === null) {
    const detail = `process ${pid} holds the folder and does not listen yet`;
    return [warn("server", detail, "run doctor again in a moment; else see what it does")];
  }
  const held = ok("server", `process ${pid} at ${address}`);
  return [held, await probe(address, "/livez"), await probe(address, "/readyz")];
}

async function probe(address: string, path: string): Promise<Finding> {
  const url = new URL(path, address);
  try {
    const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
    const response = await fetch(url, { signal });
    const detail = `${response.status} ${(await response.text()).slice(0, 300)}`;
    if (response.ok) return ok(path, String(response.status));
    return warn(path, detail, "it is catching up or stopping: run doctor again in a moment");
  } catch (error) {
    return fail(path, String(error), `look at the server's messages; curl ${url}`);
  }
}
