/** What we need of a virus scanner: the name of what a file carries; undefined where it is clean. */
export type Scanner = { scan(body: Buffer): Promise<string | undefined> }

/** The standard test file of virus scanners (EICAR), split so that this source is not taken for it. */
const testFile = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE'].join('')

/** Finds two things: the scanners' test file, and PDFs that run scripts or start programs when opened. No virus database. */
export const localScanner = (): Scanner => ({
  async scan(body) {
    if (body.includes(testFile)) return 'a virus (EICAR test file)'
    const text = body.subarray(0, 5).toString('latin1') === '%PDF-' ? body.toString('latin1') : ''
    // a name may be written with escapes (ISO 32000-1, 7.3.5): /J#61vaScript is /JavaScript
    const names = text.replace(/#([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    // an OpenAction that is a place in the document, as scanners write it, starts nothing
    return /\/(?:(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia)\b|OpenAction\b(?!\s*\[))/.test(names) ? 'a script, a program or another file' : undefined
  },
})
