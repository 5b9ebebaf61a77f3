/** What the main process asks of the engine's process. A face's request carries a port. */
export type EngineRequest = { kind: 'face' } | { kind: 'stop' }
