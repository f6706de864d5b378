import { apiKey, fetchWithKey } from "../api/key.ts";

/**
 * A browser that follows a link takes no key along. Where the page has one, what a link to the API
 * leads to is asked with it and then shown.
 */
export function followLinksWithKey(): void {
  document.addEventListener("click", (event) => {
    const path = apiPathOf(event);
    if (path === null || apiKey.value === null) return;
    event.preventDefault();
    // What cannot be asked is left to the browser, which says why.
    show(path).catch(() => location.assign(path));
  });
}

async function show(path: string): Promise<void> {
  const response = await fetchWithKey(path, { cache: "no-store" });
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const type = isJson ? "application/json" : "text/plain; charset=utf-8";
  location.assign(URL.createObjectURL(new Blob([await response.text()], { type })));
}

function apiPathOf(event: MouseEvent): string | null {
  const { target, button, ctrlKey, metaKey, shiftKey, altKey } = event;
  const isPlain = button === 0 && !(ctrlKey || metaKey || shiftKey || altKey);
  const link = target instanceof Element ? target.closest("a") : null;
  if (!isPlain || link === null || link.origin !== location.origin) return null;
  const isApi = link.pathname.startsWith("/v1/") || link.pathname === "/metrics";
  return isApi ? `${link.pathname}${link.search}` : null;
}
