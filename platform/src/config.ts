/** Settings come from the environment only; a missing or malformed one stops the process with its name. */

export class ConfigError extends Error {
  constructor(name: string, problem: string) {
    super(`setting ${name}: ${problem}`)
    this.name = 'ConfigError'
  }
}

export function setting(name: string, fallback?: string): string {
  const value = process.env[name] ?? fallback
  if (value === undefined || value === '') throw new ConfigError(name, 'is not set (see .env.example)')
  return value
}

export function optionalSetting(name: string): string | undefined {
  return process.env[name] || undefined
}

export function integerSetting(name: string, fallback: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value)) throw new ConfigError(name, `"${text}" is not a whole number`)
  return value
}

/** A key of exactly 32 bytes, base64. */
export function keySetting(name: string): Buffer {
  const key = Buffer.from(setting(name), 'base64')
  if (key.length !== 32) throw new ConfigError(name, 'must be 32 bytes in base64')
  return key
}
