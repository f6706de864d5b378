import { PlatformError } from "../errors/catalogue.ts";
import { isLoopback } from "../http/guard.ts";
import { suggestion } from "./suggest.ts";
import type { Variable } from "./variable.ts";
import { variables } from "./variables.ts";

type Variables = typeof variables;
type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** The settings of a process, read once from the environment and never changed. */
export type Config = {
  readonly [Field in keyof Variables]: Variables[Field]["fallback"] extends null
    ? ValueOf<Variables[Field]> | null
    : ValueOf<Variables[Field]>;
};

/** What `config show` prints of one variable. */
interface SettingDescription {
  readonly name: string;
  /** As it was given or defaulted; `(hidden)` for a secret; null when there is none. */
  readonly value: string | null;
  readonly source: "environment" | "default" | "unset";
  readonly meaning: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "CH_";
const HIDDEN = "(hidden)";

/**
 * Reads the `CH_` variables. All errors come together in one `CONFIG_INVALID`: each with name,
 * value, rule and example; an unknown variable is an error, because it is a typing error.
 */
export function readConfig(environment: Environment): Config {
  const problems = unknownVariables(environment);
  const settings: Record<string, unknown> = {};
  for (const [field, variable] of Object.entries<Variable>(variables)) {
    const text = environment[variable.name] ?? variable.fallback;
    if (text === null) {
      settings[field] = null;
      continue;
    }
    const parsed = variable.schema.safeParse(text);
    if (parsed.success) settings[field] = parsed.data;
    else problems.push(problemWith(variable, text, parsed.error.issues[0]?.message ?? ""));
  }
  if (problems.length > 0) throw configInvalid(problems);
  const config = Object.freeze(settings) as Config;
  const contradictions = contradictionsIn(config);
  if (contradictions.length > 0) throw configInvalid(contradictions);
  return config;
}

/** Values that are right each by itself, and wrong together. */
function contradictionsIn({ host, apiKeysFile }: Config): Problem[] {
  if (isLoopback(host) || apiKeysFile !== null) return [];
  const detail =
    `"${host}" can be reached from other machines, which needs keys: make one with ` +
    "`cipherhorizon keys create --role operator --file <file>` and set CH_API_KEYS_FILE=<file>, " +
    "or use CH_HOST=127.0.0.1 and a tunnel";
  return [{ name: "CH_HOST", detail }];
}

/** Every variable with its value and where that comes from, secrets hidden. */
export function describeConfig(environment: Environment): readonly SettingDescription[] {
  return Object.values<Variable>(variables).map((variable) => {
    const given = environment[variable.name];
    const value = given ?? variable.fallback;
    const source =
      given !== undefined ? "environment" : value !== null ? "default" : ("unset" as const);
    const { name, meaning } = variable;
    return { name, value: value === null ? null : shown(variable, value), source, meaning };
  });
}

interface Problem {
  readonly name: string;
  readonly detail: string;
}

function unknownVariables(environment: Environment): Problem[] {
  const known = Object.values<Variable>(variables).map(({ name }) => name);
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith(PREFIX) && environment[name] !== undefined && !known.includes(name),
  );
  return unknown.toSorted().map((name) => {
    const near = suggestion(name, known);
    const hint = near === null ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
    return { name, detail: `is not a variable of the platform; ${hint}` };
  });
}

function problemWith(variable: Variable, text: string, message: string): Problem {
  const reason = message.startsWith("Invalid") || message.startsWith("Too") ? "" : ` (${message})`;
  const value = JSON.stringify(shown(variable, text));
  const detail = `${value} must be ${variable.rule}${reason}; example: ${variable.example}`;
  return { name: variable.name, detail };
}

/** Secrets are hidden, and so is the login that somebody may have put into an address. */
function shown(variable: Variable, text: string): string {
  return variable.secret ? HIDDEN : text.replace(/(?<=:\/\/)[^/@]*@/, `${HIDDEN}@`);
}

function configInvalid(problems: readonly Problem[]): PlatformError {
  const lines = problems.map(({ name, detail }) => `  ${name}: ${detail}`);
  return new PlatformError("CONFIG_INVALID", ["Configuration:", ...lines].join("\n"), {
    errors: problems.map(({ name, detail }) => ({ pointer: `/${name}`, detail })),
  });
}
