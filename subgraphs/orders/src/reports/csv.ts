import { stringify } from 'csv-stringify/sync'

/** RFC 4180 with a header. Cells that a spreadsheet would take for a formula are quoted as text. */
export const csvOf = (columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  stringify(rows as unknown[][], { header: true, columns: [...columns], record_delimiter: 'windows', escape_formulas: true })
