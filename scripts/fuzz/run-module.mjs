// Fuzzes a target in JavaScript: a module that exports `seeds` (byte arrays), `run(bytes)`, and perhaps `tokens` (strings of
// the format) and `jsonFrom` (the seeds are JSON from this index on). run() may throw a SaccadeError, but none with code INTERNAL, and nothing else. It runs in a child process,
// which must neither die, nor take longer or more memory than the limits for one input.
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inputOf } from './mutate.mjs'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))
const startMilliseconds = 60_000

/**
 * @param crashes folder for the inputs that fail
 * @returns the number of executions, and the problems found, each with its file
 */
export async function fuzzModule(
  module,
  { seconds, seed, crashes, milliseconds = 10_000, megabytes = 1024, most = 100 },
) {
  const target = await import(pathToFileURL(module).href)
  const folder = mkdtempSync(join(tmpdir(), 'saccade-fuzz-'))
  const counter = join(folder, 'index')
  const found = new Map()
  const keep = (index, problem) => {
    const key = problem.split('\n').slice(0, 2).join(' ').replaceAll(/\d+/g, '#')
    if (found.has(key)) return
    mkdirSync(crashes, { recursive: true })
    const file = join(crashes, `${seed}-${index}`)
    writeFileSync(file, inputOf(target, seed, index))
    found.set(key, { problem, file })
  }
  const end = Date.now() + seconds * 1000
  let next = 0
  const isDone = () => Date.now() >= end || found.size >= most
  while (!isDone()) {
    writeFileSync(counter, new Uint8Array(Float64Array.of(next - 1).buffer))
    const { problem, index } = await runChild({
      module,
      seed,
      first: next,
      counter,
      isDone,
      milliseconds,
      megabytes,
      keep,
    })
    if (problem !== undefined) keep(Math.max(index, next), problem)
    next = Math.max(index, next) + 1
  }
  rmSync(folder, { recursive: true })
  return { executions: next, problems: [...found.values()] }
}

/** Runs until the end, or until the child dies or is killed for a limit: then `problem` says why. */
async function runChild({ module, seed, first, counter, isDone, milliseconds, megabytes, keep }) {
  const args = [
    '--import',
    'tsx',
    `--max-old-space-size=${megabytes}`,
    child,
    module,
    String(seed),
    String(first),
    counter,
  ]
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  running.on('message', ({ index, problem }) => keep(index, problem))
  let errors = ''
  running.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-4000)))
  let ended
  const closed = new Promise((resolve) => {
    running.on('close', (code, signal) => {
      ended = `the process ended with ${signal ?? code}\n${errors}`
      resolve()
    })
  })
  let problem
  let last = first - 1
  let since = Date.now()
  while (ended === undefined && problem === undefined && !isDone()) {
    await Promise.race([closed, sleep(100)])
    const index = indexIn(counter)
    const limit = index < first ? startMilliseconds : milliseconds
    if (index !== last) [last, since] = [index, Date.now()]
    else if (Date.now() - since > limit) problem = `an input takes longer than ${limit} ms`
    if (residentMegabytes(running.pid) > megabytes + 512) problem = `an input takes more than ${megabytes} MB`
  }
  const index = indexIn(counter)
  if (ended !== undefined) problem = ended
  else running.kill('SIGKILL')
  await closed
  return { problem, index }
}

function indexIn(file) {
  const cell = new Float64Array(1)
  const open = openSync(file, 'r')
  readSync(open, new Uint8Array(cell.buffer), 0, 8, 0)
  closeSync(open)
  return cell[0]
}

// 0 where the system does not tell.
function residentMegabytes(pid) {
  const status = `/proc/${pid}/status`
  if (!existsSync(status)) return 0
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024
}
