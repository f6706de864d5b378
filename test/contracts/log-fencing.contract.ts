import { logFencingContract } from "./log/fencing-contract.ts";

logFencingContract("sqlite");
