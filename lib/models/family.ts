import { SaccadeError } from '../errors.js'
import { type CheckpointOptions, openCheckpoint } from '../weights/checkpoint.js'
import { underPrefix } from '../weights/prefix.js'
import type { WeightReader } from '../weights/reader.js'
import type { ModelInfo, ModelParts, RunnableModel } from './model.js'
import type { Reference } from './reference.js'
import type { Architecture, ConfigKind, OpenRequest } from './registry.js'
import { checkSizes } from './sizes.js'

/** Description of one model, read from its config. A family adds the spec and weight names that its modules need. */
export interface Description extends Omit<ModelInfo, 'architecture' | 'layout' | 'unused'> {
  /** The class in the library. */
  readonly className: string
}

/** A form in which a library publishes models of a family. */
export interface Layout<D extends Description> {
  /** Library, as in {@link ConfigKind}. */
  readonly library: string
  /** Names of the library that belong to the family, for error messages. */
  readonly published: readonly string[]
  claims(name: string): boolean
  /** For transformers: its model types, each with the name with which its classes begin. */
  readonly classNames?: Readonly<Record<string, string>>
  /** How to open the weights. */
  checkpoint?(request: OpenRequest): CheckpointOptions
  /** Reads the config. `reader` tells which tensors are stored; tensors that may stay unused are declared to it. */
  describe(request: OpenRequest, reader: WeightReader): D | Promise<D>
}

/** How a layout of transformers begins. @param classNames by model type: { bert: 'Bert' } */
export function transformers(classNames: Readonly<Record<string, string>>) {
  return {
    ...{ library: 'transformers', published: Object.keys(classNames), classNames },
    claims: (name: string) => Object.hasOwn(classNames, name),
  }
}

/** What is written down of a family, once. */
export interface FamilyRecord<D extends Description, M extends RunnableModel> {
  readonly name: string
  readonly layouts: readonly Layout<D>[]
  /** Reads the weights that the description names, and makes the model. */
  build(parts: ModelParts, description: D, reader: WeightReader): M
  /** Imports the family's names for `saccade verify`; load() does not read them. */
  reference(): Promise<Reference>
}

/**
 * Makes a family of models: the layout reads the config into a description, and `build` reads the weights that the
 * description names and returns the model. A tensor that stays unused is an error. An error unmaps all files.
 */
export function family<D extends Description, M extends RunnableModel>(
  record: FamilyRecord<D, M>,
): Architecture<M> {
  const { name, layouts } = record
  const layoutOf = (kind: ConfigKind) =>
    layouts.find((layout) => layout.library === kind.library && layout.claims(kind.name))
  return {
    name,
    published: layouts.flatMap(({ library, published }) => published.map((each) => `${library} ${each}`)),
    classNames: Object.fromEntries(layouts.flatMap(({ classNames = {} }) => Object.entries(classNames))),
    claims: (kind) => layoutOf(kind) !== undefined,
    reference: () => record.reference(),

    async open(request) {
      const { config, kind, session, weights, mmap } = request
      const layout = layoutOf(kind)
      if (!layout) throw new SaccadeError('INTERNAL', `${name}: no layout for ${kind.library} ${kind.name}`)
      const checkpoint = await openCheckpoint(weights, { ...layout.checkpoint?.(request), mmap })
      try {
        return await underPrefix(checkpoint, async (reader) => {
          const description = await layout.describe(request, reader)
          const { className, tasks, labels, labelDescriptions, imageSize } = description
          checkSizes(config.file, { modelImageSide: imageSize?.slice(1) })
          const layoutName = `${kind.library} ${className}`
          const info: ModelInfo = {
            ...{ architecture: name, layout: layoutName, tasks, labels, labelDescriptions, imageSize },
            get unused() {
              return reader.ignored()
            },
          }
          const model = record.build(
            { info, checkpoint: reader.checkpoint, config, session },
            description,
            reader,
          )
          // The library leaves them out, with a warning. The others refuse them.
          if (kind.library === 'transformers') reader.ignoreForeign()
          reader.finish()
          return model
        })
      } catch (error) {
        checkpoint.dispose()
        throw error
      }
    },
  }
}

/** Tasks of a model that classifies images, or of a backbone. */
export function imageTasks(classifies: boolean): readonly string[] {
  return classifies ? ['image-classification', 'image-feature-extraction'] : ['image-feature-extraction']
}
