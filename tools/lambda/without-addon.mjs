import { registerHooks } from 'node:module';

const hooks = registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== './rapid-client.node') return nextResolve(specifier, context);
    // Nothing of the function's own modules passes through here.
    hooks.deregister();
    return { url: import.meta.resolve('./rapid-client.mjs'), shortCircuit: true };
  },
});
