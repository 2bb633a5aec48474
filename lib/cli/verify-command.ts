import { Command } from 'commander'
import { escapeText } from './escape.js'
import { interruptSignal } from './interrupt.js'
import { addRunOptions, type RunFlags, runFlags } from './options.js'
import { exitCodes, printJson, printLine } from './output.js'
import { Progress } from './progress.js'
import type { OutputReport } from './verify/compare.js'
import { type RunReport, verify } from './verify/verify.js'

export const verifyCommand = addRunOptions(
  new Command('verify')
    .description('run stored cases of reference libraries and compare all outputs')
    .argument('<dirs...>', 'folders with a model, golden.json and io.safetensors'),
).action(async (dirs: string[], flags: RunFlags) => {
  const signal = interruptSignal()
  const progress = new Progress(dirs.length)
  const counts = { pass: 0, fail: 0 }
  for (const dir of dirs) {
    for await (const report of verify(dir, { ...runFlags(flags), signal })) {
      counts[report.pass ? 'pass' : 'fail']++
      if (flags.json) printJson(report)
      else printLine(escapeText(line(report)))
    }
    progress.advance(1)
  }
  progress.stop()
  if (!flags.json) printLine(`${counts.pass} passed, ${counts.fail} failed`)
  if (counts.fail > 0) process.exitCode = exitCodes.failed
})

/** One line for each run: whether it passed, name, and the absolute/relative error of each output. */
function line({ case: name, run, weights, outputs, tolerance, pass, error }: RunReport): string {
  const title = `${pass ? 'pass' : 'FAIL'}  ${name} ${run}${weights ? ` (${weights})` : ''}`
  if (error) return `${title}  ${error}`
  return `${title}  tolerance ${tolerance.toExponential(0)}  ${outputs.map(describe).join(', ')}`
}

function describe({ name, absolute, relative, pass, problem }: OutputReport): string {
  const errors = problem ?? `${absolute.toExponential(1)}/${relative.toExponential(1)}`
  return `${name} ${errors}${pass ? '' : ' (!)'}`
}
