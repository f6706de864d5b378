import { EMBEDDED } from "./oracles/data.ts";
import { realFills } from "./oracles/fills.ts";

realFills(EMBEDDED);
