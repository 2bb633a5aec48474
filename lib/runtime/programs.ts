import { type Compiled, compile, compileFolded } from '../compiler/compile.js'
import type { Folded } from '../compiler/fold.js'
import { bytesOf } from '../compiler/lower.js'
import type { Precision } from '../compiler/target.js'
import { type Node, type Source, topologicalOrder } from '../graph/node.js'
import { execute } from './execute.js'
import { BufferSource, bufferOf } from './memory.js'
import type { NativeBuffer, NativeProgram } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

/** A program, and how the leaves of a graph of its structure become its inputs. */
export interface Program {
  readonly native: NativeProgram
  /** For each input, which data leaf of the graph (in topological order) it is. */
  readonly leaves: readonly number[]
  /** Those of these leaves whose memory the program writes over and hands on. */
  readonly written: readonly number[]
}

interface Made extends Program {
  /** What the program holds on to: when one of these goes, so does the program. */
  readonly constants: readonly Source[]
}

/** A program that is kept, or being made. It is let go of when it was dropped and nobody uses it. */
interface Entry {
  readonly program: Promise<Program>
  users: number
  dropped: boolean
  /** Stops listening to the constants. */
  stop: () => void
}

/** Programs kept by the structure of their graph; the least recently used go first. */
const programLimit = 512
const entries = new Map<string, Entry>()

/** How many programs are kept. */
export function programCount(): number {
  return entries.size
}

/** A program while it is used. To be released. */
export interface Lease {
  readonly program: Promise<Program>
  release(): void
}

/** Finds the program for a graph of this structure, or makes it. */
export function leaseProgram(key: string, make: () => Promise<Made>): Lease {
  const entry = entries.get(key) ?? createEntry(key, make())
  entries.delete(key)
  entries.set(key, entry)
  entry.users++
  if (entries.size > programLimit) dropOldest()
  return {
    program: entry.program,
    release() {
      entry.users--
      letGo(entry)
    },
  }
}

function createEntry(key: string, made: Promise<Made>): Entry {
  const entry: Entry = { program: made, users: 0, dropped: false, stop: () => {} }
  const forget = () => drop(key, entry)
  made.then(({ constants }) => {
    const stops = constants.map((source) =>
      source instanceof BufferSource ? source.onRelease(forget) : () => {},
    )
    entry.stop = () => {
      for (const stop of stops) stop()
    }
    letGo(entry)
  }, forget)
  return entry
}

function dropOldest(): void {
  const [oldest] = entries
  if (oldest) drop(...oldest)
}

function drop(key: string, entry: Entry): void {
  if (entries.get(key) === entry) entries.delete(key)
  entry.dropped = true
  letGo(entry)
}

function letGo(entry: Entry): void {
  if (!entry.dropped || entry.users > 0) return
  entry.stop()
  entry.program.then(
    ({ native }) => native.dispose(),
    () => {},
  )
}

/**
 * Compiles a graph.
 * @param leaves its data leaves, in topological order
 */
export async function makeProgram(
  roots: readonly Node[],
  leaves: readonly Node[],
  precision: Precision,
  threads: number,
): Promise<Made> {
  const compiled = compile(roots, getRuntime().target, precision)
  const folded = await foldedBuffers(compiled.folded, threads)
  const native = createProgram(compiled, folded)
  const places = (nodes: readonly Node[]) => nodes.map((leaf) => leaves.indexOf(leaf))
  const constants = [...compiled.constants, ...compiled.folded.flatMap(({ node }) => constantLeaves(node))]
  return { native, leaves: places(compiled.inputs), written: places(compiled.written), constants }
}

function createProgram(compiled: Compiled, folded: ReadonlyMap<string, NativeBuffer>): NativeProgram {
  const constants = compiled.constants.map((source) => folded.get(source.key) ?? bufferOf(source))
  try {
    return getRuntime().native.createProgram(compiled.code, constants)
  } catch (error) {
    throw fromNative(error)
  }
}

/** Folded constants on their way, for programs that need the same ones meanwhile. */
const folding = new Map<string, Promise<NativeBuffer>>()

/** Finds folded constants in the store of the process, and computes those not there in one run. */
async function foldedBuffers(folded: readonly Folded[], threads: number): Promise<Map<string, NativeBuffer>> {
  const { native } = getRuntime()
  const found = new Map<string, NativeBuffer | Promise<NativeBuffer>>()
  const missing: Folded[] = []
  for (const entry of folded) {
    const { key } = entry.source
    const known = native.findConstant(key) ?? folding.get(key)
    if (known) found.set(key, known)
    else missing.push(entry)
  }
  if (missing.length > 0) {
    const outputs = computeFolded(missing, threads)
    missing.forEach(({ source: { key } }, index) => {
      const buffer = outputs.then((buffers) => native.publishConstant(key, buffers[index]!))
      found.set(key, buffer)
      folding.set(key, buffer)
      const done = () => folding.delete(key)
      buffer.then(done, done)
    })
  }
  return new Map(await Promise.all([...found].map(async ([key, buffer]) => [key, await buffer] as const)))
}

/** Folded constants of one run, so that their originals need not all be in memory at once. */
const foldBytes = 8 << 20

/** Computes constants some at a time, and lets go of the mapped weights behind them: they are packed now. */
async function computeFolded(folded: readonly Folded[], threads: number): Promise<NativeBuffer[]> {
  const buffers: NativeBuffer[] = []
  for (const group of groupsOf(folded)) {
    const program = createProgram(compileFolded(group, getRuntime().target), new Map())
    try {
      buffers.push(...(await execute(program, [], { threads })))
    } finally {
      program.dispose()
    }
    for (const { node } of group) for (const source of constantLeaves(node)) bufferOf(source).forget()
  }
  return buffers
}

function* groupsOf(folded: readonly Folded[]): Generator<Folded[]> {
  const { target } = getRuntime()
  let group: Folded[] = []
  let bytes = 0
  for (const entry of folded) {
    group.push(entry)
    bytes += bytesOf(entry.node, target)
    if (bytes < foldBytes) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

function constantLeaves(node: Node): Source[] {
  return topologicalOrder([node]).flatMap((leaf) => (leaf.source ? [leaf.source] : []))
}
