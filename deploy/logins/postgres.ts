import { type PasswordOf, PROCESSES, QUERIES, writersOn } from "./logins.ts";

/** Who makes schemas, and owns what is in them: nobody else sees it. */
const POSTGRES_OWNERS: readonly string[] = [...writersOn("postgres"), PROCESSES];
export const POSTGRES_LOGINS: readonly string[] = [...POSTGRES_OWNERS, QUERIES];

/** Run by the owner of the database, in it; harmless when run again. */
export function postgresLoginStatements(database: string, passwordOf: PasswordOf): string[] {
  return [
    ...POSTGRES_LOGINS.flatMap((login) => roleStatements(login, passwordOf(login))),
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC`,
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    `GRANT CONNECT ON DATABASE "${database}" TO ${quotedNames(POSTGRES_LOGINS)}`,
    `GRANT CREATE ON DATABASE "${database}" TO ${quotedNames(POSTGRES_OWNERS)}`,
    ...writersOn("postgres").flatMap((writer) => [
      `ALTER DEFAULT PRIVILEGES FOR ROLE "${writer}" GRANT USAGE ON SCHEMAS TO "${QUERIES}"`,
      `ALTER DEFAULT PRIVILEGES FOR ROLE "${writer}" GRANT SELECT ON TABLES TO "${QUERIES}"`,
    ]),
  ];
}

/** PostgreSQL has no CREATE ROLE IF NOT EXISTS. Passwords are ours: letters and digits. */
function roleStatements(login: string, password: string): string[] {
  return [
    `DO $$ BEGIN CREATE ROLE "${login}"; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    `ALTER ROLE "${login}" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`,
  ];
}

function quotedNames(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
