import { logPlace } from "../../cli/log-place.ts";
import { storePlace } from "../../cli/store-place.ts";
import { readConfig } from "../../platform/config/config.ts";
import { freePort } from "../real/free-port.ts";
import type { PlatformPlace } from "../rebuild-rows.ts";
import type { OwnStack } from "./own-stack.ts";
import { ServedProcess } from "./served-process.ts";

const COMMAND_SIDES = 3;
/** Each of them feeds every projection. */
const PROJECTORS = 2;
/** For a generation that was replaced: soon enough for a run to see it retired. */
const GRACE = { CH_GENERATION_GRACE_SECONDS: "3" };

/** The distributed platform: processes of one part each, on servers that they share. */
export interface ChaosPlatform {
  readonly commandSides: readonly ServedProcess[];
  readonly projectors: readonly ServedProcess[];
  readonly queryApi: ServedProcess;
}

export function allOf({ commandSides, projectors, queryApi }: ChaosPlatform) {
  return [...commandSides, ...projectors, queryApi];
}

/**
 * Starts every process; resolves when each says that it is ready. `started` is told of each at
 * once: whoever calls ends them, however this goes.
 */
export async function startChaosPlatform(
  stack: OwnStack,
  started: ServedProcess[],
): Promise<ChaosPlatform> {
  const environment = stack.environment();
  const serve = async (part: ServedProcess["part"], name: string, more: object = {}) => {
    const own = { ...environment, ...GRACE, ...more };
    const folder = stack.folderFor(name);
    const port = await freePort();
    const served = new ServedProcess({ name, part, folder, port, environment: own });
    started.push(served);
    return served;
  };
  const commandSides: ServedProcess[] = [];
  for (let number = 1; number <= COMMAND_SIDES; number += 1) {
    commandSides.push(await serve("command-side", `command-side-${number}`));
  }
  // They make the topics that the others want to find.
  await Promise.all(commandSides.map((one) => one.ready()));
  const projectors: ServedProcess[] = [];
  for (let number = 1; number <= PROJECTORS; number += 1) {
    const spokenTo = commandSides[number - 1] as ServedProcess;
    const more = { CH_COMMAND_URL: spokenTo.url };
    projectors.push(await serve("projections", `projections-${number}`, more));
  }
  const [first] = projectors as [ServedProcess];
  // Read models without a server stand in a folder, where projections and queries must meet.
  const queryApi = await serve("query-api", "query-api", { CH_DATA_FOLDER: first.folder });
  await Promise.all(started.map((one) => one.ready()));
  return { commandSides, projectors, queryApi };
}

/** Where log and read models are, as one of the processes finds them. */
export function placeOf(stack: OwnStack, { folder }: { readonly folder: string }): PlatformPlace {
  const config = readConfig({ ...stack.environment(), CH_DATA_FOLDER: folder });
  return { log: logPlace(config), stores: storePlace(config) };
}
