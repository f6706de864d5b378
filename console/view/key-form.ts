import { html } from "htm/preact";
import { apiKey } from "../api/key.ts";

/** Asks for a key where the server wants one. */
export function KeyForm() {
  const { refusal, value } = apiKey;
  if (refusal === null) return null;
  const give = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const key = String(new FormData(form).get("key")).trim();
    form.reset();
    if (key !== "") apiKey.give(key);
  };
  return html`
    <form class="panel key" onSubmit=${give} aria-label="API key">
      <p role="alert">${value === null ? "This server asks for a key." : refusal}</p>
      <label>
        API key
        <input name="key" type="password" pattern="[!-~]+" autocomplete="off" required />
      </label>
      <button type="submit">Use it</button>
      <p>This tab keeps it until it is closed. Whoever runs the server makes keys: <code>
        cipherhorizon keys create</code></p>
    </form>
  `;
}
