import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The folder with the sample data (`CH_SAMPLE_DATA`); null where none is configured. */
function sampleData(): string | null {
  return process.env["CH_SAMPLE_DATA"] || null;
}

/** A suite that needs the sample data; without it, it stands in the report as skipped. */
export function describeWithSampleData(title: string, suite: (folder: string) => void): void {
  const folder = sampleData();
  if (folder === null) {
    describe.skip(`${title} (CH_SAMPLE_DATA is not set)`, () => suite(""));
    return;
  }
  describe(title, () => suite(folder));
}

/** The rows of a CSV without quoting (plain or .gz), by the names of its header. */
export function sampleRows(folder: string, path: string): readonly Record<string, string>[] {
  const bytes = readFileSync(join(folder, path));
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header = "", ...lines] = text.split(/\r?\n/).filter((line) => line !== "");
  const names = header.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}
