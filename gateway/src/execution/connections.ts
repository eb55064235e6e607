/**
 * Keep-alive HTTP/1.1 connections to one service over plain TCP, for small JSON requests. A general client costs more
 * here than the request itself: this one writes a request in one piece and reads an answer without making a stream of it.
 * It does what our subgraphs need: answers with a content length or in chunks, no upgrades, no redirects, no trailers.
 */
import { connect, type Socket } from 'node:net'

export type Answered = { readonly status: number; readonly body: string }

export type Connections = {
  /** `head`: the request's header lines without content-length, ending in a line break. Rejects with an error whose `code` tells why. */
  post(head: string, body: string): Promise<Answered>
  close(): void
}

type Limits = { readonly connections: number; readonly timeoutMs: number; readonly connectTimeoutMs: number; readonly idleMs: number }
type Waiting = { readonly text: string; readonly resolve: (answer: Answered) => void; readonly reject: (error: Error) => void; deadline: number }

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code })
/** A subgraph that sends more is not answering a query of ours. */
const maxAnswerBytes = 64 * 1024 * 1024
const sweepMs = 250

export function openConnections(url: URL, limits: Limits): Connections {
  const idle: Connection[] = []
  const all = new Set<Connection>()
  const queue: Waiting[] = []
  let closed = false

  const sweep = setInterval(() => {
    const now = Date.now()
    for (const connection of all) connection.check(now)
    for (let index = queue.length - 1; index >= 0; index--) {
      if (queue[index]!.deadline <= now) queue.splice(index, 1)[0]!.reject(failure('ETIMEDOUT', 'no connection became free in time'))
    }
  }, sweepMs)
  sweep.unref()

  class Connection {
    readonly #socket: Socket
    #current: Waiting | undefined
    #connected = false
    #opened = Date.now()
    #idleSince = 0
    #pending: Buffer | undefined
    #chunks: Buffer[] = []
    #missing = 0
    #status = 0
    #keep = true

    constructor(first: Waiting) {
      this.#socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), noDelay: true })
      this.#socket.on('connect', () => (this.#connected = true))
      this.#socket.on('data', (chunk) => this.#read(chunk))
      this.#socket.on('error', (error) => this.#end(error))
      this.#socket.on('close', () => this.#end(failure('ECONNRESET', 'the connection was closed before the answer')))
      all.add(this)
      this.send(first)
    }

    send(request: Waiting): void {
      this.#current = request
      this.#socket.write(request.text)
    }

    check(now: number): void {
      if (!this.#connected && now - this.#opened > limits.connectTimeoutMs) this.#end(failure('ECONNTIMEOUT', 'the connection was not accepted in time'))
      else if (this.#current ? this.#current.deadline <= now : now - this.#idleSince > limits.idleMs) this.#end(failure('ETIMEDOUT', 'the answer did not come in time'))
    }

    stop(): void {
      this.#end(failure('ECONNRESET', 'the gateway stops'))
    }

    #end(error: Error): void {
      if (!all.delete(this)) return
      const at = idle.indexOf(this)
      if (at >= 0) idle.splice(at, 1)
      this.#socket.destroy()
      this.#current?.reject(error)
      this.#current = undefined
      next()
    }

    #read(chunk: Buffer): void {
      if (!this.#current) return this.#end(failure('ECONNRESET', 'an answer nobody asked for'))
      if (this.#missing > 0) {
        this.#chunks.push(chunk)
        if ((this.#missing -= chunk.length) <= 0) this.#answered(Buffer.concat(this.#chunks).toString('utf8'))
        return
      }
      const all = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk
      if (all.length > maxAnswerBytes) return this.#end(failure('ERR_ANSWER_TOO_LARGE', 'the answer is too large'))
      const end = all.indexOf('\r\n\r\n')
      if (end < 0) return void (this.#pending = all)
      const head = all.toString('latin1', 0, end + 2)
      this.#status = Number(head.slice(9, 12))
      // an interim answer, such as 103, comes before the real one
      if (this.#status < 200) {
        this.#pending = undefined
        return all.length > end + 4 ? this.#read(all.subarray(end + 4)) : undefined
      }
      const length = contentLength.exec(head)
      this.#keep = head.startsWith('HTTP/1.1') && !connectionClose.test(head)
      if (length) {
        const bytes = Number(length[1])
        if (bytes > maxAnswerBytes) return this.#end(failure('ERR_ANSWER_TOO_LARGE', 'the answer is too large'))
        this.#missing = end + 4 + bytes - all.length
        if (this.#missing <= 0) return this.#answered(all.toString('utf8', end + 4, end + 4 + bytes))
        this.#chunks = [all.subarray(end + 4)]
        this.#pending = undefined
      } else if (chunked.test(head)) {
        const body = dechunk(all, end + 4)
        if (body === undefined) this.#pending = all
        else this.#answered(body)
      } else {
        this.#end(failure('ERR_NO_LENGTH', 'the answer has neither a content length nor chunks'))
      }
    }

    #answered(body: string): void {
      const { resolve } = this.#current!
      const status = this.#status
      this.#current = undefined
      this.#pending = undefined
      this.#chunks = []
      this.#missing = 0
      if (!this.#keep || closed) this.stop()
      else {
        const request = queue.shift()
        if (request) this.send(request)
        else {
          this.#idleSince = Date.now()
          idle.push(this)
        }
      }
      resolve({ status, body })
    }
  }

  const next = (): void => {
    if (queue.length > 0 && all.size < limits.connections && !closed) new Connection(queue.shift()!)
  }

  return {
    post: (head, body) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(failure('ECONNRESET', 'the gateway stops'))
        const request: Waiting = { text: `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, resolve, reject, deadline: Date.now() + limits.timeoutMs }
        // the connection used last is the likeliest to be alive
        const free = idle.pop()
        if (free) free.send(request)
        else if (all.size < limits.connections) new Connection(request)
        else queue.push(request)
      }),
    close() {
      closed = true
      clearInterval(sweep)
      for (const connection of [...all]) connection.stop()
    },
  }
}

const contentLength = /\r\ncontent-length: *(\d+)\r\n/i
const chunked = /\r\ntransfer-encoding: *chunked\r\n/i
const connectionClose = /\r\nconnection: *close\r\n/i

/** Undefined while the last chunk is not there. */
function dechunk(all: Buffer, start: number): string | undefined {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const line = all.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = parseInt(all.toString('latin1', at, line), 16)
    if (!(size >= 0)) return ''
    if (size === 0) return all.length >= line + 4 ? Buffer.concat(parts).toString('utf8') : undefined
    if (all.length < line + 2 + size + 2) return undefined
    parts.push(all.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
