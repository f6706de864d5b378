import { z } from "zod";
import { type LogReport, verifyLog } from "../../platform/log/verify.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, interrupted as interruptedFailure } from "../failure.ts";
import { type Output, table } from "../output.ts";
import { startProgress } from "../progress.ts";
import { withReadLog } from "../read-log.ts";
import { defineVerb } from "../verb.ts";
import { countRecords } from "./moving.ts";

/** Of a digest, where people compare it; `--json` has all of it. */
const SHOWN_DIGITS = 16;

export const logVerify = defineVerb({
  name: "verify",
  summary:
    "Reads every record, checks positions, sequences, claims, ids and decodability, and digests each partition",
  optionLines: [],
  options: z.strictObject({}),
  examples: ["cipherhorizon log verify", "cipherhorizon log verify --data ./folder --json"],
  run: ({ output, environment, interrupted }) => {
    return withReadLog(environment, async ({ folder, log, codec }) => {
      const total = await countRecords(log);
      const progress = startProgress(output, { label: "verifying", total, unit: "records" });
      const onProgress = (checked: number) => {
        if (interrupted.aborted)
          throw interruptedFailure("the log was not verified", "run it again");
        progress.update(checked, checked);
      };
      const report = await verifyLog({ log, codec, onProgress }).finally(() => progress.stop());
      print(report, output);
      if (report.isSound) return exitCodes.ok;
      throw unsound(report, folder);
    });
  },
});

function print(report: LogReport, output: Output): void {
  if (output.json) {
    output.value(report);
    return;
  }
  const columns = ["partition", "records", "events", "claims", "void", "problems", "digest"];
  const rows = report.partitions.map((one) => [
    `${one.topic}/${one.partition}`,
    ...[one.records, one.events, one.claims, one.voidEvents, one.problemCount].map(String),
    `${one.contentDigest.slice(0, SHOWN_DIGITS)}…`,
  ]);
  output.line(`log ${report.logId}`);
  output.line(table(columns, rows, columns.slice(1, -1)));
}

function unsound(report: LogReport, folder: string): Failure {
  const problems = report.partitions.flatMap(({ topic, partition, problems }) => {
    return problems.map(
      (one) => `${topic}/${partition}@${one.position} ${one.kind}: ${one.detail}`,
    );
  });
  return new Failure(exitCodes.refused, {
    failed: `the log has ${report.problems} problems`,
    error: problems.join("\n"),
    tried: `${report.records} records of the log in ${folder}`,
    todo: "stop the servers, keep a copy of the folder, and restore the log from a backup",
  });
}
