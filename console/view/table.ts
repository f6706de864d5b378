import { html } from "htm/preact";

export interface Column<Row> {
  readonly title: string;
  /** Figures stand on the right, so that their digits are above each other. */
  readonly isFigure?: boolean;
  readonly cell: (row: Row) => unknown;
}

export interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

/** Wide tables scroll by themselves, so that the page does not. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption class="unseen">${caption}</caption>
        <thead><tr>${columns.map(headOf)}</tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr key=${keyOf(row)}>${columns.map((one) => cellOf(one, row))}</tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function headOf<Row>({ title, isFigure }: Column<Row>) {
  return html`<th scope="col" class=${isFigure ? "figure" : ""}>${title}</th>`;
}

function cellOf<Row>({ cell, isFigure }: Column<Row>, row: Row) {
  return html`<td class=${isFigure ? "figure" : ""}>${cell(row)}</td>`;
}
