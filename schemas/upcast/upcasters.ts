import { instrumentRegisteredFromVersion1 } from "./instrument-registered.ts";
import type { Upcaster } from "./upcaster.ts";

/** Every upcaster of the platform: a new one is one file beside this and one line here. */
export const upcasters: readonly Upcaster[] = [instrumentRegisteredFromVersion1];
