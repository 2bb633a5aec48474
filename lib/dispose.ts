/**
 * The key of the method that `using` calls. Node 20 defines Symbol.dispose in its main realm only: elsewhere (vm contexts, as
 * test runners make) compilers of `using` look for this registered symbol.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
