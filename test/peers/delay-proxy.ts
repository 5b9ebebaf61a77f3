import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on loopback that stands for a long or a broken line. */
export interface DelayProxy {
	port: number
	/** One way, in milliseconds; a round trip takes twice that. May be changed at any time. */
	delayMs: number
	/** Breaks every connection at once; new ones are carried again. */
	cut(): void
	/** Nothing gets through any more in either direction, without a word; connections stay open. */
	stall(): void
	/** Undoes `stall`: what was held back arrives. */
	resume(): void
	connections(): number
	stop(): Promise<void>
}

export async function startDelayProxy(
	target: { host: string; port: number },
	delayMs = 0,
): Promise<DelayProxy> {
	const sockets = new Set<Socket>()
	const timers = new Set<NodeJS.Timeout>()
	const held: (() => void)[] = []
	let stalled = false

	const carry = (from: Socket, to: Socket) => {
		// One queue a direction, so that a changed delay never lets a later piece overtake an earlier one.
		const queue: (() => void)[] = []
		const deliver = (action: () => void) => {
			queue.push(action)
			const next = () => {
				const due = queue.shift()
				if (due && stalled) held.push(due)
				else due?.()
			}
			if (proxy.delayMs === 0 && queue.length === 1) return next()
			const timer = setTimeout(() => {
				timers.delete(timer)
				next()
			}, proxy.delayMs)
			timers.add(timer)
		}
		from.on('data', (data) => {
			deliver(() => {
				if (to.destroyed) return
				// A full receiver holds the sender back, as a real line does.
				if (!to.write(data)) {
					from.pause()
					to.once('drain', () => from.resume())
				}
			})
		})
		from.on('end', () => deliver(() => to.end()))
		from.on('close', () => {
			sockets.delete(from)
			deliver(() => to.destroy())
		})
		from.on('error', () => {})
	}

	const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
		const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
		for (const socket of [near, far]) sockets.add(socket)
		carry(near, far)
		carry(far, near)
	})
	await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
	const address = server.address()
	if (address === null || typeof address === 'string') throw new Error('no port')

	const cut = () => {
		for (const timer of timers) clearTimeout(timer)
		timers.clear()
		held.length = 0
		for (const socket of sockets) socket.destroy()
	}
	const proxy: DelayProxy = {
		port: address.port,
		delayMs,
		cut,
		stall: () => {
			stalled = true
		},
		resume: () => {
			stalled = false
			for (const action of held.splice(0)) action()
		},
		connections: () => sockets.size / 2,
		stop: async () => {
			cut()
			await new Promise((done) => server.close(done))
			cut()
		},
	}
	return proxy
}
