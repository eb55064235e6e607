/** Why a record was refused, or with what reservation it was taken. */
export type Remark = { refused: boolean; code: string; message: string; record: string | null }

export const refusal = (code: string, message: string, record?: string | null): Remark => ({ refused: true, code, message, record: record ?? null })
export const reservation = (code: string, message: string, record?: string | null): Remark => ({ refused: false, code, message, record: record ?? null })

/** Of a key that stands in a file twice, whatever follows the first is refused: nothing says which one is right. */
export const repeatedRecord = (key: string): Remark => refusal('REPEATED', 'stands in the file a second time; the first one counts', key)
