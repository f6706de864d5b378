import { useEffect, useState } from "preact/hooks";
import { moment } from "../api/moment.ts";
import { type Place, parsePlace } from "./place.ts";

function placeNow(): Place {
  const place = parsePlace(location.hash);
  moment.asOf = place.query["asOf"] ?? null;
  return place;
}

/** The place in the address, followed. */
export function usePlace(): Place {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const follow = () => setPlace(placeNow());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return place;
}
