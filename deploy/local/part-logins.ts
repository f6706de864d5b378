import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Variable } from "../../platform/config/variable.ts";
import { variables } from "../../platform/config/variables.ts";
import type { PasswordOf, Platform } from "../logins/logins.ts";
import { partEnvironments } from "../logins/part-environments.ts";
import { textOf, writeWhole } from "./files.ts";
import { variablesOf } from "./instances.ts";
import type { Instance } from "./server.ts";

const FOLDER = "logins";
const PASSWORD_BYTES = 16;

interface LoginsToMake extends Pick<Platform, "topicPrefix"> {
  /** Of the stack, those that do not run among them. */
  readonly all: readonly Instance[];
  readonly ready: readonly Instance[];
}

/** Makes the logins on those that are ready, and writes each part's environment; tells where. */
export async function makePartLogins(
  folder: string,
  { all, ready, topicPrefix }: LoginsToMake,
): Promise<string> {
  const passwordOf = passwordsIn(folder);
  const platform = { passwordOf, topicPrefix };
  for (const instance of ready) await instance.server.makeLogins?.(instance, platform);
  const known = new Set(Object.values<Variable>(variables).map(({ name }) => name));
  const prefix = topicPrefix === "" ? {} : { CH_KAFKA_TOPIC_PREFIX: topicPrefix };
  const whole = { ...variablesOf(all), ...prefix };
  for (const [part, environment] of partEnvironments(whole, passwordOf)) {
    const lines = Object.entries(environment)
      .filter(([name]) => known.has(name))
      .map(([name, value]) => `${name}=${value}\n`);
    writeWhole(join(folder, FOLDER, `${part}.env`), lines.join(""));
  }
  return join(folder, FOLDER);
}

/** Of a stack that has no server any more. */
export function removePartLogins(folder: string): void {
  rmSync(join(folder, FOLDER), { recursive: true, force: true });
}

/** Each made once, and kept beside the environments. */
function passwordsIn(folder: string): PasswordOf {
  return (login) => {
    const file = join(folder, FOLDER, `${login}.password`);
    const known = textOf(file)?.trim();
    if (known) return known;
    const password = randomBytes(PASSWORD_BYTES).toString("hex");
    writeWhole(file, `${password}\n`);
    return password;
  };
}
