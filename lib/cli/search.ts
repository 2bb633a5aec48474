import { Command } from 'commander'
import { invalid } from '../errors.js'
import { loadEmbedder } from '../pipelines/pipeline.js'
import { search } from '../pipelines/search.js'
import { escapeText } from './escape.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { readVectors } from './vectors.js'

interface Flags extends HubFlags {
  readonly in: string
  readonly model?: string
  readonly image?: true
  readonly topK: number
}

export const searchCommand = addHubOptions(
  new Command('search')
    .description('search vectors of `embed --out` by a text or an image')
    .argument('<query>', 'a text; with --image a file or URL')
    .requiredOption('--in <file>', 'vectors: .safetensors, or JSON lines')
    .option('--model <dir>', 'the model that made the vectors (default: the one that the file names)')
    .option('--image', 'the query is an image')
    .option('--top-k <n>', 'number of results', wholeNumber(1), 5),
).action(async (query: string, flags: Flags) => {
  const signal = interruptSignal()
  const { vectors, inputs, model: named } = await readVectors(flags.in)
  const model = flags.model ?? named
  if (model === undefined)
    throw invalid(
      'OPTION_INVALID',
      'search: --model',
      'the model that made the vectors',
      'none, and the file names none',
    )
  const embedder = await loadEmbedder(model, pipelineFlags(flags, signal))
  try {
    const asked = await (flags.image ? embedder.images(query, { signal }) : embedder.texts(query, { signal }))
    const [matches = []] = await search(asked, vectors, { top_k: flags.topK, signal })
    for (const { index, score } of matches) {
      const input = inputs[index]!
      if (flags.json) printJson({ input, score })
      else printLine(escapeText(`${score.toFixed(4)}  ${input}`))
    }
  } finally {
    embedder.dispose()
  }
})
