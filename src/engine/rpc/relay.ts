import { highWater, type MeteredChannel } from './channel.ts'

const roomInterval = 20

/** Makes a pipe of two channels: what comes from one goes to the other; with one the other ends. */
export function relay(one: MeteredChannel, other: MeteredChannel): void {
	carry(one, other)
	carry(other, one)
}

/** While `to` is full, `from` is not read, so that the sender behind it sees that it has to wait. */
function carry(from: MeteredChannel, to: MeteredChannel): void {
	let timer: NodeJS.Timeout | null = null
	from.onMessage((message) => {
		to.post(message)
		if (timer || to.backlog() < highWater) return
		from.pause()
		timer = setInterval(() => {
			if (to.backlog() < highWater) resume()
		}, roomInterval)
	})
	const resume = () => {
		if (timer) clearInterval(timer)
		timer = null
		from.resume()
	}
	to.onClose(() => {
		resume()
		from.close()
	})
}
