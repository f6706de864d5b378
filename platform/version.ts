import packageJson from "../package.json" with { type: "json" };

/** The platform's version, as the package has it. */
export const VERSION: string = packageJson.version;
