import { QUERIES } from "../../../deploy/logins/logins.ts";
import { allOrNone, type Matrix, type Rights, unrefused } from "./matrix.ts";

const WRITER = "ticks-and-candles";
/** Built anew before this is tried. */
const GENERATION = "ticks_and_candles_g2";
/** Of nobody's read model. */
const ELSEWHERE = "elsewhere";

/** The password, or a right. */
const REFUSED = [401, 403];

/** The last one leaves nothing to try the others on. */
const RIGHTS: Rights = {
  "read `ticks-and-candles`": [WRITER, QUERIES],
  "write `ticks-and-candles`": [WRITER],
  "delete from `ticks-and-candles`": [WRITER],
  "see the names of other databases": [unrefused(WRITER)],
  "read other databases": [unrefused(WRITER)],
  "write other databases": [unrefused(WRITER)],
  "make and drop other databases": [unrefused(WRITER)],
  "make and drop users": [unrefused(WRITER)],
  "let users read": [WRITER],
  "drop `ticks-and-candles`": [WRITER],
};

/** InfluxQL in a database, or a point for it. */
type Question = readonly ["ask" | "write", database: string, text: string];

const ATTEMPTS: Readonly<Record<string, readonly Question[]>> = {
  "read `ticks-and-candles`": [["ask", GENERATION, 'SELECT * FROM "_generation"']],
  "write `ticks-and-candles`": [["write", GENERATION, "of_a_test x=1 1"]],
  "delete from `ticks-and-candles`": [["ask", GENERATION, 'DELETE FROM "of_a_test"']],
  "read other databases": [["ask", ELSEWHERE, 'SELECT * FROM "some"']],
  "write other databases": [["write", ELSEWHERE, "some x=2 2"]],
  "make and drop other databases": [
    ["ask", "", 'CREATE DATABASE "of_a_test"'],
    ["ask", "", 'DROP DATABASE "of_a_test"'],
  ],
  "make and drop users": [
    ["ask", "", "CREATE USER other WITH PASSWORD 'x'"],
    ["ask", "", "DROP USER other"],
  ],
  "let users read": [["ask", "", `GRANT READ ON "${GENERATION}" TO "${QUERIES}"`]],
  "drop `ticks-and-candles`": [["ask", "", `DROP DATABASE "${GENERATION}"`]],
};

export const influxMatrix: Matrix = {
  rights: RIGHTS,
  logins: [WRITER, QUERIES],
  open: async (stack) => {
    const urls = new Map([
      [WRITER, stack.environmentOf(`projections-${WRITER}`)["CH_INFLUX_URL"] ?? ""],
      [QUERIES, stack.environmentOf("query-api")["CH_INFLUX_URL"] ?? ""],
    ]);
    const admin = stack.all["CH_INFLUX_URL"] ?? "";
    await answerOf(admin, ["ask", "", `CREATE DATABASE "${ELSEWHERE}"`]);
    await answerOf(admin, ["write", ELSEWHERE, "some x=1 1"]);
    return {
      attempt: async (thing, login) => {
        const url = urls.get(login) ?? "";
        if (thing === "see the names of other databases") return seesElsewhere(url);
        const outcomes: boolean[] = [];
        for (const one of ATTEMPTS[thing] ?? []) outcomes.push((await answerOf(url, one)).ok);
        return allOrNone(outcomes);
      },
      enters: async (login, password) => {
        const url = new URL(urls.get(login) ?? "");
        url.password = password;
        return (await answerOf(url.href, ["ask", "", "SHOW DATABASES"])).ok;
      },
      close: async () => undefined,
    };
  },
};

/** It is granted by nothing: each sees the names of what it may read. */
async function seesElsewhere(url: string): Promise<boolean> {
  const { text } = await answerOf(url, ["ask", "", "SHOW DATABASES"]);
  if (!text.includes(GENERATION)) throw new Error(`the generation is not among them: ${text}`);
  return text.includes(ELSEWHERE);
}

/** Whether the server allows it, and what it says; throws where it fails for another reason. */
async function answerOf(
  address: string,
  [kind, database, text]: Question,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { origin, username, password } = new URL(address);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const path = kind === "write" ? "/write" : "/query";
  const response = await fetch(`${origin}${path}?${new URLSearchParams({ db: database })}`, {
    method: "POST",
    headers: { authorization },
    body: kind === "write" ? text : new URLSearchParams({ q: text }),
  });
  const answer = await response.text();
  if (REFUSED.includes(response.status)) return { ok: false, text: answer };
  if (!response.ok || answer.includes('"error"')) {
    throw new Error(`${text}: ${response.status} ${answer}`);
  }
  return { ok: true, text: answer };
}
