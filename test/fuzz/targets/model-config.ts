// config.json of each family with its stored weights: opened, then run. The first byte selects the model.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from '../../../lib/index.js'
import { runModel } from '../../models/mutations.js'
import { dataPath, jsonTokens } from '../inputs.js'

const goldens = dataPath('goldens')
const models = readdirSync(goldens).filter((name) => {
  const files = readdirSync(join(goldens, name))
  return files.includes('golden.json') && files.includes('config.json')
})

export const seeds: readonly Uint8Array[] = models.map((name, index) =>
  Buffer.concat([Buffer.of(index), readFileSync(join(goldens, name, 'config.json'))]),
)

export const jsonFrom = 1

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...[
    '"num_labels":',
    '"id2label":{"0":"a"},',
    '"hidden_size":',
    '"num_hidden_layers":',
    '"num_attention_heads":',
  ],
  ...[
    '"image_size":',
    '"patch_size":',
    '"hidden_act":"relu",',
    '"problem_type":',
    '"architectures":',
    '"model_type":',
  ],
  ...['"model_args":{', '"pool":"avg",', '"vocab_size":', '"num_beams":', '"tie_word_embeddings":false,'],
]

const folders = new Map<string, string>()
process.once('exit', () => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true })
})

function folderOf(name: string): string {
  const dir = folders.get(name) ?? mkdtempSync(join(tmpdir(), 'saccade-fuzz-'))
  if (!folders.has(name)) cpSync(join(goldens, name), dir, { recursive: true })
  folders.set(name, dir)
  return dir
}

export async function run(bytes: Uint8Array): Promise<void> {
  const dir = folderOf(models[(bytes[0] ?? 0) % models.length]!)
  writeFileSync(join(dir, 'config.json'), bytes.subarray(1))
  using model = await load(dir, { threads: 1 })
  await runModel(model)
}
