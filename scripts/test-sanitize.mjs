// Runs the native tests under the sanitizers (address with undefined behaviour; then, those of several threads, that of
// threads), the corpora of the fuzzers, and the tests of test/runtime in Node with an addon that has the address sanitizer.
//
//   [ISAS=avx2] node scripts/test-sanitize.mjs
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, require, root, run } from './native.mjs'
import { buildNative, testNative } from './test-native.mjs'

const sanitizers = 'address,undefined'
// Not mapping: that a thread reads a page of a cut file while the handler of SIGBUS replaces it, is meant.
const threadTests = ['device', 'executor', 'memory', 'program', 'scheduler', 'sharing', 'stress']

function testFuzzers(folder) {
  return ['program', 'mapping'].filter((name) => {
    // The corpus, and the inputs that failed once.
    const folders = ['test/native/fuzz/corpus', 'test/data/fuzz'].map((each) => join(root, each, name))
    const inputs = folders.filter((each) => existsSync(each)).flatMap((each) => filesBelow(each, ['']))
    return run(join(folder, `${name}_fuzz`), inputs) !== 0
  })
}

// The kernels of the native tests are used again, so that the addon takes little time to build.
function testAddon() {
  const includes = [require('node-addon-api').include_dir, require('node-api-headers').include_dir]
  const output = join(root, 'build-native-address-undefined/package/build/Release')
  mkdirSync(output, { recursive: true })
  const folder = buildNative(
    sanitizers,
    ['saccade'],
    [`-DCMAKE_JS_INC=${includes.join(';')}`, `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${output}`],
  )
  if (folder === undefined) return 1
  const { stdout } = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' })
  return run(process.execPath, ['scripts/test.mjs', String.raw`^runtime/.*\.test\.ts$`], {
    env: {
      ...process.env,
      LD_PRELOAD: stdout.trim(),
      // Node itself leaks at its end.
      ASAN_OPTIONS: 'detect_leaks=0',
      SACCADE_PREBUILD: join(folder, 'package'),
    },
  })
}

const failures = []
if (testNative(sanitizers) !== 0) failures.push(sanitizers)
// Threads share the tiles of a kernel in the same way on each instruction set.
const threaded = threadTests.map((name) => `${name}_test`)
if (testNative('thread', threaded, ['-DISAS=']) !== 0) failures.push('thread')
const folder = buildNative(sanitizers)
if (folder === undefined || testFuzzers(folder).length > 0) failures.push('corpora of the fuzzers')
if (testAddon() !== 0) failures.push(`addon with ${sanitizers}`)
console.log(failures.length === 0 ? 'no sanitizer has a report' : `failed: ${failures.join('; ')}`)
process.exitCode = failures.length === 0 ? 0 : 1
