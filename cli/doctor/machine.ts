import { access, constants, readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, fail, ok, warn } from "./findings.ts";

const LOW_DISK_BYTES = 1024 ** 3;
const GIBIBYTE = 1024 ** 3;

/** The Node that runs this, against the one package.json pins. */
export async function checkNode(): Promise<Finding> {
  const manifest = new URL("../../package.json", import.meta.url);
  const pinned = /"node": "(\d+\.\d+\.\d+)"/.exec(await readFile(manifest, "utf8"))?.[1];
  const running = process.versions.node;
  if (pinned === undefined || pinned === running) return ok("node", running);
  const todo = "start it as cipherhorizon or with npm run, which take the pinned one";
  return warn("node", `${running} runs, ${pinned} is pinned`, todo);
}

/** The data folder, or the nearest folder above it that exists. */
export async function checkFolder(folder: string): Promise<readonly Finding[]> {
  const existing = await nearestExisting(folder);
  return [await checkAccess(folder, existing), await checkSpace(existing)];
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    await access(folder, constants.F_OK);
    return folder;
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return nearestExisting(dirname(folder));
  }
}

async function checkAccess(folder: string, existing: string): Promise<Finding> {
  try {
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const todo = `give yourself access to ${existing}, or choose another folder with --data`;
    return fail("data folder", (error as Error).message, todo);
  }
  return ok("data folder", existing === folder ? folder : `${folder} will be made on first use`);
}

async function checkSpace(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const detail = `${(freeBytes / GIBIBYTE).toFixed(1)} GiB free`;
  if (freeBytes >= LOW_DISK_BYTES) return ok("disk space", detail);
  return warn(
    "disk space",
    detail,
    `make room on the disk of ${folder}: a full one refuses commands`,
  );
}
