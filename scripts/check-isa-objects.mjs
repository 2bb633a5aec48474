// Checks the objects compiled for AVX2 and AVX-512 in a CMake build folder for weak symbols and static initialisers. The
// linker could use a weak symbol, such as a template or inline function of a library, in code for older processors, and a
// static initialiser runs on every processor when the addon loads. Both cause illegal instructions.
//
//   node scripts/check-isa-objects.mjs FOLDER
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesBelow, root } from './native.mjs'

function output(program, args) {
  const { stdout, error, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${status}`)
  return stdout
}

/** Returns the faults as lines of text, and the number of objects checked. */
export function checkIsaObjects(folder) {
  const problems = []
  let objects = 0
  for (const isa of ['avx2', 'avx512', 'avx512bf16']) {
    const compiled = join(folder, 'CMakeFiles', `saccade_cpu_${isa}.dir`)
    if (!existsSync(compiled)) continue
    for (const object of filesBelow(compiled, ['.o'])) {
      objects++
      const name = relative(compiled, object)
      for (const line of output('nm', ['-C', object]).split('\n')) {
        if (/ [WVu] /.test(line)) problems.push(`${isa}: ${name}: weak symbol ${line.slice(19)}`)
      }
      if (output('readelf', ['-SW', object]).includes('.init_array')) {
        problems.push(`${isa}: ${name}: runs code when it is loaded (.init_array)`)
      }
    }
  }
  return { objects, problems }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { objects, problems } = checkIsaObjects(process.argv[2] ?? join(root, 'build'))
  for (const problem of problems) console.error(problem)
  console.log(`instruction sets: ${objects} objects checked, ${problems.length} problems`)
  process.exitCode = problems.length === 0 && objects > 0 ? 0 : 1
}
