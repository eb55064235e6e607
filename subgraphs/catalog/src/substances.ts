/** Substance names and strengths as the FDA's files write them, and what they come down to. */

/** Parts of a list; a semicolon inside parentheses parts nothing: "POLY(METHYL METHACRYLATE; 450000 MW)". */
export const splitList = (text: string): string[] => text.split(/;(?![^()]*\))/).map((part) => part.trim()).filter(Boolean)

/** Salts, esters and hydrates that do not change which moiety acts; a name may end in several. */
const salts = new Set(
  `hydrochloride dihydrochloride hcl hydrobromide hydroiodide sodium disodium potassium dipotassium calcium magnesium sulfate bisulfate hemisulfate
   phosphate diphosphate acetate diacetate citrate tartrate bitartrate fumarate hemifumarate succinate maleate malate mesylate dimesylate besylate
   tosylate camsylate edisylate napsylate esylate isethionate nitrate dinitrate bromide iodide lactate gluconate pamoate hyclate benzoate oxalate
   saccharate aspartate tromethamine meglumine dimeglumine olamine xinafoate medoxomil cilexetil etexilate propionate dipropionate
   valerate cypionate enanthate decanoate undecanoate caproate palmitate stearate pivoxil proxetil axetil mofetil marboxil acetonide
   monohydrate dihydrate trihydrate hemihydrate sesquihydrate pentahydrate heptahydrate hydrate anhydrous unspecified form dibasic monobasic
   carbonate chloride hydroxide oxide`.split(/\s+/),
)
/** Where these are all that is left, the salt is the drug: potassium chloride, calcium carbonate, ferrous sulfate. */
const bases = new Set(
  `sodium potassium calcium magnesium lithium ferrous ferric iron zinc aluminum barium ammonium silver bismuth copper cupric manganese strontium
   selenium titanium nitrous hydrogen carbon cetylpyridinium benzalkonium benzethonium isosorbide glyceryl erythrityl pentaerythritol butyl amyl methyl ethyl benzyl`.split(/\s+/),
)
/** Names that mean a moiety known under another name. */
const synonyms: Record<string, string> = {
  'acetylsalicylic acid': 'aspirin', 'lithium carbonate': 'lithium', 'lithium citrate': 'lithium', 'valproic acid': 'valproate', divalproex: 'valproate',
  'alendronic acid': 'alendronate', 'clavulanic acid': 'clavulanate', paracetamol: 'acetaminophen', salbutamol: 'albuterol', rifampicin: 'rifampin',
  'mycophenolic acid': 'mycophenolate', pethidine: 'meperidine', glyburide: 'glyburide', glibenclamide: 'glyburide', adrenaline: 'epinephrine',
}

/** The active moiety a substance name stands for, lower case: "Metformin Hydrochloride" → "metformin". */
export function moietyOf(substance: string): string {
  const name = substance.toLowerCase().replace(/\s+/g, ' ').trim()
  if (synonyms[name]) return synonyms[name]
  const words = name.replace(/,/g, ' ,').split(' ')
  while (words.length > 1 && (salts.has(words.at(-1)!) || words.at(-1) === ',')) {
    const rest = words.slice(0, -1).filter((word) => word !== ',')
    if (rest.every((word) => bases.has(word) || salts.has(word))) break
    words.pop()
  }
  const moiety = words.join(' ').replace(/ ,/g, ',')
  return synonyms[moiety] ?? moiety
}

/** "25" "mg/1" → "25 mg"; ".75" "mg/.5mL" → "0.75 mg/0.5mL"; international and USP units are units. */
export function strengthOf(amount: string, unit: string): string {
  const zero = (text: string): string => text.trim().replace(/(?<![\d.])\.(?=\d)/g, '0.')
  return `${zero(amount)} ${zero(unit).replace(/\[iU\]|\[USP'U\]/g, 'units').replace(/\/1$/, '')}`.trim()
}

/** One form for "500 mg", "500MG" and "EQ 500MG BASE"; of several ingredients the strengths in order. */
export const strengthKey = (strengths: readonly string[]): string =>
  strengths
    .map((strength) => strength.toUpperCase().replace(/^EQ\s+|\s+BASE\b.*$|\s*\(.*\)|[\s,]/g, '').replace(/\bUGG?\b|(?<=\d)UG/g, 'MCG').replace(/UNITS?/g, 'UNT'))
    .sort()
    .join(';')

export type Content = { size: number; unit: string }

/**
 * What a package holds in all, by its nested description: "4 BOTTLE in 1 CARTON (…) > 30 TABLET, FILM COATED in 1 BOTTLE"
 * → 120 TABLET. Undefined for kits and anything else that is no plain chain.
 */
export function contentOf(description: string): Content | undefined {
  const levels = description.replaceAll(/\([^()]*\d-?\d[^()]*\)/g, ' ').split(/\s+[>/]\s+/)
  let size = 1
  let unit = ''
  for (const level of levels) {
    const match = /^\s*(\d*\.?\d+)\s+(.+?)\s+in\s+(\d*\.?\d+)\s+/.exec(`${level} `)
    if (!match || level.includes('*') || /\bKIT\b/.test(match[2]!)) return undefined
    size *= Number(match[1]) / Number(match[3])
    unit = match[2]!
  }
  return size > 0 && size < 1e11 ? { size: Number(size.toPrecision(12)), unit: unit.split(',')[0]!.trim().toUpperCase() } : undefined
}
