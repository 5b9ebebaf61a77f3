// The library has no types for this part of it, which takes the native part from its caller.
declare module '@parcel/watcher/wrapper.js' {
	export function createWrapper(binding: object): typeof import('@parcel/watcher')
}
