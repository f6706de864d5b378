/** A graph to be laid out: names, and pairs of them. */
export interface LayoutInput {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const STEPS = 200;
/** How far a node may move in the first step; it falls to nothing by the last. */
const FIRST_STEP_LENGTH = 0.2;
/** So strong that a trader without relations stays in sight. */
const PULL_TO_CENTRE = 3;
/** The side of the square that the nodes would fill evenly. */
const SIDE = 2;
const LEAST_DISTANCE = 1e-3;

/**
 * Positions by springs and repulsion (Fruchterman and Reingold, 1991) from a circle in the order
 * of the names: no chance in it, so the same graph is always drawn the same. Quadratic in the
 * nodes, of which a page has few.
 */
export function layOut({ nodes, edges }: LayoutInput): ReadonlyMap<string, Point> {
  const names = [...nodes].sort();
  const index = new Map(names.map((name, at) => [name, at]));
  const places = names.map((_name, at) => onCircle(at, names.length));
  const pairs = edges.flatMap(([from, to]): [number, number][] => {
    const [one, two] = [index.get(from), index.get(to)];
    return one === undefined || two === undefined || one === two ? [] : [[one, two]];
  });
  const distance = SIDE / Math.sqrt(Math.max(1, names.length));
  for (let step = 0; step < STEPS; step += 1) {
    const forces = forcesOn(places, pairs, distance);
    const longest = FIRST_STEP_LENGTH * (1 - step / STEPS);
    for (const [at, force] of forces.entries()) move(places[at] as Place, force, longest);
  }
  return new Map(names.map((name, at) => [name, { ...(places[at] as Place) }]));
}

interface Place {
  x: number;
  y: number;
}

function onCircle(at: number, count: number): Place {
  const angle = (2 * Math.PI * at) / Math.max(1, count);
  return { x: Math.cos(angle), y: Math.sin(angle) };
}

function forcesOn(
  places: readonly Place[],
  pairs: readonly [number, number][],
  distance: number,
): Place[] {
  const forces = places.map(({ x, y }) => ({ x: -x * PULL_TO_CENTRE, y: -y * PULL_TO_CENTRE }));
  for (let one = 0; one < places.length; one += 1) {
    for (let two = one + 1; two < places.length; two += 1) {
      push(forces, places, { one, two, by: (length) => -(distance * distance) / length });
    }
  }
  for (const [one, two] of pairs) {
    push(forces, places, { one, two, by: (length) => (length * length) / distance });
  }
  return forces;
}

interface Between {
  readonly one: number;
  readonly two: number;
  /** Towards each other, by their distance. */
  readonly by: (length: number) => number;
}

function push(forces: Place[], places: readonly Place[], { one, two, by }: Between): void {
  const [a, b] = [places[one] as Place, places[two] as Place];
  const [x, y] = [b.x - a.x, b.y - a.y];
  const length = Math.max(LEAST_DISTANCE, Math.hypot(x, y));
  const share = by(length) / length;
  const [forceOne, forceTwo] = [forces[one] as Place, forces[two] as Place];
  forceOne.x += x * share;
  forceOne.y += y * share;
  forceTwo.x -= x * share;
  forceTwo.y -= y * share;
}

function move(place: Place, force: Place, longest: number): void {
  const length = Math.max(LEAST_DISTANCE, Math.hypot(force.x, force.y));
  const step = Math.min(length, longest) / length;
  place.x += force.x * step;
  place.y += force.y * step;
}
