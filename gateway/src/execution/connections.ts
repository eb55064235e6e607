/**
 * Keep-alive HTTP/1.1 connections to one service over plain TCP, for small JSON requests. A general client costs more
 * here than the request itself: this one writes a request in one piece and reads an answer without making a stream of it.
 * It does what our subgraphs need: answers with a content length or in chunks, no upgrades, no redirects, no trailers.
 *
 * Most of what a small request costs is its system call. Reads of one kind that come up in the same turn of the event
 * loop therefore leave together, one after another on one connection (HTTP pipelining). They are the same operation with
 * other variables and take about the same time, so that none waits long for the one before it.
 */
import { isAscii } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import type { Bytes } from './bytes.ts'

/** `ascii`: nothing else is in the body. */
export type Answered = { readonly status: number; readonly body: Bytes; readonly ascii: boolean }

export type Connections = {
  /**
   * `head`: the request's header lines without content-length, ending in a line break. `kind`: requests of one kind may share
   * a connection; only for what may be sent again. Rejects with an error whose `code` tells why.
   */
  post(head: Bytes, body: Bytes, kind?: unknown): Promise<Answered>
  close(): void
}

export type Limits = {
  readonly connections: number
  /** Requests of one kind on one connection at a time; 1 for a proxy that answers them one by one. */
  readonly pipelining: number
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly idleMs: number
}
type Waiting = { readonly text: Bytes; readonly resolve: (answer: Answered) => void; readonly reject: (error: Error) => void; readonly deadline: number }

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code })
/** A subgraph that sends more is not answering a query of ours. */
const maxAnswerBytes = 64 * 1024 * 1024
const sweepMs = 250
/** All connections read into the same memory: what is read is copied at once. */
const received = Buffer.allocUnsafeSlow(256 * 1024)

export function openConnections(url: URL, limits: Limits): Connections {
  const idle: Connection[] = []
  const all = new Set<Connection>()
  const queue: Waiting[][] = []
  const gathering = new Map<unknown, Waiting[]>()
  let closed = false

  const sweep = setInterval(() => {
    const now = Date.now()
    for (const connection of all) connection.check(now)
    for (let index = queue.length - 1; index >= 0; index--) {
      if (queue[index]![0]!.deadline <= now) for (const { reject } of queue.splice(index, 1)[0]!) reject(failure('ETIMEDOUT', 'no connection became free in time'))
    }
  }, sweepMs)
  sweep.unref()

  class Connection {
    readonly #socket: Socket
    /** Sent and not answered yet, in order. */
    #current: Waiting[] = []
    #connected = false
    #opened = Date.now()
    #idleSince = 0
    #rest: Bytes = ''
    #ascii = true
    /** Bytes without which the next answer cannot be whole. */
    #needed = 0

    constructor(first: Waiting[]) {
      const onread = { buffer: received, callback: (length: number): boolean => (this.#read(length), true) }
      this.#socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80), noDelay: true, onread })
      this.#socket.on('connect', () => (this.#connected = true))
      this.#socket.on('error', (error) => this.#end(error))
      this.#socket.on('close', () => this.#end(failure('ECONNRESET', 'the connection was closed before the answer')))
      all.add(this)
      this.send(first)
    }

    send(requests: Waiting[]): void {
      this.#current = requests
      let text = ''
      for (const request of requests) text += request.text
      this.#socket.write(text, 'latin1')
    }

    check(now: number): void {
      const [first] = this.#current
      if (!this.#connected && now - this.#opened > limits.connectTimeoutMs) this.#end(failure('ECONNTIMEOUT', 'the connection was not accepted in time'))
      else if (first ? first.deadline <= now : now - this.#idleSince > limits.idleMs) this.#end(failure('ETIMEDOUT', 'the answer did not come in time'))
    }

    stop(): void {
      this.#end(failure('ECONNRESET', 'the gateway stops'))
    }

    /** The first in turn hears why; those behind it were not at fault. */
    #end(error: Error): void {
      if (!all.delete(this)) return
      const at = idle.indexOf(this)
      if (at >= 0) idle.splice(at, 1)
      this.#socket.destroy()
      const [first, ...others] = this.#current
      this.#current = []
      first?.reject(error)
      for (const { reject } of others) reject(failure('ECONNRESET', 'the connection was closed before the answer'))
      next()
    }

    #read(length: number): void {
      // told of the memory here: to look through the text costs more
      this.#ascii = isAscii(received.subarray(0, length)) && (this.#ascii || this.#rest === '')
      const text = received.toString('latin1', 0, length)
      let rest = this.#rest === '' ? text : this.#rest + text
      while (rest.length >= this.#needed && rest.length > 0) {
        const [request] = this.#current
        if (!request) return this.#end(failure('ECONNRESET', 'an answer nobody asked for'))
        const answer = readAnswer(rest)
        if ('fault' in answer) return this.#end(failure(answer.fault, answer.message))
        this.#needed = answer.needed
        if (answer.body === undefined) break
        rest = rest.slice(this.#needed)
        this.#needed = 0
        // an interim answer, such as 103, comes before the real one
        if (answer.status < 200) continue
        this.#current.shift()
        if (!answer.keep) this.stop()
        else if (this.#current.length === 0) this.#free()
        request.resolve({ status: answer.status, body: answer.body, ascii: this.#ascii })
      }
      this.#rest = rest
    }

    #free(): void {
      if (closed) return this.stop()
      const requests = queue.shift()
      if (requests) return this.send(requests)
      this.#idleSince = Date.now()
      idle.push(this)
    }
  }

  const next = (): void => {
    if (queue.length > 0 && all.size < limits.connections && !closed) new Connection(queue.shift()!)
  }

  const send = (requests: Waiting[]): void => {
    // the connection used last is the likeliest to be alive
    const free = idle.pop()
    if (free) free.send(requests)
    else if (all.size < limits.connections) new Connection(requests)
    else queue.push(requests)
  }

  const sendGathered = (): void => {
    const batches = [...gathering.values()]
    gathering.clear()
    for (const requests of batches) {
      if (!closed) send(requests)
      else for (const { reject } of requests) reject(failure('ECONNRESET', 'the gateway stops'))
    }
  }

  return {
    post: (head, body, kind) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(failure('ECONNRESET', 'the gateway stops'))
        const request: Waiting = { text: `${head}content-length: ${body.length}\r\n\r\n${body}`, resolve, reject, deadline: Date.now() + limits.timeoutMs }
        if (kind === undefined || limits.pipelining === 1) return send([request])
        const others = gathering.get(kind)
        if (!others) {
          if (gathering.size === 0) setImmediate(sendGathered)
          gathering.set(kind, [request])
        } else if (others.push(request) === limits.pipelining) {
          gathering.delete(kind)
          send(others)
        }
      }),
    close() {
      closed = true
      clearInterval(sweep)
      for (const connection of [...all]) connection.stop()
      for (const { reject } of queue.splice(0).flat()) reject(failure('ECONNRESET', 'the gateway stops'))
    },
  }
}

const contentLength = /\r\ncontent-length: *(\d+)\r\n/i
const chunked = /\r\ntransfer-encoding: *chunked\r\n/i
const connectionClose = /\r\nconnection: *close\r\n/i

type Reading =
  /** `body` is there when the answer is whole; it ends at `needed`. Otherwise as many bytes are needed to look again. */
  | { readonly needed: number; readonly status: number; readonly body: Bytes | undefined; readonly keep: boolean }
  | { readonly fault: string; readonly message: string }

const tooLarge: Reading = { fault: 'ERR_ANSWER_TOO_LARGE', message: 'the answer is too large' }

function readAnswer(text: Bytes): Reading {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return text.length > maxAnswerBytes ? tooLarge : { needed: text.length + 1, status: 0, body: undefined, keep: true }
  const head = text.slice(0, end + 2)
  const status = Number(head.slice(9, 12))
  const start = end + 4
  if (status < 200) return { needed: start, status, body: '', keep: true }
  const keep = head.startsWith('HTTP/1.1') && !connectionClose.test(head)
  const length = contentLength.exec(head)
  if (length) {
    const needed = start + Number(length[1])
    if (needed > maxAnswerBytes) return tooLarge
    return { needed, status, body: text.length < needed ? undefined : text.slice(start, needed), keep }
  }
  if (!chunked.test(head)) return { fault: 'ERR_NO_LENGTH', message: 'the answer has neither a content length nor chunks' }
  if (text.length > maxAnswerBytes) return tooLarge
  return { ...dechunk(text, start), status, keep }
}

function dechunk(text: Bytes, start: number): { needed: number; body: Bytes | undefined } {
  let body = ''
  for (let at = start; ; ) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return { needed: text.length + 1, body: undefined }
    const size = parseInt(text.slice(at, line), 16)
    if (!(size >= 0)) return { needed: text.length, body: '' }
    const next = line + 2 + size + 2
    if (text.length < next) return { needed: next, body: undefined }
    if (size === 0) return { needed: next, body }
    body += text.slice(line + 2, line + 2 + size)
    at = next
  }
}
