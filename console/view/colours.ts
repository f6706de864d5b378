import { useEffect, useState } from "preact/hooks";

const DARK = "(prefers-color-scheme: dark)";

/** Changes with the system's colour scheme; canvases are drawn anew by it. */
export function useColourScheme(): "dark" | "light" {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return isDark ? "dark" : "light";
}

type ColourName = "text" | "faint" | "line" | "surface" | "accent" | "up" | "down";

/** A colour of the stylesheet, for what is drawn on a canvas. */
export function colourOf(name: ColourName): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
