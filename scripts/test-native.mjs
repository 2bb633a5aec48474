// Builds and runs the native tests (test/native) without Node, and checks the objects of each instruction set.
// The last line is 'N passed, N failed'.
//
//   [ISAS=avx2] node scripts/test-native.mjs [--sanitize=address,undefined | --sanitize=thread]
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkIsaObjects } from './check-isa-objects.mjs'
import { root, run, which } from './native.mjs'

// Kernels of these instruction sets beside the generic ones: a build of fewer is ready sooner.
const isas = process.env.ISAS ?? 'avx2,avx512,avx512bf16'
const jobs = process.env.JOBS ?? String(availableParallelism())

/**
 * Builds the native tests, or some targets of theirs, with sanitizers ('' for none) and more settings of CMake.
 * @param name ends the name of the folder: settings such as another compiler need a folder of their own
 * @returns the folder of the build, or undefined if it failed
 */
export function buildNative(sanitize, targets = ['all'], more = [], name = sanitize.replaceAll(',', '-')) {
  const folder = join(root, name === '' ? 'build-native' : `build-native-${name}`)
  const generator = which('ninja') === undefined ? [] : ['-G', 'Ninja']
  const settings = [
    ...['-DCMAKE_BUILD_TYPE=Release', '-DTESTS=ON', `-DSANITIZE=${sanitize}`],
    ...[`-DISAS=${isas.replaceAll(',', ';')}`, ...(sanitize === '' ? ['-DCUDA_EMULATE=ON'] : []), ...more],
  ]
  const configured = run('cmake', [
    '-S',
    root,
    '-B',
    folder,
    '--log-level=WARNING',
    ...generator,
    ...settings,
  ])
  const quiet = generator.length > 0 ? ['--', '--quiet'] : []
  const build = ['--build', folder, '--target', ...targets, '--parallel', jobs, ...quiet]
  return configured === 0 && run('cmake', build) === 0 ? folder : undefined
}

// Each test program ends with a summary line of doctest. A program that crashed has none and counts as one failure.
function count(text, crashed) {
  let passed = 0
  let failed = 0
  for (const line of text.matchAll(/\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed/g)) {
    passed += Number(line[1])
    failed += Number(line[2])
  }
  return { passed, failed: crashed ? Math.max(failed, 1) : failed }
}

/**
 * @param tests the programs to build and run; default: all
 * @param more settings of CMake
 * @returns the exit code
 */
export function testNative(sanitize, tests = undefined, more = []) {
  if (which('cmake') === undefined) {
    console.log('skipped: cmake not found')
    return 0
  }
  const folder = buildNative(sanitize, tests, more)
  if (folder === undefined) return 1
  const chosen = tests ? ['--tests-regex', `^(${tests.join('|')})$`] : []
  const args = ['--test-dir', folder, '--verbose', '--no-tests=error', ...chosen]
  const { stdout, status } = spawnSync('ctest', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const { passed, failed } = count(stdout, status !== 0)
  if (status !== 0) console.log(stdout)
  // Sanitizers add weak symbols, which the check would report.
  const { objects, problems } = sanitize === '' ? checkIsaObjects(folder) : { objects: 0, problems: [] }
  for (const problem of problems) console.log(problem)
  if (sanitize === '')
    console.log(`instruction sets: ${objects} objects checked, ${problems.length} problems`)
  console.log(`${passed} passed, ${failed + problems.length} failed`)
  return status === 0 && problems.length === 0 && passed > 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = testNative(
    process.argv.find((arg) => arg.startsWith('--sanitize='))?.slice('--sanitize='.length) ?? '',
  )
