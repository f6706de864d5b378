import type { Variable } from "./variable.ts";
import { variables } from "./variables.ts";

/** The text of docs/reference/config.md. */
export function configReference(): string {
  return [
    "# Configuration",
    "",
    "Everything is set by variables of the environment that begin with `CH_`; an unknown one is an",
    "error. `cipherhorizon config show` prints what holds, `config check` says what is wrong.",
    "Generated from `platform/config/variables.ts` by `docs/generate.ts`.",
    "",
    ...Object.values<Variable>(variables).flatMap(section),
  ].join("\n");
}

function section(variable: Variable): readonly string[] {
  return [
    `## ${variable.name}`,
    "",
    variable.meaning,
    "",
    `- Rule: ${variable.rule}`,
    `- Default: ${variable.fallback === null ? "none" : `\`${variable.fallback}\``}`,
    `- Example: \`${variable.example}\``,
    ...(variable.secret ? ["- Secret: its value is never shown"] : []),
    "",
  ];
}
