// Opens and runs stored models whose configs hold wrong numbers.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyModel, GenerativeModel, load, type Marian, SaccadeError, Tensor } from '../../lib/index.js'
import { copyOf, golden } from '../support/folders.js'

const files = ['config.json', 'open_clip_config.json', 'generation_config.json']

/** Numbers that configs may have and the stored ones have not, at the root or among the arguments of a class. */
const further = [
  ...['num_labels', 'num_classes', 'layer_norm_eps', 'layer_norm_epsilon', 'norm_eps', 'mlp_ratio'],
  ...['image_size', 'img_size', 'patch_size', 'num_channels', 'in_chans', 'encoder_stride', 'reg_tokens'],
  ...['num_register_tokens', 'pooler_output_size', 'n_inner', 'decoder_vocab_size', 'depth', 'embed_dim'],
  ...['num_beams', 'num_return_sequences', 'max_length', 'max_new_tokens', 'min_length', 'top_k', 'top_p'],
  ...['temperature', 'repetition_penalty', 'encoder_repetition_penalty', 'length_penalty', 'eos_token_id'],
  ...['no_repeat_ngram_size', 'encoder_no_repeat_ngram_size', 'typical_p', 'epsilon_cutoff', 'do_sample'],
  ...[
    'bad_words_ids',
    'suppress_tokens',
    'forced_eos_token_id',
    'head_hidden_size',
    'kernel_sizes',
    'depths',
  ],
]

/** What a number of a config is replaced by, as it stands in the file: Python writes NaN and Infinity too. */
const texts = ['0', '-1', '1.5', '1e9', '1e308', '4294967296', 'NaN', '-Infinity', '"x"', 'null', '[]', '{}']

export interface Mutation {
  readonly model: string
  readonly file: string
  /** Keys that lead to the number, joined by dots. */
  readonly key: string
  /** The file with the other value. */
  readonly text: string
  readonly value: string
}

/** All mutations of the stored models. */
export function allMutations(): Mutation[] {
  const models = readdirSync(golden('')).filter((name) => readdirSync(golden(name)).includes('golden.json'))
  return models.flatMap((model) =>
    files
      .filter((file) => readdirSync(golden(model)).includes(file))
      .flatMap((file) => mutationsOf(model, file)),
  )
}

function mutationsOf(model: string, file: string): Mutation[] {
  const config: unknown = JSON.parse(readFileSync(join(golden(model), file), 'utf8'))
  const marker = '@number@'
  const roots = [[], ['args'], ['model_args'], ['pretrained_cfg'], ['text_config'], ['vision_config']]
  const places = roots.filter(([root]) => root === undefined || Object.hasOwn(config as object, root))
  const added = places.flatMap((root) => further.map((key) => [...root, key]))
  return [...numbersIn(config), ...added].flatMap((path) => {
    const marked = JSON.stringify(replaced(config, path, marker))
    return texts.map((value) => ({
      ...{ model, file, key: path.join('.'), value },
      text: marked.replace(`"${marker}"`, value),
    }))
  })
}

function numbersIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'number') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => numbersIn(item, [...path, key]))
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy: Record<string, unknown> = { ...(value as object) }
  copy[key] = replaced(copy[key], rest, by)
  return Array.isArray(value) ? Object.assign([...value], copy) : copy
}

const folders = new Map<string, string>()

/** Opens the model with the mutation, and runs it on a small input. @returns the error, or undefined for a result */
export async function tryMutation({ model, file, text }: Mutation): Promise<unknown> {
  const dir = folders.get(model) ?? copyOf(golden(model))
  folders.set(model, dir)
  const path = join(dir, file)
  const original = readFileSync(path)
  try {
    writeFileSync(path, text)
    using opened = await load(dir)
    await runModel(opened)
    return undefined
  } catch (error) {
    return error
  } finally {
    writeFileSync(path, original)
  }
}

const ids = (count: number) => Tensor.from(new Array<number>(count).fill(3), [1, count], 'int64')

/** Runs a model on a small input. */
export async function runModel(model: AnyModel): Promise<void> {
  const { imageSize, architecture } = model.info
  const signal = AbortSignal.timeout(3000)
  if (model instanceof GenerativeModel)
    await (model as Marian).generate({ inputIds: ids(3) }, { signal, seed: 1 })
  else if (architecture === 'transformer') return
  else if (imageSize) await model.run({ pixelValues: Tensor.zeros([1, ...imageSize]) }, { signal })
  else await model.run({ inputIds: ids(3) }, { signal })
}

/** Whether an error is one that users may get: of saccade, and not a bug of it. */
export function isExpected(error: unknown): boolean {
  return error === undefined || (error instanceof SaccadeError && error.code !== 'INTERNAL')
}
