/**
 * Says where a JSON text goes wrong; the engine's own messages name no position for most errors.
 *
 *     value  = string | number | literal | "{" [key ":" value {"," key ":" value}] "}"
 *            | "[" [value {"," value}] "]"
 */
const SPACE = /[ \t\n\r]*/y;
/** All but the quote (22), the backslash (5c) and what stands before the space. */
const PLAIN = String.raw`[\x20\x21\x23-\x5b\x5d-\u{10ffff}]*`;
const ESCAPE = String.raw`\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})`;
const STRING = `"${PLAIN}(?:${ESCAPE}${PLAIN})*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+\-])`;
const LITERAL = String.raw`(?:true|false|null)(?!\w)`;
const TOKEN = new RegExp(String.raw`[\{\}\[\],:]|${STRING}|${NUMBER}|${LITERAL}`, "uy");

const SHOWN_CHARACTERS = 12;

/** What may come next; `valueOrEnd` and `keyOrEnd` stand right after an opening bracket. */
type Expected = "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "commaOrEnd" | "nothing";

const WORDS: Readonly<Record<Expected, string>> = {
  value: "a value",
  valueOrEnd: "a value or ]",
  key: "a key in quotes",
  keyOrEnd: "a key in quotes or }",
  colon: "a colon",
  commaOrEnd: "a comma or the closing bracket",
  nothing: "nothing more",
};

/** `line 2, column 7: expected a colon, found "}"`; for a text that is no JSON. */
export function describeMalformedJson(text: string): string {
  if (text.trim() === "") return "it is empty";
  const open: string[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    at = skip(text, at);
    const token = tokenAt(text, at);
    const next: Expected | null = token === null ? null : follow(expected, token, open);
    if (token === null || next === null) return describe(text, at, expected);
    expected = next;
    at += token.length;
  }
}

/** The state after the token, or null where the token must not stand. */
function follow(expected: Expected, token: string, open: string[]): Expected | null {
  switch (expected) {
    case "valueOrEnd":
      if (token === "]") return close(token, open);
      return isValue(token) ? afterValue(token, open) : null;
    case "value":
      return isValue(token) ? afterValue(token, open) : null;
    case "keyOrEnd":
      return token === "}" ? close(token, open) : afterKey(token);
    case "key":
      return afterKey(token);
    case "colon":
      return token === ":" ? "value" : null;
    case "commaOrEnd":
      return token === "," ? afterComma(open) : close(token, open);
    case "nothing":
      return null;
  }
}

function afterKey(token: string): Expected | null {
  return token.startsWith('"') ? "colon" : null;
}

function afterComma(open: readonly string[]): Expected {
  return open.at(-1) === "{" ? "key" : "value";
}

function isValue(token: string): boolean {
  return !["]", "}", ",", ":"].includes(token);
}

function afterValue(token: string, open: string[]): Expected {
  if (token === "{" || token === "[") {
    open.push(token);
    return token === "{" ? "keyOrEnd" : "valueOrEnd";
  }
  return open.length === 0 ? "nothing" : "commaOrEnd";
}

function close(token: string, open: string[]): Expected | null {
  if (token !== (open.at(-1) === "{" ? "}" : "]")) return null;
  open.pop();
  return open.length === 0 ? "nothing" : "commaOrEnd";
}

function skip(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

function tokenAt(text: string, at: number): string | null {
  TOKEN.lastIndex = at;
  return TOKEN.exec(text)?.[0] ?? null;
}

function describe(text: string, at: number, expected: Expected): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const where = `line ${line}, column ${column}`;
  if (at >= text.length) return `it breaks off at ${where}, where ${WORDS[expected]} must follow`;
  const found = JSON.stringify(text.slice(at, at + SHOWN_CHARACTERS));
  return `at ${where} ${WORDS[expected]} must stand, not ${found}`;
}
