/** The real servers that tests may use, by the variables that the platform itself reads. */

/** The address of the PostgreSQL for tests (`CH_POSTGRES_URL`). */
export function postgresUrl(): string {
  const url = process.env["CH_POSTGRES_URL"];
  if (!url) throw new Error("CH_POSTGRES_URL is not set");
  return url;
}

/** A suite that needs a PostgreSQL; without one, it stands in the report as skipped. */
export function describeWithPostgres(title: string, suite: () => void): void {
  if (process.env["CH_POSTGRES_URL"]) describe(title, suite);
  else describe.skip(`${title} (CH_POSTGRES_URL is not set)`, suite);
}
