import { type PasswordOf, QUERIES } from "./logins.ts";

/**
 * Run by an administrator; harmless when run again. `known` are the users that there are, for
 * InfluxQL has no CREATE USER IF NOT EXISTS. Passwords are ours: letters and digits. What the user
 * may read is granted by who makes it, database by database (`CH_INFLUX_READER`).
 */
export function influxLoginStatements(known: readonly string[], passwordOf: PasswordOf): string[] {
  const password = passwordOf(QUERIES);
  if (!known.includes(QUERIES)) return [`CREATE USER "${QUERIES}" WITH PASSWORD '${password}'`];
  return [
    `SET PASSWORD FOR "${QUERIES}" = '${password}'`,
    `REVOKE ALL PRIVILEGES FROM "${QUERIES}"`,
  ];
}
