import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { classifyCommand } from './classify.js'
import { embedCommand } from './embed.js'
import { generateCommand } from './generate.js'
import { infoCommand } from './info.js'
import { describeError, exitCodes } from './output.js'
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
  .addCommand(infoCommand)
  .addCommand(verifyCommand)
  .showHelpAfterError('(see saccade --help)')

// A reader that closes the pipe early, such as head, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  throw error
})

for (const command of [program, ...program.commands]) command.exitOverride()
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else {
    process.stderr.write(`saccade: ${describeError(error)}\n`)
    process.exitCode = exitCodes.failed
  }
}
