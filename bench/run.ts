/**
 * Figures of the embedded platform, each beside what it is measured against in the same run.
 * `npm run bench` measures all of it, `npm run bench -- reads` one section; with `--json` one JSON
 * object.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPlatformProcess } from "../test/platform-process.ts";
import { measureAssessment } from "./assessment.ts";
import { measureReads } from "./reads.ts";
import { printSections, type Section } from "./report.ts";
import type { Bench } from "./sections.ts";
import { measureThroughput } from "./throughput.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    /** Of the section `reads`: how long, and what goes in meanwhile. */
    seconds: { type: "string", default: "100" },
    commands: { type: "string", default: "2000" },
    ticks: { type: "string", default: "20000" },
    lines: { type: "string", default: "20" },
  },
});

const measures: Readonly<Record<string, (bench: Bench) => Promise<Section>>> = {
  throughput: measureThroughput,
  reads: (bench) => measureReads(bench, loadWish()),
  assessment: measureAssessment,
};

const asked = positionals.length === 0 ? Object.keys(measures) : positionals;
const sections: Section[] = [];
for (const name of asked) {
  const measure = measures[name];
  if (measure === undefined) {
    throw new Error(`${name} is no section; there are ${Object.keys(measures).join(", ")}`);
  }
  sections.push(await onItsOwn(measure));
}
printSections(sections, values.json);

/** Each section has its own folder, and ends the platforms that it has started. */
async function onItsOwn(measure: (bench: Bench) => Promise<Section>): Promise<Section> {
  const folders: string[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  try {
    return await measure({
      start: async (environment = {}) => {
        const folder = mkdtempSync(join(tmpdir(), "cipherhorizon-bench-"));
        folders.push(folder);
        const platform = await startPlatformProcess(folder, environment);
        stops.push(platform.stop);
        return { folder, url: platform.url };
      },
    });
  } finally {
    for (const stop of stops) await stop();
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}

function loadWish() {
  return {
    seconds: Number(values.seconds),
    commandsPerSecond: Number(values.commands),
    ticksPerSecond: Number(values.ticks),
    linesPerRequest: Number(values.lines),
  };
}
