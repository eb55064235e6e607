/**
 * National Drug Code, 21 CFR 207. Ten digits as 4-4-2, 5-3-2 or 5-4-1 today; billing writes eleven, 5-4-2; from
 * 2033-03-07 twelve, 6-4-2 (91 FR 10749). The canonical form is the twelve digits; the listed form is kept beside it.
 */
export type Ndc = {
  /** As listed by the FDA, with hyphens; undefined where only a padded form is known, which does not tell it. */
  readonly listed: string | undefined
  /** 5-4-2 without hyphens; undefined for a labeler code of six significant digits. */
  readonly ndc11: string | undefined
  /** 6-4-2 without hyphens. */
  readonly ndc12: string
}

const shapes = ['4-4-2', '5-3-2', '5-4-1', '5-4-2', '6-4-2']

/** Reads any written form; undefined for anything else, and for ten bare digits, which are ambiguous. */
export function parseNdc(text: string): Ndc | undefined {
  const trimmed = text.trim()
  const parts = trimmed.split('-')
  if (parts.length === 3 && parts.every((part) => /^\d+$/.test(part)) && shapes.includes(parts.map((part) => part.length).join('-'))) {
    const [labeler, product, pack] = parts as [string, string, string]
    const ten = labeler.length + product.length + pack.length === 10
    return ndcOf(labeler.padStart(6, '0') + product.padStart(4, '0') + pack.padStart(2, '0'), ten ? trimmed : undefined)
  }
  if (/^\d{11}$/.test(trimmed)) return ndcOf(`0${trimmed}`, undefined)
  if (/^\d{12}$/.test(trimmed)) return ndcOf(trimmed, undefined)
  return undefined
}

const ndcOf = (ndc12: string, listed: string | undefined): Ndc => ({
  listed,
  ndc12,
  ndc11: ndc12.startsWith('0') ? ndc12.slice(1) : undefined,
})

/** 6-4-2 with hyphens. */
export const formatNdc12 = (ndc12: string): string => `${ndc12.slice(0, 6)}-${ndc12.slice(6, 10)}-${ndc12.slice(10)}`
/** 5-4-2 with hyphens. */
export const formatNdc11 = (ndc11: string): string => `${ndc11.slice(0, 5)}-${ndc11.slice(5, 9)}-${ndc11.slice(9)}`
