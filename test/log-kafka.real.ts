import { logFencingContract } from "./contracts/log/fencing-contract.ts";
import { logContract } from "./contracts/log/log-contract.ts";

logContract("kafka");
logFencingContract("kafka");
