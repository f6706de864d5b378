import { html, render } from "htm/preact";
import { followLinksWithKey } from "./state/follow-links.ts";
import { App } from "./view/app.ts";

const root = document.getElementById("console");
if (root === null) throw new Error("the page has no place for the console");
followLinksWithKey();
render(html`<${App} />`, root);
