/**
 * Every code a {@link SaccadeError} can carry. Codes are part of the public face: they never change meaning,
 * so programs may branch on them.
 */
export const errorCodes = [
  'ABORTED', // the AbortSignal of the call fired
  'ARCHITECTURE_UNSUPPORTED', // config names a model this version does not have
  'CONFIG_INVALID', // config.json (or another JSON of the folder) is missing, unreadable, or holds a bad value
  'DEVICE_MISMATCH', // data of two devices in one computation
  'DEVICE_UNAVAILABLE', // the asked device is not there, or not built in
  'DISPOSED', // a tensor or model was used after dispose()
  'DTYPE_MISMATCH', // an op or a model got another element type than it takes
  'EMPTY_BATCH', // nothing to run on
  'FILE_NOT_FOUND', // a folder or file is missing
  'IMAGE_INVALID', // not an image, or one that cannot be decoded
  'IMAGE_TOO_LARGE', // more pixels than the limit
  'INDEX_OUT_OF_RANGE', // an index past the end of an axis or table
  'INPUT_INVALID', // an input of the wrong kind
  'INTERNAL', // a bug of saccade: please report
  'NATIVE_UNAVAILABLE', // the addon could not be loaded
  'OPTION_INVALID', // an option with a bad value
  'OPTION_UNKNOWN', // an option that does not exist
  'OUT_OF_MEMORY', // an allocation failed, or would pass the limit
  'PICKLE_FORBIDDEN', // a .pth file asks for code that the restricted reader does not know
  'SHAPE_MISMATCH', // wrong rank or size
  'TASK_UNSUPPORTED', // pipeline() was asked for a task it does not have, or the model cannot do it
  'TENSOR_MISSING', // a weight that the model needs is not in the checkpoint
  'TENSOR_UNEXPECTED', // the checkpoint holds a weight the model has no place for
  'TEXT_TOO_LONG', // more tokens than the model has positions
  'TOKENIZER_INVALID', // tokenizer files are missing, corrupt or of an unknown kind
  'TOKEN_OUT_OF_RANGE', // a token id outside the vocabulary
  'WEIGHTS_CORRUPT', // a weights file that breaks its format
] as const

export type SaccadeErrorCode = (typeof errorCodes)[number]

/**
 * The one error type of saccade. `code` is stable; `message` names the file, key or shape at fault and says what
 * was expected; `cause` keeps the underlying error where there is one.
 */
export class SaccadeError extends Error {
  readonly code: SaccadeErrorCode

  constructor(code: SaccadeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SaccadeError'
    this.code = code
  }
}
