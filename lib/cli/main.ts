import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { classifyCommand } from './classify.js'
import { depthCommand } from './depth.js'
import { embedCommand } from './embed.js'
import { generateCommand } from './generate.js'
import { infoCommand } from './info.js'
import { describeError, exitCodes, watchOutput } from './output.js'
import { endBar } from './progress.js'
import { searchCommand } from './search.js'
import { segmentCommand } from './segment.js'
import { translateCommand } from './translate.js'
import { verifyCommand } from './verify-command.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('saccade')
  .description('Transformers, vision Transformers and ConvNets on native kernels')
  .version(version)
  .addCommand(classifyCommand)
  .addCommand(translateCommand)
  .addCommand(generateCommand)
  .addCommand(embedCommand)
  .addCommand(searchCommand)
  .addCommand(depthCommand)
  .addCommand(segmentCommand)
  .addCommand(infoCommand)
  .addCommand(verifyCommand)
  .showHelpAfterError('(see saccade --help)')

watchOutput()
for (const command of program.commands) command.showHelpAfterError(`(see saccade ${command.name()} --help)`)
for (const command of [program, ...program.commands]) command.exitOverride()
try {
  await program.parseAsync()
} catch (error) {
  endBar()
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else if (process.exitCode !== exitCodes.interrupted) {
    process.stderr.write(`saccade: ${describeError(error)}\n`)
    process.exitCode = exitCodes.failed
  }
}
