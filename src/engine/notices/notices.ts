import { type GateOptions, NoticeGate } from './gate.ts'
import { Outbox } from './outbox.ts'
import { postWebhook } from './webhook-post.ts'
import type { Webhook } from './webhook-request.ts'

/** The gate, and what carries its messages out of this laptop. */
export function createNotices(options: Omit<GateOptions, 'send'> & { webhook: () => Webhook | undefined }): {
	gate: NoticeGate
	outbox: Outbox
} {
	const { ledger, now, webhook } = options
	const outbox = new Outbox({
		ledger,
		now,
		webhook,
		post: (url, request, signal) => postWebhook(url, request, signal, { now }),
		failed: (problem) => gate.webhookFailed(problem),
		works: () => gate.webhookWorks(),
	})
	const gate = new NoticeGate({ ...options, send: (messages) => outbox.send(messages) })
	return { gate, outbox }
}
