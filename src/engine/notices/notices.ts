import type { Problem } from '../../contract/problem.ts'
import { type GateOptions, NoticeGate } from './gate.ts'
import { Outbox } from './outbox.ts'
import { postWebhook } from './webhook-post.ts'
import type { Webhook } from './webhook-request.ts'

/** The gate, and what carries its messages out of this laptop. */
export function createNotices(options: Omit<GateOptions, 'send'> & { webhook: () => Webhook | undefined }): {
	gate: NoticeGate
	outbox: Outbox
} {
	const { store, ledger, now, webhook } = options
	/** What stands in the state of the webhook; null: it works, as far as is known. */
	const show = (problem: Problem | null) => {
		const { unsent, ...app } = store.state.app
		if (problem) store.apply({ slice: 'app', value: { ...app, unsent: { at: now(), problem } } })
		else if (unsent) store.apply({ slice: 'app', value: app })
	}
	const outbox = new Outbox({
		ledger,
		now,
		webhook,
		post: (url, request, signal) => postWebhook(url, request, signal, { now }),
		failed: (problem) => {
			show(problem)
			gate.webhookFailed(problem)
		},
		works: () => {
			show(null)
			gate.webhookWorks()
		},
		anew: () => show(null),
	})
	const gate = new NoticeGate({ ...options, send: (messages) => outbox.send(messages) })
	return { gate, outbox }
}
