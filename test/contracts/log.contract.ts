import { logContract } from "./log/log-contract.ts";

logContract("sqlite");
