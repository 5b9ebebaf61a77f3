import { z } from 'zod'

/** The longest text that is sealed, and the longest sealed one, in characters. */
const secretSchema = z.string().max(10_000)
const sealedSchema = z.base64().max(100_000)

/** What the main process says to the engine's process. A face's request carries a port. */
export const engineRequestSchema = z.discriminatedUnion('kind', [
	z.strictObject({ kind: z.literal('face') }),
	z.strictObject({ kind: z.literal('stop') }),
	/** What the keychain answered to the request of that id; it refused when `ok` is false. */
	z.strictObject({
		kind: z.literal('keychain'),
		id: z.int(),
		answer: z.discriminatedUnion('ok', [
			z.strictObject({ ok: z.literal(true), value: z.unknown() }),
			z.strictObject({ ok: z.literal(false) }),
		]),
	}),
])
export type EngineRequest = z.infer<typeof engineRequestSchema>

/** What the engine's process asks of the main process, where the keychain is. */
export const keychainRequestSchema = z.discriminatedUnion('ask', [
	z.strictObject({ kind: z.literal('keychain'), id: z.int(), ask: z.literal('available') }),
	z.strictObject({ kind: z.literal('keychain'), id: z.int(), ask: z.literal('seal'), secret: secretSchema }),
	z.strictObject({ kind: z.literal('keychain'), id: z.int(), ask: z.literal('open'), sealed: sealedSchema }),
])
export type KeychainRequest = z.infer<typeof keychainRequestSchema>

/** The values of the answers. */
export const keychainAnswers = {
	available: z.boolean(),
	seal: sealedSchema,
	open: z.strictObject({ secret: secretSchema, renewed: sealedSchema.nullable() }),
}
