import { invalid, SaccadeError } from '../errors.js'
import type { Config } from '../files/config.js'
import type { Session } from '../runtime/session.js'
import type { RunnableModel } from './model.js'
import type { Reference } from './reference.js'

/** How models of one family are recognised and opened. */
export interface Architecture<M extends RunnableModel = RunnableModel> {
  /** Family, such as 'vit'. */
  readonly name: string
  /** Names in configs that select this family, for error messages: model types, timm names, library classes. */
  readonly published: readonly string[]
  /** Whether a config selects this family. */
  claims(kind: ConfigKind): boolean
  open(request: OpenRequest): Promise<M>
  /** Model types of transformers, each with the name with which its classes begin: { bert: 'Bert' }. */
  readonly classNames: Readonly<Record<string, string>>
  /** Imports the names that the family's libraries give to arguments and outputs. */
  reference(): Promise<Reference>
}

/** A request to open a model whose files are found and whose config is read. */
export interface OpenRequest {
  /** Absolute path of the model's folder. */
  readonly dir: string
  /** Argument of openCheckpoint: the folder, or the weights file that the user or the config named. */
  readonly weights: string
  readonly config: Config
  readonly kind: ConfigKind
  readonly session: Session
  /** Whether the weights are mapped, or copied into memory. */
  readonly mmap: boolean
}

/**
 * Library and name in a config: a `model_type` of Hugging Face, an `architecture` of timm (also in a `timm_wrapper` of
 * Hugging Face), a `model_cfg` of OpenCLIP, or a `library` with its `architecture`.
 */
export interface ConfigKind {
  readonly library: string
  readonly name: string
}

/** Reads library and name from a config. @throws CONFIG_INVALID if it has neither */
export function configKind({ values, file }: Config): ConfigKind {
  const { library, model_type: modelType, architecture, model_cfg: openClip } = values
  if (typeof library === 'string' && typeof architecture === 'string') return { library, name: architecture }
  if (typeof modelType === 'string' && !(modelType === 'timm_wrapper' && typeof architecture === 'string'))
    return { library: 'transformers', name: modelType }
  if (typeof architecture === 'string') return { library: 'timm', name: architecture }
  if (openClip !== undefined) return { library: 'open_clip', name: 'CLIP' }
  throw invalid(
    'CONFIG_INVALID',
    file,
    '"model_type" (Hugging Face), "architecture" (timm), or "library" and "architecture"',
    'none of these keys',
  )
}

/** @throws ARCHITECTURE_UNSUPPORTED naming the supported ones, of the same library if it has any */
export function findArchitecture(
  architectures: readonly Architecture[],
  kind: ConfigKind,
  file: string,
): Architecture {
  const found = architectures.find((architecture) => architecture.claims(kind))
  if (found) return found
  const published = architectures.flatMap((architecture) => architecture.published)
  const same = published.filter((name) => name.startsWith(`${kind.library} `))
  const supported = (same.length > 0 ? same : published).join(', ')
  throw new SaccadeError(
    'ARCHITECTURE_UNSUPPORTED',
    `${file}: the ${kind.library} architecture '${kind.name}' is not supported; supported are ${supported}`,
  )
}
