/** A place in the event stream as clients hold it: opaque, and signed so that it is one of ours. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export type Place = {
  /** When the stream was made: sequences of another stream mean nothing. */
  readonly epoch: string
  readonly sequence: number
}

export type Cursors = {
  write(place: Place): string
  /** Undefined for anything this gateway's key did not sign. */
  read(cursor: string): Place | undefined
}

/** `secret`: any bytes shared by all gateways, so that a cursor outlives the process that gave it. */
export function createCursors(secret: string | Buffer): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pharmagraph subscription cursor', 32))
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)
  return {
    write({ epoch, sequence }) {
      const text = Buffer.from(`${sequence.toString(36)}:${epoch}`).toString('base64url')
      return `${text}.${mac(text)}`
    },
    read(cursor) {
      const [text = '', given = ''] = cursor.split('.')
      const expected = mac(text)
      if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return undefined
      const [, sequence, epoch] = /^([0-9a-z]+):(.*)$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
      return sequence === undefined || epoch === undefined ? undefined : { sequence: parseInt(sequence, 36), epoch }
    },
  }
}
