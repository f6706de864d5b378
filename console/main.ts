import { html, render } from "htm/preact";
import { App } from "./view/app.ts";

const root = document.getElementById("console");
if (root === null) throw new Error("the page has no place for the console");
render(html`<${App} />`, root);
