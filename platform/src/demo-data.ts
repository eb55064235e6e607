import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** A file of demo data, from DEMO_DATA_DIR or dev/data: read by the seeds of SEED=demo only. */
export function demoData<T>(file: string): T {
  const folder = process.env['DEMO_DATA_DIR'] ?? resolve(import.meta.dirname, '../../dev/data')
  return JSON.parse(readFileSync(resolve(folder, file), 'utf8')) as T
}
