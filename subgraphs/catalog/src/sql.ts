/** A list of texts as PostgreSQL reads text[]: `= any(?::text[])` is one parameter and can use an index. */
export const textArray = (values: readonly string[]): string => `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`

/** A condition with its parameters. */
export type Sql = { text: string; params: unknown[] }
const joined = (conditions: readonly Sql[], by: 'and' | 'or', none: string): Sql =>
  conditions.length ? { text: conditions.map(({ text }) => `(${text})`).join(` ${by} `), params: conditions.flatMap(({ params }) => params) } : { text: none, params: [] }
export const all = (conditions: readonly Sql[]): Sql => joined(conditions, 'and', 'true')
export const any = (conditions: readonly Sql[]): Sql => joined(conditions, 'or', 'false')
