/** In what a quantity to dispense may be counted: dispensing units, by UCUM, NCI Thesaurus or word. */
const counted = new Set([
  // UCUM, with its annotations for what is counted singly
  '1', 'ml', 'l', 'g', 'mg', 'ug', 'kg', '[iu]', '[drp]', '{tbl}', '{capsule}', '{each}', '{patch}', '{suppository}', '{spray}', '{puff}', '{count}', '{unit}',
  // NCPDP's list of the NCI Thesaurus: applicator, blister, caplet, capsule, each, film, gram, gum, implant, insert, kit, lancet, lozenge, millilitre,
  // packet, pad, patch, pen needle, ring, sponge, stick, strip, suppository, swab, tablet, troche, unspecified, wafer
  'c62412', 'c54564', 'c64696', 'c48480', 'c64933', 'c53499', 'c48155', 'c69124', 'c48499', 'c62276', 'c48504', 'c120263', 'c48506', 'c28254',
  'c48521', 'c65032', 'c48524', 'c120126', 'c62609', 'c53502', 'c53503', 'c48538', 'c48539', 'c53504', 'c48542', 'c48548', 'c38046', 'c48552',
  ...['tablet', 'tab', 'capsule', 'cap', 'ml', 'milliliter', 'millilitre', 'g', 'gram', 'gm', 'each', 'ea', 'unit', 'patch', 'suppository', 'lozenge', 'film', 'insert', 'syringe', 'pen', 'ampule', 'ampoule',
    'vial', 'inhaler', 'dose', 'puff', 'spray', 'drop', 'packet', 'sachet', 'pill', 'troche', 'cartridge', 'kit', 'ring', 'device', 'strip', 'lancet'].flatMap((word) => [word, `${word}s`, `${word}es`]),
])

/**
 * Why a quantity cannot be counted out as it is written; undefined where it can. A box, a bottle or a month of something
 * is not a number of dispensing units, and taken for one would be dispensed as one.
 */
export function notCounted(unit: string | undefined): string | undefined {
  const word = unit?.trim().toLowerCase()
  return !word || counted.has(word) ? undefined : `the quantity is in "${unit!.trim().slice(0, 40)}", which says not how many: write it in dispensing units such as tablets, mL or g`
}
