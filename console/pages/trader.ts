import { html } from "htm/preact";
import type { Call } from "../api/call.ts";
import {
  type Copy,
  type Follow,
  getTraderOverview,
  listCopiers,
  listFollowers,
  listFollowing,
} from "../api/traders.ts";
import type { PageProps } from "../pages.ts";
import { hrefOf } from "../state/place.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Facts } from "../view/facts.ts";
import { Amount, Badge, Time } from "../view/figure.ts";
import { plainText, wordsOf } from "../view/format.ts";
import { Panel } from "../view/panel.ts";
import { type Column, Table } from "../view/table.ts";

type Overview = Readonly<Record<string, unknown>>;

/** One trader: what all read models say, and the relations. */
export function page({ place }: PageProps) {
  const id = place.id ?? "";
  const call = getTraderOverview(id);
  const asked = useAnswer(call);
  return html`
    <${Panel} title="Overview" asked=${asked} path=${call.path}
      render=${(data: Overview) => html`<${Members} data=${data} />`} />
    <${Relations} title="Followers" call=${listFollowers(id)}
      columns=${followColumns} emptyText="Nobody follows." />
    <${Relations} title="Following" call=${listFollowing(id)}
      columns=${followColumns} emptyText="Follows nobody." />
    <${Relations} title="Copiers" call=${listCopiers(id)}
      columns=${copyColumns} emptyText="Nobody copies." />
  `;
}

/** Plain members as facts, each part of another read model under its name. */
function Members({ data }: { data: Overview }) {
  const entries = Object.entries(data);
  const plain = entries.filter(([, value]) => !isPart(value));
  const parts = entries.filter((entry): entry is [string, Overview] => isPart(entry[1]));
  const facts = plain.map(([name, value]) => ({ name: wordsOf(name), shown: plainText(value) }));
  return html`
    ${facts.length > 0 && html`<${Facts} facts=${facts} />`}
    ${parts.map(([name, part]) => html`<h3>${wordsOf(name)}</h3><${Members} data=${part} />`)}
  `;
}

function isPart(value: unknown): value is Overview {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface RelationsProps<Row> {
  readonly title: string;
  readonly call: Call<readonly Row[]>;
  readonly columns: readonly Column<Row>[];
  readonly emptyText: string;
}

function Relations<Row extends Follow>({ title, call, columns, emptyText }: RelationsProps<Row>) {
  const asked = useAnswer(call);
  return html`
    <${Panel} title=${title} asked=${asked} path=${call.path} emptyText=${emptyText}
      render=${(rows: readonly Row[]) => html`
        <${Table} caption=${title} columns=${columns} rows=${rows}
          keyOf=${({ traderId }: Row) => traderId} />
      `} />
  `;
}

const followColumns: readonly Column<Follow>[] = [
  {
    title: "Trader",
    cell: ({ traderId }) => html`<a href=${hrefOf("social", traderId)}>${traderId}</a>`,
  },
  { title: "Handle", cell: ({ handle }) => handle ?? "–" },
  { title: "Since (UTC)", cell: ({ since }) => html`<${Time} value=${since} />` },
];

const copyColumns: readonly Column<Copy>[] = [
  ...followColumns,
  {
    title: "Allocation",
    isFigure: true,
    cell: ({ allocation }) => html`<${Amount} value=${allocation} />`,
  },
  { title: "Mode", cell: ({ mode }) => (mode === null ? "–" : wordsOf(mode)) },
  {
    title: "Status",
    cell: ({ status }) => (status === null ? "–" : html`<${Badge} word=${status} />`),
  },
];
