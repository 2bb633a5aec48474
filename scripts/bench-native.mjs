// Builds and runs the native benchmarks (bench/native), and writes a report.
//
//   npm run bench:native [-- --quick] [-- --filter REGEX]
//
// --quick takes about a minute instead of a quarter of an hour. --filter runs the lines whose name, such as
// 'gemm/ViT-B-16 q k v, batch 1, 197x768x2304/float32/1/GFLOP of float32', matches the expression, and prints the results
// without a report. SACCADE_ISA selects the kernels; the peers are limited to the same instruction set.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nativeReport } from '../bench/native/report.ts'
import { renderMarkdown, saveReport } from '../bench/report.ts'
import { root, run, which } from './native.mjs'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, filter: { type: 'string' } } })
const folder = join(root, 'build-bench')
// OpenBLAS selects the best kernels for the processor; these names limit it to our instruction set.
const openblasCores = { avx2: 'Haswell', avx512: 'SkylakeX' }

function compile() {
  const generator = which('ninja') === undefined ? [] : ['-G', 'Ninja']
  const jobs = process.env.JOBS ?? String(availableParallelism())
  const settings = ['-DCMAKE_BUILD_TYPE=Release', '-DBENCHMARKS=ON', '--log-level=WARNING', ...generator]
  const code = run('cmake', ['-S', root, '-B', folder, ...settings])
  return code || run('cmake', ['--build', folder, '--parallel', jobs, '--target', 'bench_native'])
}

function measure(out) {
  const isa = process.env.SACCADE_ISA ?? ''
  const core = openblasCores[isa]
  const args = ['--benchmark_out_format=json', `--benchmark_out=${out}`]
  if (values.filter !== undefined) args.push(`--benchmark_filter=${values.filter}`)
  if (values.quick) args.push('--quick')
  return run(join(folder, 'bench_native'), args, {
    env: { ...(core && { OPENBLAS_CORETYPE: core }), ...process.env },
  })
}

function report() {
  if (which('cmake') === undefined) throw new Error('cmake is needed to build the benchmarks')
  if (compile() !== 0) return 1
  const temporary = mkdtempSync(join(tmpdir(), 'saccade-bench-'))
  try {
    const out = join(temporary, 'out.json')
    if (measure(out) !== 0) return 1
    const isa = process.env.SACCADE_ISA ? `SACCADE_ISA=${process.env.SACCADE_ISA} ` : ''
    const command = `${isa}npm run bench:native${values.quick ? ' -- --quick' : ''}`
    const made = nativeReport(JSON.parse(readFileSync(out, 'utf8')), command)
    if (values.filter !== undefined) console.log(renderMarkdown(made))
    else console.log(`written: ${saveReport(made).join(', ')}`)
    return 0
  } finally {
    rmSync(temporary, { recursive: true })
  }
}

process.exitCode = report()
