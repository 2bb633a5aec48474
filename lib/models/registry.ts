import { SaccadeError } from '../errors.js'
import type { Config } from '../files/config.js'
import type { Session } from '../runtime/session.js'
import type { Model } from './model.js'

/** How models of one family are recognised and opened. */
export interface Architecture {
  /** Family, such as 'vit'. */
  readonly name: string
  /** What a config may say to mean this family, for error messages: model types, timm names, library classes. */
  readonly published: readonly string[]
  /** Whether a config means this family. */
  claims(kind: ConfigKind): boolean
  open(request: OpenRequest): Promise<Model>
}

/** A model on its way to be opened: its files were found and its config read. */
export interface OpenRequest {
  /** Absolute path of the folder with the config and the rest. */
  readonly dir: string
  /** What to give to openCheckpoint: the folder, or the weights file that the user named. */
  readonly weights: string
  readonly config: Config
  readonly kind: ConfigKind
  readonly session: Session
}

/**
 * Whose config it is, and what it names: a `model_type` of Hugging Face, an `architecture` of timm, or an architecture
 * of a library without a format of its own.
 */
export interface ConfigKind {
  readonly library: string
  readonly name: string
}

/** Reads from a config what kind of model it describes. @throws CONFIG_INVALID if it does not say */
export function configKind({ values, file }: Config): ConfigKind {
  const { library, model_type: modelType, architecture } = values
  if (typeof library === 'string' && typeof architecture === 'string') return { library, name: architecture }
  if (typeof modelType === 'string') return { library: 'transformers', name: modelType }
  if (typeof architecture === 'string') return { library: 'timm', name: architecture }
  throw new SaccadeError(
    'CONFIG_INVALID',
    `${file} does not say what model it is: expected "model_type" (Hugging Face), "architecture" (timm), ` +
      `or "library" and "architecture"`,
  )
}

/** @throws ARCHITECTURE_UNSUPPORTED naming those there are */
export function findArchitecture(
  architectures: readonly Architecture[],
  kind: ConfigKind,
  file: string,
): Architecture {
  const found = architectures.find((architecture) => architecture.claims(kind))
  if (found) return found
  const supported = architectures.map(({ name, published }) => `${name} (${published.join(', ')})`)
  throw new SaccadeError(
    'ARCHITECTURE_UNSUPPORTED',
    `${file}: the ${kind.library} architecture '${kind.name}' is not supported; there are ${supported.join('; ')}`,
  )
}
