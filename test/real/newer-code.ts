import { copyCode } from "../copied-code.ts";

const STRATEGY = "command-side/contexts/strategies/strategy";

/**
 * This program as its next version may be: a field of a strategy's state has another name, and the
 * state's version is `stateVersion`. Gives its launcher.
 */
export function copyNewerCode(folder: string, stateVersion: number): string {
  return copyCode(folder, {
    [`${STRATEGY}/state.ts`]: [
      ["readonly version: number;", "readonly revision: number;"],
      [
        "return { owner, version, document, status",
        "return { owner, revision: version, document, status",
      ],
      ["{ ...state, version: event.data.version,", "{ ...state, revision: event.data.version,"],
      [`STATE_VERSION = ${stateVersion - 1};`, `STATE_VERSION = ${stateVersion};`],
    ],
    [`${STRATEGY}/decide.ts`]: [
      ["const { version } = state;", "const { revision: version } = state;"],
      ["version: state.version + 1", "version: state.revision + 1"],
      ["{ status, version }: ExistingStrategy", "{ status, revision: version }: ExistingStrategy"],
    ],
    [`${STRATEGY}/activate.ts`]: [
      ["{ status, version, document }", "{ status, revision: version, document }"],
    ],
  });
}
