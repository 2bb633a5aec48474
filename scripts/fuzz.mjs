// Fuzzes the readers of files and of programs. Inputs that fail are kept in test/data/fuzz/TARGET; test/fuzz runs them from
// then on.
//
//   node scripts/fuzz.mjs [--seconds=600] [--seed=N] [TARGET...]
//
// Targets in C++ (test/native/fuzz) are built with the address and undefined-behaviour sanitizers, and run on each
// instruction set of this machine; where clang is, under libFuzzer. Targets in JavaScript are the modules of test/fuzz/targets.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { register } from 'tsx/esm/api'
import { fuzzModule } from './fuzz/run-module.mjs'
import { root, which } from './native.mjs'
import { buildNative } from './test-native.mjs'

const modules = join(root, 'test/fuzz/targets')
const nativeTargets = ['program', 'mapping']
const targets = new Map([
  ...nativeTargets.map((name) => [name, fuzzNative]),
  ...readdirSync(modules).map((file) => [basename(file, '.ts'), fuzzTypeScript]),
])

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const chosen = positionals.length > 0 ? positionals : [...targets.keys()]
const unknown = chosen.filter((name) => !targets.has(name))
if (unknown.length > 0 || !(seconds > 0) || !Number.isInteger(seed)) {
  console.error(
    `usage: fuzz.mjs [--seconds=600] [--seed=N] [TARGET...]; targets: ${[...targets.keys()].join(', ')}`,
  )
  process.exit(2)
}
register()

const clang = which('clang++')
const sanitizers = 'address,undefined'

function fuzzNative(name, crashes) {
  const target = `${name}_fuzz`
  const folder = clang
    ? buildNative(sanitizers, [target], ['-DLIBFUZZER=ON', `-DCMAKE_CXX_COMPILER=${clang}`], 'libfuzzer')
    : buildNative(sanitizers, [target])
  if (folder === undefined) return { executions: 0, problems: ['the build failed'] }
  mkdirSync(crashes, { recursive: true })
  const program = join(folder, target)
  const corpus = join(root, 'test/native/fuzz/corpus', name)
  return clang ? runLibFuzzer(program, corpus, crashes) : runDriver(program, corpus, crashes)
}

function runDriver(program, corpus, crashes) {
  const args = [`--corpus=${corpus}`, `--seconds=${seconds}`, `--seed=${seed}`, `--crashes=${crashes}`]
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' })
  const executions = Number(/^(\d+) executions/m.exec(stdout)?.[1] ?? 0)
  return { executions, problems: status === 0 ? [] : [stderr] }
}

function runLibFuzzer(program, corpus, crashes) {
  // What covers new branches is written to the first folder.
  const found = mkdtempSync(join(tmpdir(), 'saccade-fuzz-'))
  const args = [found, corpus, `-max_total_time=${seconds}`, `-seed=${seed}`, `-artifact_prefix=${crashes}/`]
  const options = ['-max_len=32768', '-rss_limit_mb=4096', '-timeout=60', '-print_final_stats=1']
  const { stderr, status } = spawnSync(program, [...args, ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  rmSync(found, { recursive: true })
  const executions = Number(/number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0)
  return { executions, problems: status === 0 ? [] : [stderr.slice(-8000)] }
}

async function fuzzTypeScript(name, crashes) {
  const { executions, problems } = await fuzzModule(join(modules, `${name}.ts`), { seconds, seed, crashes })
  return { executions, problems: problems.map(({ problem, file }) => `${file}: ${problem}`) }
}

let failed = 0
for (const name of chosen) {
  const started = performance.now()
  const { executions, problems } = await targets.get(name)(name, join(root, 'test/data/fuzz', name))
  const rate = Math.round(executions / ((performance.now() - started) / 1000))
  console.log(
    `${name}: ${executions} executions, ${rate} a second, ${problems.length} problems (seed ${seed})`,
  )
  for (const problem of problems) console.log(problem)
  failed += problems.length
}
process.exitCode = failed === 0 ? 0 : 1
