/** A list of texts as PostgreSQL reads text[]: `= any(?::text[])` is one parameter and can use an index. */
export const textArray = (values: readonly string[]): string => `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
