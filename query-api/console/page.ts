import { createHash } from "node:crypto";
import { importMap, LIBRARY_FOLDER } from "./libraries.ts";

const IMPORT_MAP = importMap();

/** The one inline script is the import map (browsers take no external one), by its hash. */
const IMPORT_MAP_HASH = createHash("sha256").update(IMPORT_MAP).digest("base64");

/**
 * Nothing from elsewhere, nothing inline, and no text that becomes HTML: with trusted types and no
 * policy, the browser itself refuses `innerHTML` and its like.
 */
export const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${IMPORT_MAP_HASH}'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>CipherHorizon</title>
    <link rel="icon" href="/console/icon.svg">
    <link rel="stylesheet" href="/console/${LIBRARY_FOLDER}/uplot.css">
    <link rel="stylesheet" href="/console/style.css">
    <script type="importmap">${IMPORT_MAP}</script>
    <script type="module" src="/console/main.ts"></script>
  </head>
  <body>
    <div id="console"></div>
    <noscript>The console needs JavaScript; the API does not: see /docs.</noscript>
  </body>
</html>
`;
