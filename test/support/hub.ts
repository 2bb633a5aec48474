// A Hub of test models on this machine: with or without a list of files, a token, redirects, and faults.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inFolder } from '../weights/build.js'

export type Files = Readonly<Record<string, string | Uint8Array>>

export interface Asked {
  readonly url: string
  readonly token: string | undefined
  readonly range: string | undefined
}

export interface Hub {
  /** Name of the model; default org/model. */
  readonly name?: string
  readonly files: Files
  /** The endpoint lists its files, and tells commits and hashes, as the Hub; default true. */
  readonly lists?: boolean
  readonly commit?: string
  /** Requests without it are answered 401. */
  readonly token?: string
  /** Weights are redirected to this address, with a path. */
  readonly weightsAt?: string
  /** Answers a request in another way; returns false to let it be. */
  readonly fault?: (request: IncomingMessage, response: ServerResponse, body: Buffer | undefined) => boolean
}

export interface HubAddress {
  readonly endpoint: string
  readonly cacheDir: string
  readonly asked: Asked[]
}

export const aCommit = 'a'.repeat(40)

/** Serves a model while `use` runs, with an empty cache. */
export async function withHub<T>(hub: Hub, use: (address: HubAddress) => Promise<T>): Promise<T> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    asked.push({
      url: request.url!,
      token: request.headers.authorization,
      range: request.headers.range,
    })
    answer(hub, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await inFolder((dir) => use({ endpoint, cacheDir: join(dir, 'cache'), asked }))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function answer(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  const { name = 'org/model', files, lists = true, commit = aCommit, token, weightsAt, fault } = hub
  const url = decodeURIComponent(request.url!)
  const prefix = `/${name}/resolve/`
  const file = url.startsWith(prefix)
    ? url.slice(prefix.length).replace(/^(?:refs\/pr\/\d+|[^/]+)\//, '')
    : undefined
  const found = file !== undefined && Object.hasOwn(files, file) ? Buffer.from(files[file]!) : undefined
  if (fault?.(request, response, found)) return
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
    return void response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end()
  if (lists && url.startsWith(`/api/models/${name}/revision/`))
    return void response.end(JSON.stringify({ id: name, sha: commit, siblings: siblings(files) }))
  if (file === undefined || found === undefined) return void response.writeHead(404).end()
  if (weightsAt !== undefined && isLarge(file)) {
    const location = `${weightsAt}/blobs/${file}`
    return void response.writeHead(302, { location, ...(lists && facts(found, file, commit)) }).end()
  }
  send(request, response, found, lists ? facts(found, file, commit) : {})
}

/** Sends a body, or the part of it that a range asks for. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  headers: Record<string, string> = {},
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const range = start > 0 && { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }
  response.writeHead(start > 0 ? 206 : 200, { ...headers, ...range, 'content-length': body.length - start })
  response.end(body.subarray(start))
}

export const isLarge = (file: string) => /\.(?:safetensors|bin)$/.test(file)

const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest('hex')
const gitHash = (body: Uint8Array) =>
  createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex')

function facts(body: Buffer, file: string, commit: string): Record<string, string> {
  const tag = isLarge(file)
    ? { 'x-linked-etag': `"${sha256(body)}"`, 'x-linked-size': String(body.length) }
    : { etag: `"${gitHash(body)}"` }
  return { 'x-repo-commit': commit, ...tag }
}

function siblings(files: Files) {
  return Object.entries(files).map(([rfilename, content]) => {
    const body = Buffer.from(content)
    const pointer = { blobId: '0'.repeat(40), lfs: { sha256: sha256(body), size: body.length } }
    return { rfilename, size: body.length, ...(isLarge(rfilename) ? pointer : { blobId: gitHash(body) }) }
  })
}

/** The files of a folder, without those in folders. */
export function readFiles(dir: string): Record<string, Buffer> {
  const entries = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(entries.map(({ name }) => [name, readFileSync(join(dir, name))]))
}
