import Sigma from "sigma";
import type * as Rendering from "sigma/rendering";

/** The one file that browsers get of sigma has its other entries as members. */
const { rendering } = Sigma as unknown as { readonly rendering: typeof Rendering };

export const { extremityArrow } = rendering;
