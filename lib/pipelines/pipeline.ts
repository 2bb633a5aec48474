import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { unlessAborted } from '../abort.js'
import { invalid, show } from '../errors.js'
import type { ProgressCallback } from '../files/hub.js'
import type { AnyModel } from '../models/any.js'
import { GenerativeModel } from '../models/generative.js'
import { type LoadOptions, load } from '../models/load.js'
import type { Model } from '../models/model.js'
import { checkOptions, optionInvalid } from '../options.js'
import type { TokenizerOverrides } from '../text/settings.js'
import { isString, isUrl } from '../values.js'
import { DepthEstimation } from './depth-estimation.js'
import { contrastive, Embedder } from './embedder.js'
import { env } from './env.js'
import { FeatureExtraction } from './feature-extraction.js'
import type { TextBatch } from './generation.js'
import { ImageClassification } from './image-classification.js'
import { ImageFeatureExtraction } from './image-feature-extraction.js'
import { ImageSegmentation } from './image-segmentation.js'
import { folderOf, processorFor } from './processor.js'
import { readSentenceFolder } from './sentence-folder.js'
import { TextGeneration } from './text-generation.js'
import { TextToText, Translation } from './text-to-text.js'
import { ZeroShotImageClassification } from './zero-shot-image-classification.js'

/** The class of each task. */
export interface Pipelines {
  'image-classification': ImageClassification
  'image-feature-extraction': ImageFeatureExtraction
  'depth-estimation': DepthEstimation
  'image-segmentation': ImageSegmentation
  'feature-extraction': FeatureExtraction
  translation: Translation
  'text2text-generation': TextToText
  'text-generation': TextGeneration
  'zero-shot-image-classification': ZeroShotImageClassification
}

export type Task = keyof Pipelines

/** A function with the properties of the pipeline: its task, its model, and its processor or tokenizer. */
export type Pipeline<T extends Task> = Pipelines[T]['call'] &
  Omit<Pipelines[T], 'call'> & { dispose(): Promise<void> }

/** Options of {@link pipeline}: the names are those of transformers.js. */
export interface PipelineOptions {
  readonly device?: LoadOptions['device'] | undefined
  readonly dtype?: LoadOptions['dtype'] | undefined
  readonly threads?: number | undefined
  readonly mmap?: LoadOptions['mmap']
  readonly revision?: string | undefined
  readonly cache_dir?: string | undefined
  readonly local_files_only?: boolean | undefined
  /** Access token of the Hub. @see LoadOptions.token */
  readonly token?: string | boolean | undefined
  /** Called with the progress of downloads, and once when the pipeline is ready. */
  readonly progress_callback?: ProgressCallback | undefined
  readonly signal?: AbortSignal | undefined
}

const optionNames = [
  ...['device', 'dtype', 'threads', 'mmap', 'revision'],
  ...['cache_dir', 'local_files_only', 'token', 'progress_callback', 'signal'],
]

const makers: { readonly [T in Task]: (model: AnyModel) => Promise<Pipelines[T]> } = {
  'image-classification': async (model) => new ImageClassification(model, await processorFor(model)),
  'image-feature-extraction': async (model) => new ImageFeatureExtraction(model, await processorFor(model)),
  'depth-estimation': async (model) => new DepthEstimation(model, await processorFor(model)),
  'image-segmentation': async (model) => new ImageSegmentation(model, await processorFor(model)),
  'feature-extraction': async (model) => {
    const folder = await readSentenceFolder(folderOf(model))
    return new FeatureExtraction(model, await tokenizerFor(model, folder?.tokenizer), folder)
  },
  translation: async (model) => new Translation(generative(model), await tokenizerFor(model)),
  'text2text-generation': async (model) => new TextToText(generative(model), await tokenizerFor(model)),
  'text-generation': async (model) => new TextGeneration(generative(model), await tokenizerFor(model)),
  'zero-shot-image-classification': async (model) => new ZeroShotImageClassification(await embedderOf(model)),
}

export const tasks = Object.keys(makers) as readonly Task[]

/**
 * Loads a model and returns a function that runs a task with it. Inputs and results have the form of transformers.js.
 *
 * @example
 * const classify = await pipeline('image-classification', 'models/digits-vit')
 * await classify('seven.png', { top_k: 3 })  // [{ label: '7', score: 0.998 }, ...]
 *
 * @param model a folder, a weights file, or org/name on the Hub
 * @throws TASK_UNSUPPORTED naming the tasks of this version, or those of the model; what {@link load} throws
 */
export async function pipeline<T extends Task>(
  task: T,
  model: string | URL,
  options: PipelineOptions = {},
): Promise<Pipeline<T>> {
  if (!isString(task) || !Object.hasOwn(makers, task))
    throw invalid('TASK_UNSUPPORTED', 'pipeline: task', `one of ${tasks.join(', ')}`, show(task))
  if (!isString(model) && !isUrl(model))
    throw invalid('INPUT_INVALID', 'pipeline: model', 'a folder or a name on the Hub', show(model))
  const given = checkOptions(options, optionNames, 'pipeline')
  const { progress_callback: progress, signal } = given
  if (progress !== undefined && typeof progress !== 'function')
    optionInvalid('progress_callback', progress, 'a function')
  const loaded = await load(await modelPath(model), loadOptions(given))
  try {
    if (!loaded.info.tasks.includes(task)) {
      const can = loaded.info.tasks.join(', ') || 'no task'
      throw invalid(
        'TASK_UNSUPPORTED',
        `pipeline: task of ${loaded.info.layout}`,
        can + lack(task, loaded),
        show(task),
      )
    }
    const made = await unlessAborted(makers[task](loaded), signal)
    progress?.({ status: 'ready', task, model: String(model) })
    return callable<T>(made, loaded)
  } catch (error) {
    loaded.dispose()
    throw error
  }
}

/** What a model of the right family lacks for a task. */
function lack(task: Task, model: Model): string {
  if (task === 'image-classification' && model.info.tasks.includes('image-feature-extraction'))
    return ' (the checkpoint has no classifier)'
  return model instanceof GenerativeModel && model.info.tasks.length === 0
    ? ' (the checkpoint has no language-model head)'
    : ''
}

function loadOptions(options: PipelineOptions): LoadOptions {
  const {
    cache_dir: cacheDir,
    local_files_only: localFilesOnly,
    progress_callback: progress,
    ...same
  } = options
  return {
    ...same,
    cacheDir: cacheDir ?? env.cacheDir,
    localFilesOnly: localFilesOnly ?? (env.allowRemoteModels ? undefined : true),
    endpoint: env.remoteHost,
    pathTemplate: env.remotePathTemplate,
    progress,
  }
}

/** Narrows the type of a model whose list of tasks includes one that generates text. */
function generative(model: Model): GenerativeModel<TextBatch> {
  if (model instanceof GenerativeModel) return model
  throw invalid('TASK_UNSUPPORTED', 'model', 'one that generates text', model.info.layout)
}

/** An embedder of a model that compares texts with images. */
async function embedderOf(model: Model): Promise<Embedder> {
  return new Embedder(contrastive(model), await processorFor(model), await tokenizerFor(model))
}

/**
 * Loads a model that compares texts with images, and returns what computes their vectors.
 * @param model a folder, a weights file, or org/name on the Hub
 * @throws TASK_UNSUPPORTED for another model; what {@link load} throws
 */
export async function loadEmbedder(model: string | URL, options: PipelineOptions = {}): Promise<Embedder> {
  const given = checkOptions(options, optionNames, 'loadEmbedder')
  const loaded = await load(await modelPath(model), loadOptions(given))
  try {
    return await unlessAborted(embedderOf(loaded), given.signal)
  } catch (error) {
    loaded.dispose()
    throw error
  }
}

/** The tokenizer code is imported here, so that image tasks start without it. */
async function tokenizerFor(model: Model, overrides?: TokenizerOverrides) {
  const { openTokenizer } = await import('../text/load.js')
  return openTokenizer(folderOf(model), overrides)
}

/** Resolves a relative path against the working directory, then against env.localModelPath. */
async function modelPath(model: string | URL): Promise<string | URL> {
  if (!isString(model) || env.localModelPath === undefined || !env.allowLocalModels) return model
  const inside = resolve(env.localModelPath, model)
  const exists = async (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    )
  return !(await exists(model)) && (await exists(inside)) ? inside : model
}

/** A function with the properties of the pipeline that it calls. */
function callable<T extends Task>(made: Pipelines[T], model: Model): Pipeline<T> {
  const call = made.call.bind(made)
  // Object.assign copies own properties only; methods are on the prototype.
  const methods = 'stream' in made ? { stream: made.stream.bind(made) } : {}
  return Object.assign(call, made, methods, {
    dispose: async () => ('dispose' in made ? made.dispose() : model.dispose()),
  })
}
