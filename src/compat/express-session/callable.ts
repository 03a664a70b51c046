type AnyClass = new (...args: never[]) => object;

/**
 * A class as a function that may be called without `new`, as stores written before there were classes do: `Store.call(this)`
 * after `util.inherits(MyStore, Store)`. The object then gets what the class would have made. Not for private fields.
 */
export function callable<Class extends AnyClass>(inner: Class, name: string): Class {
  function construct(this: unknown, ...args: never[]): unknown {
    const made: object = Reflect.construct(inner, args, new.target ?? inner);
    if (new.target) return made;
    return Object.defineProperties(this as object, Object.getOwnPropertyDescriptors(made));
  }
  const { prototype } = inner as { prototype: object };
  Object.setPrototypeOf(construct, inner);
  Object.defineProperty(construct, "name", { value: name });
  construct.prototype = prototype;
  Object.defineProperty(prototype, "constructor", { value: construct, configurable: true, writable: true });
  return construct as unknown as Class;
}
