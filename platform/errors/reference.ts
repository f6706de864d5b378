import type { Catalogue } from "./catalogue.ts";

/** One table of the reference: the platform's errors, or the refusals of one aggregate. */
export interface CatalogueSection {
  readonly title: string;
  readonly catalogue: Catalogue;
}

/** The text of docs/reference/errors.md. */
export function errorsReference(sections: readonly CatalogueSection[]): string {
  return [
    "# Errors",
    "",
    "Every failure leaves as `application/problem+json` (RFC 9457) with one of these codes. The",
    "exit code is that of the command line; a retryable request may succeed later unchanged.",
    "Generated from the catalogues by `docs/generate.ts`.",
    "",
    ...sections.flatMap(tableOf),
  ].join("\n");
}

function tableOf({ title, catalogue }: CatalogueSection): readonly string[] {
  const rows = Object.entries(catalogue).map(([code, row]) => {
    const retryable = row.retryable ? "yes" : "no";
    return `| \`${code}\` | ${row.status} | ${retryable} | ${row.exitCode} | ${row.meaning} |`;
  });
  return [
    `## ${title}`,
    "",
    "| code | status | retryable | exit code | meaning |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ];
}
