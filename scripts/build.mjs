// Builds the addon into build/Release: with cmake-js where cmake is installed (CUDA too, where nvcc is), else with
// node-gyp, which needs no more than a C++ compiler, make and python3. Only what has changed is compiled.
//
//   node scripts/build.mjs [--clean] [--gyp]
import { closeSync, existsSync, openSync, readFileSync, rmSync, utimesSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { addon, require, root, run, which } from './native.mjs'

const jobs = process.env.JOBS ?? String(availableParallelism())
const cache = join(root, 'build', 'CMakeCache.txt')
const lock = join(root, 'node_modules', '.saccade-build.lock')

/** Returns the exit code. */
export async function build({ clean = false, gyp = false } = {}) {
  await takeLock()
  try {
    const cmake = !gyp && which('cmake') !== undefined && (which('ninja') ?? which('make')) !== undefined
    const code = cmake ? buildWithCmake(clean) : buildWithGyp(clean)
    if (code !== 0) return code
    // The linker leaves the file alone when nothing changed in it: the time says when it was last known to be right.
    utimesSync(addon, new Date(), new Date())
    return 0
  } finally {
    rmSync(lock, { force: true })
  }
}

function buildWithCmake(clean) {
  // A cache made in another folder, or no cache but another tool's files, would fail or be mixed up.
  const home =
    existsSync(cache) && /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1]
  const command = clean || home !== root ? 'rebuild' : 'build'
  console.log(`building the native addon: cmake-js ${command}`)
  const tool = require.resolve('cmake-js/bin/cmake-js')
  return run(process.execPath, [tool, command, '--log-level', 'error', '--parallel', jobs])
}

function buildWithGyp(clean) {
  const makefile = existsSync(join(root, 'build', 'Makefile')) && !existsSync(cache)
  const commands = clean || !makefile ? ['rebuild'] : ['configure', 'build']
  const tool = require.resolve('node-gyp/bin/node-gyp.js')
  for (const command of commands) {
    console.log(`building the native addon: node-gyp ${command}`)
    const code = run(process.execPath, [tool, command, '--jobs', jobs, '--loglevel', 'error', ...headers()])
    if (code !== 0) return code
  }
  // What the linker made before it was copied: a second .node could be taken for the addon.
  rmSync(join(root, 'build', 'Release', 'obj.target', 'saccade.node'), { force: true })
  return 0
}

// Node's own headers, when they came with it: node-gyp would download them.
function headers() {
  const prefix = dirname(dirname(process.execPath))
  const there = existsSync(join(prefix, 'include', 'node', 'common.gypi'))
  return there && !process.env.npm_config_nodedir ? [`--nodedir=${prefix}`] : []
}

// Two builds at once (say, a test run and a start in another terminal) would write the same files.
async function takeLock() {
  for (let waits = 0; ; waits++) {
    try {
      const file = openSync(lock, 'wx')
      writeSync(file, String(process.pid))
      closeSync(file)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (waits === 0) console.log('another build is running: waiting for it')
    await sleep(200)
    if (!holderLives()) rmSync(lock, { force: true })
  }
}

function holderLives() {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = process.argv.slice(2)
  process.exitCode = await build({ clean: args.includes('--clean'), gyp: args.includes('--gyp') })
}
