import { z } from 'zod'

/** A notice as it leaves this laptop: no paths, users, keys, environment or output of a run are in it. */
export const messageSchema = z.object({
	/** The notice's. */
	id: z.string(),
	kind: z.enum(['run-ended', 'waits-for-person', 'out-of-reach', 'agent', 'several']),
	title: z.string(),
	body: z.string(),
	/** Null: of none, or of several. */
	project: z.string().nullable(),
	workstation: z.string().nullable(),
	run: z.string().nullable(),
	/** ms since the epoch. */
	at: z.number(),
	/** Something went wrong, or waits. */
	urgent: z.boolean(),
	/** The notices that this one stands for. */
	covers: z.array(z.string()),
})
export type Message = z.infer<typeof messageSchema>
