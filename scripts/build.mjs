// Builds the addon into build/Release: with cmake-js if cmake is installed (and CUDA if nvcc is), else with node-gyp,
// which needs only a C++ compiler, make and python3. Compiles only changed files.
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
    // The linker does not write an unchanged file. Its time is updated to mark the build as up to date.
    utimesSync(addon, new Date(), new Date())
    return 0
  } finally {
    rmSync(lock, { force: true })
  }
}

function buildWithCmake(clean) {
  // CMake fails on a cache of another folder, and files of node-gyp would get mixed with its own.
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
  // Removes the linker's output, which was copied: the loader could find the second .node file.
  rmSync(join(root, 'build', 'Release', 'obj.target', 'saccade.node'), { force: true })
  return 0
}

// The headers of the Node installation, if it has them: otherwise node-gyp downloads them.
function headers() {
  const prefix = dirname(dirname(process.execPath))
  const there = existsSync(join(prefix, 'include', 'node', 'common.gypi'))
  return there && !process.env.npm_config_nodedir ? [`--nodedir=${prefix}`] : []
}

// A lock: two builds at once, such as a test run and `npm start` in another terminal, would write the same files.
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
