/** Identifiers of the field that cross process boundaries: their written forms and check digits. */
export * from './ndc.ts'
export * from './gs1.ts'
export * from './npi.ts'
export * from './dea.ts'
